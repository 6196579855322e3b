"""How `make logs` shows a line of the log."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from devtools import screen, tail
from devtools.log_lines import Line
from tests.unit.devtools.here import in_zone

AT = int(datetime(2026, 11, 25, 4, 30, tzinfo=UTC).timestamp() * 1000)
STORED = {
    "level": "INFO",
    "message": "Delivery stored.",
    "hook": "outbound_fax_error",
    "correlation_id": "0123456789abcdef",
}


def line(document: dict[str, Any]) -> Line:
    """Return a line of JSON."""
    return Line.of(AT, json.dumps(document))


def test_columns() -> None:
    """A line is its time here, its level, hook, the beginning of its correlation id, and what it says."""
    with in_zone("America/New_York"):
        assert str(line(STORED)) == "23:30:00 INFO  outbound_fax_error 01234567 Delivery stored."
        assert line(STORED).day == "Tuesday, November 24, 2026 (EST)"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"level": "ERROR", "message": "It failed.", "exception_name": "KeyError"}
            | {"exception": "Traceback (most recent call last):\n  File x\nKeyError: 'a'"},
            "It failed. (KeyError: 'a')",
        ),
        ({"level": "ERROR", "message": "It failed.", "exception_name": "KeyError"}, "It failed. (KeyError)"),
        (
            {
                "level": "ERROR",
                "errorType": "KeyError",
                "errorMessage": "'a'",
                "stackTrace": ["File x"],
                "message": "m",
            },
            "KeyError: 'a'",
        ),
        ({"level": "INFO", "message": {"a": 1}}, '{"a": 1}'),
        ({"level": "INFO", "message": "one\ntwo\x1b[2J"}, "one two [2J"),
        ({"level": "INFO"}, ""),
    ],
)
def test_message(document: dict[str, Any], message: str) -> None:
    """An exception is its type and message; the stack trace is in the raw line, whatever else is."""
    assert line(document).message == message
    assert not line(document).is_routine
    assert json.loads(line(document).raw) == document


@pytest.mark.parametrize(
    "raw",
    [
        '{"_aws": {"Timestamp": 1}, "stored": 1}',
        '{"service": "hookswitch", "hook": "parking", "duplicate": [1.0]}',
        '{"time": "2026-11-25T04:30:00Z", "type": "platform.report", "record": {}}',
        "START RequestId: 1 Version: 1",
        "END RequestId: 1",
        "REPORT RequestId: 1 Duration: 1 ms",
        "INIT_START Runtime Version: python:3.13",
        "RESTORE_REPORT Restore Duration: 1 ms",
        "XRAY TraceId: 1",
    ],
)
def test_routine(raw: str) -> None:
    """Metrics, and what Lambda writes at every call, are told apart."""
    assert Line.of(AT, f"{raw}\n").is_routine


@pytest.mark.parametrize(
    "raw", ["[ERROR] KeyError: 'a'\nTraceback", "Task timed out after 3 seconds", "Started", "[1]"]
)
def test_text(raw: str) -> None:
    """Other text is shown on one line, errors as such."""
    assert not Line.of(AT, raw).is_routine
    assert Line.of(AT, raw).message == raw.replace("\n", " ")
    assert Line.of(AT, raw).level == ("ERROR" if "KeyError" in raw or "timed out" in raw else "")


@given(
    st.text()
    | st.dictionaries(st.sampled_from([*STORED, "type", "errorType", "exception_name"]), st.text()).map(json.dumps)
)
def test_any_line(raw: str) -> None:
    """Whatever a function prints is one printable line."""
    assert str(Line.of(AT, raw)).isprintable()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a screen of 60 columns shows."""
    got = io.StringIO()
    console = Console(file=got, highlight=False, width=60)
    monkeypatch.setattr(screen, "console", console)
    monkeypatch.setattr(tail, "console", console)
    return got


def test_cropped_on_a_terminal(shown: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is a width, a line is cropped to it, below its day and time zone."""
    monkeypatch.setenv("COLUMNS", "60")
    long = line(STORED | {"message": "word [bold]" * 30})
    assert tail.Printer("table").print([long, long]) == 2
    day, first, second = shown.getvalue().splitlines()
    assert day.endswith(")")
    assert first == second
    assert len(first) <= 60
    assert first.rstrip().endswith("…")


def test_whole_in_a_file(shown: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a width, a line stays whole, so that it can be found."""
    monkeypatch.delenv("COLUMNS", raising=False)
    tail.Printer("table").print([line(STORED | {"message": "word [bold] " * 30})])
    assert shown.getvalue().count("word [bold]") == 30
    assert len(shown.getvalue().splitlines()) == 2


def test_columns_are_aligned(shown: io.StringIO) -> None:
    """What says which hook it is about stands below each other, also without a hook."""
    tail.Printer("table").print([line(STORED), line(STORED | {"hook": "parking"}), line({"message": "Applied."})])
    lines = shown.getvalue().splitlines()[1:]
    assert [row.rstrip()[15:] for row in lines] == [
        "outbound_fax_error 01234567 Delivery stored.",
        "parking            01234567 Delivery stored.",
        f"{'':18} {'':8} Applied.",
    ]


def test_a_heading_for_each_day(shown: io.StringIO) -> None:
    """The day is shown once, and again when it changes."""
    lines = [Line.of(AT + hours * 3_600_000, json.dumps(STORED)) for hours in (0, 1, 24, 25)]
    tail.Printer("table").print(lines[:2])
    printer = tail.Printer("table")
    printer.print(lines[:2])
    printer.print(lines[2:])
    assert shown.getvalue().count("2026 (") == 3
