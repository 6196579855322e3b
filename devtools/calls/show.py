"""Runs `make calls` and `make call`."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import chain, islice
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from devtools.calls.details import details, events_table, headline
from devtools.calls.formats import as_json
from devtools.calls.log import SHORT, CallLog
from devtools.calls.table import calls_table, in_order, is_missed, legend, newest_first, sum_line
from devtools.calls.timeline import Timeline
from devtools.errors import LaptopError
from devtools.events import Format, require_account, typed
from devtools.feeds import Feeds
from devtools.screen import console, printable, say
from devtools.since import counted, period, require_day
from devtools.target import Target, told
from hookswitch.calls.items import party_key
from hookswitch.calls.log import Period, is_listed, takes_part
from hookswitch.calls.record import Call
from hookswitch.console.spreadsheet import write_csv

COUNT = 50  # calls of a number that are shown, if nothing else is asked for
EVER = datetime(1970, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=10)  # Dash's clock may be ahead of this machine's


@dataclass(frozen=True)
class Question:
    """Which calls are asked for.

    Attributes:
        stack: The name of the stack; empty as for `Target.find`.
        day: A day or period as `devtools.since` takes it; empty for today, and for all days of a number.
        missed: Only calls from outside that nobody took.
        number: Only those in which this number took part; empty for all.
        account: A Dash account; empty for the stack's own.
        count: The most that are shown; 0 for all of a day, and the usual number of a phone number's.
    """

    stack: str = ""
    day: str = ""
    missed: bool = False
    number: str = ""
    account: str = ""
    count: int = 0

    @property
    def limit(self) -> int | None:
        """The most calls that are shown."""
        return self.count or (COUNT if self.number else None)

    def command(self, **changes: str) -> str:
        """Return the command that asks this, with some of its arguments changed."""
        arguments = {
            "STACK": self.stack,
            "DAY": self.day,
            "MISSED": "1" if self.missed else "",
            "NUMBER": self.number,
            "ACCOUNT": self.account,
        }
        return f"make calls{typed(arguments | changes)}"


def calls(question: Question, form: Format) -> bool:
    """Print calls, newest first, those in progress on top.

    Args:
        question: Which ones.
        form: A table; or a record a line as JSON; or CSV.

    Raises:
        LaptopError: An argument is invalid, or AWS can't be asked.
    """
    account = require_account(question.account)
    if question.day:
        require_day(question.day)
    with told():
        target = Target.find(question.stack)
        zone, now = office_zone(target), datetime.now(UTC)
        always = (EVER, now + SKEW)
        when = period(question.day or "today", zone, now) if question.day or not question.number else always
        log = CallLog.of(Feeds.of(target, account))
        found = list(islice(_asked(log, question, when, now), question.limit and question.limit + 1))
    shown = found[: question.limit]
    match form:
        case "json":
            for call in shown:
                print(as_json(call))
        case "csv":
            write_csv(shown, zone, sys.stdout)
        case "table":
            _print_table(question, target, shown, zone, when)
    if len(found) > len(shown):
        _say_more(question, form, len(shown))
    return True


def call(stack: str, text: str, day: str, account: str, form: Literal["table", "json"]) -> bool:
    """Print all that is known of one call: its record in words, its legs as a picture, its events.

    Args:
        stack: The name of the stack; empty as for `Target.find`.
        text: What names the call; see `CallLog.find`.
        day: The only day on which to look for the beginning of an id; empty for the last 400.
        account: A Dash account; empty for the stack's own.
        form: For people; or the record as JSON.

    Raises:
        LaptopError: There is no such call, an argument is invalid, or AWS can't be asked.
    """
    account = require_account(account)
    if not text.strip():
        raise LaptopError("Say which call: `make call ID=<its id>`. `make calls` lists those of today, with their ids.")
    if day:
        require_day(day)
    with told():
        target = Target.find(stack)
        zone, now = office_zone(target), datetime.now(UTC)
        log = CallLog.of(Feeds.of(target, account))
        asked = log.find(text.strip(), period(day, zone, now) if day else None)
        found = log.merged(asked)
        events = log.events(found)
    if form == "json":
        print(as_json(found))
        return True
    if found["call"] != asked["call"]:
        say(f"The call {asked['call']} turned out to be a part of {found['call']}, which is shown.", style="dim")
    console.print(headline(found), "", details(found, zone), "", Timeline(found, now), sep="\n")
    if events:
        console.print("", events_table(found, events, zone), sep="\n")
    if gone := len(found["events"]) - len(events):
        say(f"{counted(gone, 'event is', 'events are')} no longer in the table.", style="dim")
    return True


def office_zone(target: Target) -> ZoneInfo:
    """Return the office's time zone, as the stack's parameter `BusinessTimeZone` says.

    Raises:
        LaptopError: This machine does not know that zone.
    """
    name = target.parameters.get("BusinessTimeZone") or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise LaptopError(
            f"This machine does not know the time zone {name}, the stack's BusinessTimeZone. Correct its name with "
            "`make deploy SET=BusinessTimeZone=...`, or install the system's package tzdata."
        ) from error


def _asked(log: CallLog, question: Question, when: Period, now: datetime) -> Iterator[Call]:
    """Yield the calls that are asked for, once each: those in progress, then the others, newest first."""
    who = party_key(log.account, "number", question.number)
    fresh = [call for call in log.not_final() if not question.number or takes_part(call, who)]
    going_on = [call for call in fresh if call["state"] != "ended" and (when[1] >= now or _is_in(call, when))]
    just_ended = [call for call in fresh if call["state"] == "ended" and _is_in(call, when)]
    final = log.of_number(question.number, when) if question.number else log.of_period(when)
    seen: set[str] = set()
    for call in chain(in_order(going_on), merge(in_order(just_ended), final, key=newest_first, reverse=True)):
        if call["call"] not in seen and is_listed(call) and (is_missed(call) or not question.missed):
            seen.add(call["call"])
            yield call


def _is_in(call: Call, when: Period) -> bool:
    return when[0] <= datetime.fromisoformat(call["started_at"]) < when[1]


def _print_table(question: Question, target: Target, shown: Sequence[Call], zone: ZoneInfo, when: Period) -> None:
    if shown:
        console.print(calls_table(shown, zone))
        say(sum_line(shown))
        say(legend(shown), style="dim")
        arguments = {"ID": in_order(shown)[0]["call"][:SHORT], "STACK": question.stack, "ACCOUNT": question.account}
        between = " " if not (question.stack or question.account) else "\n  "
        say(f"All about one of them:{between}make call{typed(arguments)}", style="dim")
    else:
        for sentence in _nothing(question, target, when):
            say(sentence, style="dim")
    if not question.account and target.parameters.get("IncludeSubaccounts") == "true":
        say("Calls of a descendant of the Dash account: add ACCOUNT=<its id>.", style="dim")
    if zone.key == "UTC" and datetime.now().astimezone().utcoffset():
        say("Days and times are in UTC until the parameter BusinessTimeZone names the office's zone.", style="dim")


def _nothing(question: Question, target: Target, when: Period) -> Iterator[str]:
    """Yield why no call is shown, and what to do next."""
    what = "No calls from outside that nobody took" if question.missed else "No calls"
    with_number = f" with {question.number}" if question.number else ""
    start, last = when[0], when[1] - timedelta(seconds=1)
    days = "" if start == EVER else f" on {start:%A, %b} {start.day} ({start:%Z})"
    if start != EVER and last.date() != start.date():
        days = f" since {start:%b %d %H:%M %Z}"
    yield f"{what}{with_number}{days}."
    if question.missed:
        yield f"`{question.command(MISSED='')}` shows all calls."
    elif question.number:
        yield "A number may be written in any way. `make calls` shows the calls of today."
    else:
        yield f"`{question.command(DAY='7d')}` looks back a week; `make events{target.argument}` shows what Dash sent."
        test = (
            "`make fire HOOK=channel_create` sends an event"
            if target.endpoint
            else f"`make doctor{target.argument}` tests the way from Dash"
        )
        yield f"{test}."


def _say_more(question: Question, form: Format, shown: int) -> None:
    note = f"Only the newest {shown} are shown. More of them:\n  {question.command(COUNT=str(shown * 4))}"
    if form == "table":
        say(note, style="dim")
    else:
        print(printable(note), file=sys.stderr)
