"""The words for parties, durations and outcomes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.calls.words import MARKS, RESULTS, lasting, outcome
from hookswitch.calls.parties import named, ways_to_name
from hookswitch.calls.record import Direction, LegResult, Status, Step
from hookswitch.console.spreadsheet import STEPS
from tests.unit.devtools.call_records import BOB, record, unanswered


@pytest.mark.parametrize(
    ("party", "ways"),
    [
        (None, ["unknown"]),
        ({}, ["unknown"]),
        ({"device": "d" * 32}, ["a phone"]),
        ({"number": "d" * 32, "owner": "e" * 32}, ["a phone"]),
        ({"number": "+15551234567"}, ["+1 555-123-4567", "555-123-4567"]),
        ({"number": "15551234567"}, ["+1 555-123-4567", "555-123-4567"]),
        ({"name": "+15551234567"}, ["+1 555-123-4567", "555-123-4567"]),
        ({"number": "+442079460958"}, ["+442079460958"]),
        ({"number": "201", "extension": "201"}, ["201"]),
        ({"name": "Jane"}, ["Jane"]),
        ({"name": "+1 (555) 123-4567", "number": "+15551234567"}, ["+1 555-123-4567", "555-123-4567"]),
        ({"name": "Jane", "number": "+15551234567"}, ["Jane +1 555-123-4567", "Jane 555-123-4567", "Jane"]),
        (BOB, ["Bob Smith 201", "Bob Smith"]),
    ],
)
def test_party(party: Any, ways: list[str]) -> None:
    """A party is named by what people know: name and number, never an id; a name that is the number is said once."""
    assert ways_to_name(party) == ways


@given(st.fixed_dictionaries({}, optional={name: st.text(max_size=99) for name in ("name", "number", "extension")}))
def test_any_party(party: dict[str, str]) -> None:
    """Whatever Dash sends is something to show, on one line, and the longest comes first."""
    ways = ways_to_name(party)
    assert all(way and way.isprintable() for way in ways)
    assert len(ways[0]) == max(map(len, ways))
    assert named(party) == ways[0]


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (0, "0:00"), (9, "0:09"), (83, "1:23"), (3599, "59:59"), (90_061, "25:01:01")]
)
def test_duration(seconds: int | None, text: str) -> None:
    """A duration reads as on a phone."""
    assert lasting(seconds) == text


def test_every_value_has_its_word() -> None:
    """Nothing that a record can say is missing."""
    assert MARKS.keys() == set(Status.__value__.__args__)
    assert RESULTS.keys() == set(LegResult.__value__.__args__)
    assert STEPS.keys() == set(Step.__value__.__args__)
    assert set(Direction.__value__.__args__) == {"inbound", "outbound", "internal"}


def test_who_has_no_name() -> None:
    """Where a number does not fit, half of it is of no use to anybody."""
    ways, _ = outcome(record(answered_by={"number": "+15551234567"}))
    assert ways == ["✓ +1 555-123-4567", "✓ 555-123-4567", "✓ answered"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (record(), "✓ Bob Smith 201"),
        (record(answered_by=None), "✓ answered"),
        (record(state="in_progress"), "▸ Bob Smith 201"),
        (unanswered(1, "missed"), "✗ missed"),
        (unanswered(1, "voicemail"), "• voicemail"),
        (record(status=None), "? unknown"),
        (record(state="ringing", status=None), "▸ ringing"),
        (record(state="in_progress", status=None), "▸ connected"),
    ],
)
def test_outcome(call: Any, said: str) -> None:
    """An answered call says by whom, the others why not."""
    assert outcome(call)[0][0] == said
