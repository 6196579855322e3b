"""Calls as CSV and JSON."""

import csv
import io
import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devtools.calls.formats import as_json
from hookswitch.calls.record import Call
from hookswitch.console.spreadsheet import COLUMNS, write_csv
from tests.unit.devtools.call_records import at, record, unanswered

NEW_YORK = ZoneInfo("America/New_York")


def written(*calls: Call) -> str:
    """Return calls as CSV."""
    got = io.StringIO(newline="")
    write_csv(calls, NEW_YORK, got)
    return got.getvalue()


def read(*calls: Call) -> list[dict[str, str]]:
    """Return the rows that a reader of CSV gets of calls."""
    return list(csv.DictReader(io.StringIO(written(*calls), newline=""), strict=True))


def test_csv() -> None:
    """Lines end as RFC 4180 says; times have the office's offset, durations are seconds."""
    text = written(record(1), unanswered(2, "missed"))
    assert text.count("\r\n") == text.count("\n") == 3
    assert text.split("\r\n")[0] == ",".join(COLUMNS)
    first, second = read(record(1), unanswered(2, "missed"))
    assert first["started_at"] == "2026-11-25T09:03:05-05:00"
    assert read(record(1, started_at="2026-07-01T12:00:00Z"))[0]["started_at"] == "2026-07-01T08:00:00-04:00"
    assert (first["wait_seconds"], first["talk_seconds"], first["duration_seconds"]) == ("22", "133", "155")
    assert (first["from_number"], first["from_name"], first["answered_by_number"]) == (
        "+15551234567",
        "Jane Doe",
        "201",
    )
    assert (first["via"], first["legs"], first["final"]) == ("attendant, ring group", "3", "true")
    assert (second["answered_at"], second["talk_seconds"], second["status"]) == ("", "", "missed")
    assert read(unanswered(1, "voicemail", voicemail={"id": "x", "seconds": 32, "transcribed": True}))[0][
        "voicemail_seconds"
    ] == ("32")


@given(st.text(max_size=50))
@example("=HYPERLINK(1)")
@example("\t=1")
@example("@SUM(1)")
@example("+1-555 FLOWERS")
@example("-1+1")
@example("Doe;=1+1")
@example("\uff1d1")
def test_formulas(name: str) -> None:
    """No cell that comes from outside begins as a formula, also where semicolons separate cells; a row is a row."""
    (row,) = read(record(1, **{"from": {"name": name, "number": "+15551234567"}}))
    for cell in row["from_name"].split(";"):
        assert cell.lstrip()[:1] not in {*"=+-@\uff1d\uff0b\uff0d\uff20"} or cell[1:].isdecimal()
    assert row["from_number"] == "+15551234567"
    assert row.keys() == set(COLUMNS)


@pytest.mark.parametrize("name", ["Jane Doe", 'Doe, "Jane"', "Jane-Marie", "日本"])
def test_harmless_text(name: str) -> None:
    """What no spreadsheet runs stays as it is."""
    assert read(record(1, **{"from": {"name": name}}))[0]["from_name"] == name


def test_json() -> None:
    """A call is its record on one line."""
    call = record(1, summary="日本\n", started_at=at(3))
    line = as_json(call)
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line) == call
