"""Calls for programs: a line of JSON each, or CSV (RFC 4180) that is safe to open in a spreadsheet."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any, TextIO, cast

from devtools.calls.words import STEPS, moment
from hookswitch.calls.record import Call
from hookswitch.destinations.formats.spreadsheets import inert
from hookswitch.payloads.text import one_line

PARTIES = ("from", "to", "requested", "reached", "answered_by")
TIMES = ("started_at", "answered_at", "ended_at")
SECONDS = ("wait_seconds", "talk_seconds", "duration_seconds")
COLUMNS = (
    *("call", "account_id", "direction", "state", "status", *TIMES, *SECONDS),
    *(f"{party}_{name}" for party in PARTIES for name in ("number", "name")),
    *("via", "voicemail_seconds", "hangup_cause", "legs", "final", "complete", "revision", "summary"),
)


def as_json(call: Call) -> str:
    """Return a call's record on one line, its times in UTC."""
    return json.dumps(call)


def write_csv(calls: Iterable[Call], zone: tzinfo, file: TextIO | None = None) -> None:
    """Write calls as CSV, by default to stdout: times in a zone with their offsets, durations in seconds."""
    rows = csv.writer(file or sys.stdout)
    rows.writerow(COLUMNS)
    for call in calls:
        values = _values(call, zone)
        rows.writerow(_harmless(values.get(name)) for name in COLUMNS)


def _values(call: Call, zone: tzinfo) -> Mapping[str, Any]:
    known = cast("Mapping[str, Any]", call)
    values = {name: known.get(name) for name in COLUMNS}
    values |= {name: moment(known[name], zone).isoformat() for name in TIMES if known.get(name)}
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
