"""Answers about calls: a page of them, a day's chart, a file, one call, and its events.

docs/engineering/console-api.md describes the answers for whoever writes the page.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import batched, islice
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from hookswitch.calls.log import BATCH, CallLog, Item, integers, is_listed, rfc3339, takes_part
from hookswitch.calls.record import Call
from hookswitch.calls.spans import Doing, bounds, spans
from hookswitch.console.feeds import AT_ONCE
from hookswitch.console.questions import NOBODY, Question, cursor_after, midnight
from hookswitch.console.spreadsheet import write_csv
from hookswitch.errors import HookswitchError
from hookswitch.events.cloudevent import to_json

PAGE = 50  # calls
MOST_EXAMINED = 1_000  # calls that one page is chosen from
MOST_ROWS = 5_000  # of a file: Lambda answers with 6 MB at most
MOST_IN_CHART = 5_000  # calls of a day
MOST_PAYLOADS = 3_000_000  # characters of all payloads of a call together

# Of a record; a page of calls needs no legs, which are most of it.
ROW = (
    *("call", "account_id", "revision", "state", "final", "complete", "status", "reason", "summary", "direction"),
    *("started_at", "answered_at", "ended_at", "wait_seconds", "talk_seconds", "duration_seconds"),
    *("from", "to", "requested", "reached", "answered_by", "via", "voicemail", "faxes", "hangup_cause", "hangup_code"),
    "leg_count",
    "merged_into",
)
CHART = ("call", "account_id", "direction", "started_at", "status", "state", "merged_into")
type Bar = Literal["answered", "missed", "voicemail", "other"]

DOING: Mapping[Doing, str] = {
    Doing.RINGING: "ringing",
    Doing.WAITING: "waiting",
    Doing.TALKING: "talking",
    Doing.PARKED: "parked",
}


class TooManyCallsError(HookswitchError):
    """More calls than one answer can have."""


def page(log: CallLog, question: Question) -> dict[str, object]:
    """Return a page of calls: those in progress, and those that are final, newest first."""
    going_on = _open(log, question) if question.shows_open else []
    rows: list[Call] = []
    cursor, last = None, None
    for examined, call in enumerate(_final(log, question), 1):
        if question.takes(call):
            if len(rows) == PAGE:
                cursor = cursor_after(rows[-1])
                break
            rows.append(call)
        last = call
        if examined == MOST_EXAMINED:
            cursor = cursor_after(last)
            break
    final = {call["call"] for call in rows}
    return {
        "account": question.account,
        "open": [row(call) for call in going_on if call["call"] not in final],
        "calls": [row(call) for call in rows],
        "cursor": cursor,
    }


def spreadsheet(log: CallLog, question: Question, zone: ZoneInfo) -> bytes:
    """Return all calls that are asked for and final, newest first, as CSV.

    Raises:
        TooManyCallsError: A file can't have that many.
    """
    examined = list(islice(_final(log, question), MOST_ROWS + 1))
    if len(examined) > MOST_ROWS:
        raise TooManyCallsError(f"A file has {MOST_ROWS:,} calls at most. Choose fewer days.")
    text = io.StringIO(newline="")
    write_csv((call for call in examined if question.takes(call)), zone, text)
    return text.getvalue().encode("utf-8-sig", "replace")  # with a mark by which Excel knows the encoding


def chart(log: CallLog, day: date, zone: ZoneInfo) -> dict[str, object]:
    """Return how many calls of a day in the office began in each hour, by how they ended.

    A day in which the clock changes has 23 or 25 hours. Calls in progress are not in it.
    """
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    hours = [start + timedelta(hours=at) for at in range(int((end - start).total_seconds()) // 3600)]
    counts: list[dict[Bar, int]] = [{"answered": 0, "missed": 0, "voicemail": 0, "other": 0} for _ in hours]
    keys = [str(entry["event_id"]) for entry in islice(log.entries_of_period((start, end)), MOST_IN_CHART + 1)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for calls in pool.map(lambda some: [*log.records(some)], batched(keys[:MOST_IN_CHART], BATCH, strict=False)):
            for call in filter(is_listed, calls):
                at = int((datetime.fromisoformat(call["started_at"]) - start).total_seconds()) // 3600
                counts[min(at, len(counts) - 1)][_bar(call)] += 1
    shown = zip(hours, counts, strict=True)
    return {
        "account": log.account,
        "day": day.isoformat(),
        "complete": len(keys) <= MOST_IN_CHART,
        "hours": [
            {"start": rfc3339(hour), "local": hour.astimezone(zone).strftime("%H:%M"), **bars} for hour, bars in shown
        ],
    }


def details(call: Call, now: datetime) -> dict[str, object]:
    """Return a call with what each of its legs did when, which is its picture."""
    start, end = bounds(call, now)
    legs = [
        [{"doing": DOING[span.doing], "start": _at(span.start), "end": _at(span.end)} for span in did]
        for did in spans(call, now)
    ]
    return {"call": call, "timeline": {"start": _at(start), "end": _at(end), "legs": legs}}


def events(log: CallLog, call: Call, *, with_payloads: bool) -> dict[str, object]:
    """Return the events that a call was made from, oldest first, with what Dash sent if that may be shown."""
    found = [item for item in log.events(call) if item.get("account_id") == call["account_id"]]
    left = MOST_PAYLOADS
    shown = []
    for item in found:
        event = _event(item)
        if with_payloads:
            payload = integers(item.get("payload"))
            left -= len(to_json({"payload": payload}))
            event |= {"payload": payload} if left > 0 else {"payload_omitted": True}
        shown.append(event)
    return {"events": shown, "expired": len({*call["events"]}) - len(found), "payloads": with_payloads}


def _event(item: Item) -> dict[str, object]:
    said = {name: item.get(name) for name in ("event_id", "hook", "occurred_at", "received_at", "summary")}
    return said | {"leg": item.get("call_id"), "recovered": bool(item.get("recovered"))}


def _final(log: CallLog, question: Question) -> Iterator[Call]:
    if question.subject:
        return log.of_party(question.subject, question.period, question.before)
    return log.of_period(question.period, question.before)


def _open(log: CallLog, question: Question) -> Sequence[Call]:
    """Return the calls in progress; and, of the days that are asked for, those that ended a moment ago."""
    whole = CallLog(log.client, log.table, log.account)  # whose legs tell who takes part
    return [
        call
        for call in whole.not_final()
        if question.takes(call)
        and (not question.subject or takes_part(call, question.subject))
        and (call["state"] != "ended" or question.period[0] <= datetime.fromisoformat(call["started_at"]))
    ]


def row(call: Call) -> dict[str, Any]:
    """Return what a list shows of a call."""
    known = cast("Mapping[str, Any]", call)
    return {name: known[name] for name in ROW if name in known}


def _bar(call: Call) -> Bar:
    status = call.get("status")
    if status == "answered":
        return "answered"
    if call["direction"] != "inbound" or status not in NOBODY:
        return "other"
    return "voicemail" if status == "voicemail" else "missed"


def _at(seconds: float) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, UTC))
