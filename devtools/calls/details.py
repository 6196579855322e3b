"""All that is known of one call, in words: what it was, who took part, when, and what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from rich.table import Table
from rich.text import Text

from devtools.calls.words import ARROWS, IN_PROGRESS, MARKS, lasting, moment
from devtools.feeds import Item
from devtools.screen import cell, cropped, grid
from devtools.since import counted
from hookswitch.calls.log import is_listed
from hookswitch.calls.parties import UNKNOWN, named
from hookswitch.calls.record import Call, Fax, Via
from hookswitch.console.spreadsheet import STEPS

type Row = tuple[str, str]


def headline(call: Call) -> Text:
    """Return the call's summary with the sign of its status."""
    status = call.get("status")
    mark, style = MARKS[status] if status else ("?", "yellow")
    if call["state"] != "ended":
        mark, style = IN_PROGRESS
    return Text(f"{mark} ", f"bold {style}").append_text(cell(call["summary"], "bold"))


def details(call: Call, zone: tzinfo) -> Table:
    """Return what the record says, a line each: its name, and how that is. What is missing comes last."""
    lines = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    lines.add_column("", no_wrap=True, style="dim")
    lines.add_column("", overflow="fold")
    for rows in (_what(call), _who(call), _when(call, zone), _left_behind(call, zone), _of_record(call)):
        for name, value in rows:
            lines.add_row(name, cell(value))
    for at, sentence in enumerate(call.get("missing", ())):
        lines.add_row("" if at else "missing", cell(sentence, "yellow"))
    return lines


def events_table(call: Call, items: Sequence[Item], zone: tzinfo) -> Table:
    """Return a row for each event of a call: when it came to pass, on which leg, and its summary."""
    legs = {leg["leg"]: str(at) for at, leg in enumerate(call["legs"], 1)}
    began = moment(call["started_at"], zone)
    times = [moment(str(item["occurred_at"]), zone) for item in items]
    form = "%H:%M:%S" if len({time.date() for time in times}) <= 1 else "%b %d %H:%M:%S"
    lines = grid()
    lines.add_column(f"time ({began:%Z})" if form != "%H:%M:%S" else "time", no_wrap=True)
    lines.add_column("after", justify="right", no_wrap=True)
    lines.add_column("leg", justify="right", no_wrap=True)
    lines.add_column("event", no_wrap=True)
    lines.add_column("summary")
    for item, time in zip(items, times, strict=True):
        after = lasting(int((time - began).total_seconds()))
        leg = legs.get(str(item.get("call_id")), "")
        lines.add_row(f"{time:{form}}", after, leg, cell(item["hook"]), cropped(item.get("summary", "")))
    return lines


def _what(call: Call) -> Iterator[Row]:
    status = call.get("status", "") if call["state"] == "ended" else call["state"].replace("_", " ")
    reason = call.get("reason", "")
    yield "status", f"{status or UNKNOWN}: {reason}" if reason else status or UNKNOWN
    yield "direction", f"{ARROWS[call['direction']]} {call['direction']}"


def _who(call: Call) -> Iterator[Row]:
    yield "from", named(call.get("from"))
    yield "to", named(call.get("to"))
    if "requested" in call and named(call["requested"]) != named(call.get("to")):
        yield "asked for", named(call["requested"])
    if "answered_by" in call:
        yield "answered by", named(call["answered_by"])
    if "reached" in call and named(call["reached"]) not in {named(call.get("answered_by")), named(call.get("to"))}:
        yield "reached last", named(call["reached"])


def _when(call: Call, zone: tzinfo) -> Iterator[Row]:
    began = moment(call["started_at"], zone)
    yield "began", f"{began:%A, %B} {began.day} {began:%Y %H:%M:%S %Z}"
    if "answered_at" in call:
        yield "answered", _after(call["answered_at"], call.get("wait_seconds"), began)
    if "ended_at" in call:
        yield "ended", _after(call["ended_at"], call.get("duration_seconds"), began)
    if "talk_seconds" in call:
        yield "talked for", lasting(call["talk_seconds"])
    for at, step in enumerate(call["via"]):
        yield "" if at else "by way of", _step(step, began)


def _left_behind(call: Call, zone: tzinfo) -> Iterator[Row]:
    began = moment(call["started_at"], zone)
    if message := call.get("voicemail"):
        said = [lasting(message.get("seconds")), "transcribed" if message["transcribed"] else "not transcribed"]
        said += [f"at {_clock(message['at'], began)}"] if "at" in message else []
        yield "message", ", ".join(filter(None, said))
    for notice in call["missed_call"]:
        people = counted(notice["recipients"], "address", "addresses")
        yield "alert", f"missed-call alert to {people} at {_clock(notice['at'], began)}"
    for fax in call["faxes"]:
        yield "fax", _fax(fax, began)


def _of_record(call: Call) -> Iterator[Row]:
    if cause := call.get("hangup_cause"):
        yield "hang-up", f"{cause} ({call['hangup_code']})" if "hangup_code" in call else cause
    yield "id", call["call"]
    yield "account", call["account_id"]
    settled = "final" if call["final"] else "not final yet"
    complete = "complete" if call["complete"] else "incomplete"
    yield "record", f"revision {call['revision']}, {settled}, {complete}"
    if not is_listed(call):
        yield "merged", f"This call turned out to be a part of {call['merged_into']}."


def _step(step: Via, began: datetime) -> str:
    said = [STEPS.get(step["kind"], step["kind"])]
    said += [f"slot {step['slot']}"] if "slot" in step else []
    said += [f"to {named({'number': step['number']})}"] if "number" in step else []
    said += [counted(step["phones"], "phone", "phones")] if "phones" in step else []
    times = [_clock(step[name], began) for name in ("at", "until") if name in step]
    said += [" to ".join(times) if len(times) > 1 or "until" not in step else f"until {times[0]}"] if times else []
    said += [step["result"]] if "result" in step else []
    return ", ".join(said)


def _fax(fax: Fax, began: datetime) -> str:
    said: Mapping[str, Any] = fax
    when = f" at {_clock(said['at'], began)}" if "at" in said else ""
    why = f": {said['error']}" if "error" in said else ""
    return f"{fax['result']}{when}{why}"


def _after(time: str, seconds: int | None, began: datetime) -> str:
    return f"{_clock(time, began)}{f', after {lasting(seconds)}' if seconds is not None else ''}"


def _clock(time: str, began: datetime) -> str:
    """Return a time of day, with the day if that is not the one on which the call began."""
    at = moment(time, began.tzinfo)
    return f"{at:%H:%M:%S}" if at.date() == began.date() else f"{at:%b %d %H:%M:%S}"
