"""The table of calls: a row each, newest first, those in progress on top."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo

from rich.table import Table
from rich.text import Text

from devtools.calls.log import SHORT
from devtools.calls.words import ARROWS, IN_PROGRESS, INCOMPLETE, MARKS, Fitting, lasting, moment, outcome
from devtools.events import zone_names
from devtools.screen import grid
from devtools.since import counted
from hookswitch.calls.log import is_listed
from hookswitch.calls.parties import ways_to_name
from hookswitch.calls.record import Call

MISSED = ("missed", "abandoned", "busy", "failed", "voicemail")  # statuses of an inbound call that nobody took


def calls_table(records: Sequence[Call], zone: tzinfo) -> Table:
    """Return a row for each call with its times in a zone; those that were merged into others are left out.

    It fits 80 columns, and uses more for names and numbers. Calls of one day have the day above them.
    """
    calls = in_order(records)
    moments = [moment(call["started_at"], zone) for call in calls]
    days = {began.date() for began in moments}
    one_day = f"{moments[0]:%A, %B} {moments[0].day} {moments[0].year}" if len(days) == 1 else "Times"
    title = f"{one_day} ({zone_names(moments)})" if moments else None
    lines = grid(title=title, title_justify="left", title_style="bold")
    lines.add_column("time", no_wrap=True)
    lines.add_column("", no_wrap=True)
    lines.add_column("from")
    lines.add_column("to")
    lines.add_column("outcome")
    lines.add_column("wait", justify="right", no_wrap=True)
    lines.add_column("talk", justify="right", no_wrap=True)
    lines.add_column("id", no_wrap=True, style="dim")
    for call, began in zip(calls, moments, strict=True):
        said, style = outcome(call)
        lines.add_row(
            _time(began, one_day=len(days) == 1),
            ARROWS[call["direction"]],
            Fitting(*ways_to_name(call.get("from"))),
            Fitting(*ways_to_name(call.get("to") or call.get("requested"))),
            Fitting(*said, style=style, end=_mark(call)),
            lasting(call.get("wait_seconds")),
            lasting(call.get("talk_seconds")),
            call["call"][:SHORT],
        )
    return lines


def in_order(records: Sequence[Call]) -> list[Call]:
    """Return the calls that stand for themselves, once each: those in progress, then the others, newest first."""
    calls = {call["call"]: call for call in records if is_listed(call)}.values()
    return sorted(sorted(calls, key=newest_first, reverse=True), key=lambda call: call["state"] == "ended")


def newest_first(call: Call) -> tuple[str, str]:
    """Return by what calls are sorted, in reverse."""
    return call["started_at"], call["call"]


def is_missed(call: Call) -> bool:
    """Tell whether a call from outside was not taken by anybody."""
    return call["state"] == "ended" and call["direction"] == "inbound" and call.get("status") in MISSED


def sum_line(records: Sequence[Call]) -> str:
    """Return how many calls there are and how they went, such as "12 calls: 8 answered, 2 voicemail, 2 missed."."""
    calls = in_order(records)
    ended = [call for call in calls if call["state"] == "ended"]
    statuses = Counter(call.get("status", "of unknown status") for call in ended)
    parts = [f"{statuses[status]} {status}" for status in [*MARKS, "of unknown status"] if statuses[status]]
    parts += [f"{len(calls) - len(ended)} in progress"] if len(calls) > len(ended) else []
    return f"{counted(len(calls), 'call', 'calls')}: {', '.join(parts)}." if calls else "No calls."


def legend(records: Sequence[Call]) -> str:
    """Return what the signs in the table mean, those that it has."""
    calls = in_order(records)
    arrows = [f"{arrow} {name}" for name, arrow in ARROWS.items() if any(call["direction"] == name for call in calls)]
    signs = [", ".join(arrows)]
    if any(call.get("status") == "answered" and call["state"] == "ended" for call in calls):
        signs.append(f"{MARKS['answered'][0]} who answered")
    if any(call["state"] != "ended" for call in calls):
        signs.append(f"{IN_PROGRESS[0]} in progress")
    if any(_mark(call) for call in calls):
        signs.append(f"{INCOMPLETE} incomplete")
    return "; ".join(filter(None, signs))


def _mark(call: Call) -> str:
    return f" {INCOMPLETE}" if call["state"] == "ended" and not call["complete"] else ""


def _time(began: datetime, *, one_day: bool) -> Text:
    """Return when a call began; without the time of day if that was in another year, as `ls` has it."""
    if one_day:
        return Text(f"{began:%H:%M}")
    return Text(f"{began:%b %d %H:%M}" if began.year == datetime.now(began.tzinfo).year else f"{began:%b %d  %Y}")
