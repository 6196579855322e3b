"""Calls as CSV (RFC 4180) that is safe to open in a spreadsheet."""

import csv
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any, TextIO, cast

from hookswitch.calls.record import Call, Step
from hookswitch.destinations.formats.spreadsheets import inert
from hookswitch.payloads.text import one_line

STEPS: Mapping[Step, str] = {
    "attendant": "attendant",
    "queue": "queue",
    "ring_group": "ring group",
    "parking": "parked",
    "voicemail": "voicemail",
    "transfer": "transferred",
    "forwarded": "forwarded",
    "conference": "conference",
    "click_to_dial": "click-to-dial",
}
"""The stations of a call in words."""

PARTIES = ("from", "to", "requested", "reached", "answered_by")
TIMES = ("started_at", "answered_at", "ended_at")
SECONDS = ("wait_seconds", "talk_seconds", "duration_seconds")
COLUMNS = (
    *("call", "account_id", "direction", "state", "status", *TIMES, *SECONDS),
    *(f"{party}_{name}" for party in PARTIES for name in ("number", "name")),
    *("via", "voicemail_seconds", "hangup_cause", "legs", "final", "complete", "revision", "summary"),
)


def write_csv(calls: Iterable[Call], zone: tzinfo, file: TextIO) -> None:
    """Write calls as CSV: times in a zone with their offsets, durations in seconds."""
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    for call in calls:
        values = _values(call, zone)
        rows.writerow(_harmless(values.get(name)) for name in COLUMNS)


def _values(call: Call, zone: tzinfo) -> Mapping[str, Any]:
    known = cast("Mapping[str, Any]", call)
    values = {name: known.get(name) for name in COLUMNS}
    values |= {
        name: datetime.fromisoformat(known[name]).astimezone(zone).isoformat() for name in TIMES if known.get(name)
    }
    for party in PARTIES:
        said = known.get(party) or {}
        values |= {f"{party}_{name}": said.get(name) for name in ("number", "name")}
    return values | {
        "via": ", ".join(STEPS.get(step["kind"], step["kind"]) for step in call["via"]),
        "voicemail_seconds": known.get("voicemail", {}).get("seconds"),
        "legs": call["leg_count"],
    }


def _harmless(value: object) -> str:
    """Return a cell's text; an apostrophe keeps a spreadsheet from running it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
    return inert(one_line(str(value), sys.maxsize))
