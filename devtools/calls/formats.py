"""Calls for programs: a line of JSON each. hookswitch.console.spreadsheet has them as CSV."""

import json

from hookswitch.calls.record import Call


def as_json(call: Call) -> str:
    """Return a call's record on one line, its times in UTC."""
    return json.dumps(call)
