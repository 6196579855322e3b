"""The file of calls, for a spreadsheet."""

import csv
import io

import pytest

from devtools.console.serve import LocalConsole
from hookswitch.console import calls as calls_module
from hookswitch.console.calls import PAGE
from tests.unit.console.browser import Browser
from tests.unit.console.stored import TODAY, listed, mine, put
from tests.unit.devtools.call_records import at


def rows(browser: Browser, **query: str) -> list[dict[str, str]]:
    """Return the rows of the file."""
    answer = browser.get("calls.csv", **query)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.body.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_file(console: LocalConsole, browser: Browser) -> None:
    """The file has all calls that are asked for, not a page of them, with times of the office."""
    put(console, [mine(number, started_at=at(-number)) for number in range(PAGE + 5)])
    found = rows(browser, day=TODAY)
    assert [row["call"] for row in found] == listed(browser, day=TODAY)
    assert found[0]["started_at"] == "2026-11-25T09:03:05-05:00"
    answer = browser.get("calls.csv", day=TODAY)
    assert answer.headers["content-disposition"] == f'attachment; filename="calls-{TODAY}.csv"'
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2", "a\r\n=1", '";=1', "\u202e=x"])
def test_file_is_harmless(console: LocalConsole, browser: Browser, name: str) -> None:
    """No name that a caller chooses is run by a spreadsheet, or begins a row of its own."""
    put(console, [mine(1, **{"from": {"number": "+15551234567", "name": name}})])
    (row,) = rows(browser, day=TODAY)
    assert not row["from_name"].startswith(("=", "+", "-", "@"))
    assert row["from_number"] == "+15551234567"


def test_file_of_too_many(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would lack calls is none."""
    monkeypatch.setattr(calls_module, "MOST_ROWS", 3)
    put(console, [mine(number) for number in range(4)])
    answer = browser.get("calls.csv", day=TODAY)
    assert (answer.status, answer.code) == (422, "too_many")
