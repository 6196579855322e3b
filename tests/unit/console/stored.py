"""Calls in the table, and the list of them."""

from collections.abc import Sequence
from typing import Any

from devtools.console.serve import TABLE, LocalConsole
from devtools.local import DASH_ACCOUNT_ID
from hookswitch.calls.record import Call
from tests.unit.console.browser import Browser
from tests.unit.devtools.call_records import record

DAY, HOUR = 86_400, 3_600
TODAY = "2026-11-25"  # of START, in New York, 09:03 there


def mine(number: int, **more: Any) -> Call:
    """Return a call of the stack's account."""
    return record(number, account_id=DASH_ACCOUNT_ID, **more)


def put(console: LocalConsole, calls: Sequence[Call]) -> None:
    """Store calls."""
    for call in calls:
        console.tables.put_call(TABLE, call)


def listed(browser: Browser, **query: str) -> list[str]:
    """Return the calls of all pages, by their keys."""
    found: list[str] = []
    for _ in range(100):
        page = browser.get("calls", **query).json
        found += [call["call"] for call in page["calls"]]
        if page["cursor"] is None:
            return found
        query["cursor"] = page["cursor"]
    raise AssertionError("There is no end of pages.")
