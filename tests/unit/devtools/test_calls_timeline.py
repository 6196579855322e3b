"""The picture of a call's legs."""

import io
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from devtools.calls.timeline import SIGNS, Timeline, axis, draw
from hookswitch.calls.record import Call, Role
from hookswitch.calls.spans import Doing, spans
from tests.unit.devtools.call_records import BOB, CAROL, JANE, START, at, leg, record

NOW = START + timedelta(hours=1)
DAY = 24 * 3600
RING, WAIT, TALK, PARK = (SIGNS[doing][0] for doing in Doing)


def drawn(call: Call, width: int = 80) -> list[str]:
    """Return the lines of a picture at some width."""
    got = io.StringIO()
    Console(file=got, width=width, highlight=False).print(Timeline(call, NOW))
    return [line.rstrip() for line in got.getvalue().splitlines()]


def did(call: Call) -> list[list[tuple[str, int, int]]]:
    """Return what each leg did, in seconds after the call's beginning."""
    began = START.timestamp()
    return [
        [(span.doing.name, int(span.start - began), int(span.end - began)) for span in one] for one in spans(call, NOW)
    ]


def test_ring_group() -> None:
    """An attendant answers, two phones ring, and one takes the call: each has its row, on one axis."""
    assert drawn(record(1)) == [
        "                           0:00    0:30     1:00    1:30    2:00",
        "                           ┌───────┬────────┬───────┬───────┬────────┬",
        "1 caller Jane Doe          ·░░░░░█████████████████████████████████████ ended",
        "2 phone Bob Smith 201        ····█████████████████████████████████████ answered",
        "3 phone Carol Jones 202      ····                                      elsewhere",
        "· ringing   ░ with a machine, or waiting   █ talking",
    ]


def test_parked_and_retrieved() -> None:
    """Who parks the call leaves it; the caller is parked until somebody else fetches it."""
    call = record(
        1,
        legs=[
            leg("a", "caller", 0, 10, 300, party=JANE, bridged=["b", "c"]),
            leg("b", "phone", 2, 10, 100, party=BOB),
            leg("c", "phone", 160, 160, 300, party=CAROL),
        ],
        via=[{"kind": "parking", "at": at(100), "until": at(160)}],
        ended_at=at(300),
    )
    assert did(call) == [
        [("RINGING", 0, 10), ("TALKING", 10, 100), ("PARKED", 100, 160), ("TALKING", 160, 300)],
        [("RINGING", 2, 10), ("TALKING", 10, 100)],
        [("TALKING", 160, 300)],
    ]
    assert PARK in drawn(call)[2]
    assert PARK not in drawn(call)[3]


def test_nobody_answers() -> None:
    """A mailbox that answers is no talk, and neither is ringing."""
    legs = [leg("a", "caller", 0, 22, 53), leg("b", "phone", 1, None, 21)]
    call = record(1, status="voicemail", legs=legs, answered_at=None, via=[])
    assert did(call) == [[("RINGING", 0, 22), ("WAITING", 22, 53)], [("RINGING", 1, 21)]]


def test_click_to_dial() -> None:
    """The agent's phone waits until the other side answers."""
    legs = [leg("a", "phone", 0, 4, 60, bridged=["b"]), leg("b", "outside", 5, 15, 60)]
    assert did(record(1, legs=legs, via=[]))[0] == [("RINGING", 0, 4), ("WAITING", 4, 15), ("TALKING", 15, 60)]


def test_connected_by_way_of_an_internal_leg() -> None:
    """Legs that stand between make no difference to who talks when."""
    legs = [
        leg("a", "caller", 0, 1, 60, bridged=["x"]),
        leg("x", "internal", 1, 1, 60, bridged=["b"]),
        leg("b", "phone", 2, 20, 50),
    ]
    assert did(record(1, legs=legs, via=[]))[0] == [
        ("RINGING", 0, 1),
        ("WAITING", 1, 20),
        ("TALKING", 20, 50),
        ("WAITING", 50, 60),
    ]


def test_conference() -> None:
    """Who is in a conference with others talks, though no leg is connected to another."""
    legs = [leg("a", "caller", 0, 3, 60), leg("b", "caller", 10, 12, 50)]
    call = record(1, legs=legs, answered_at=None, via=[{"kind": "conference", "at": at(5), "until": at(60)}])
    assert did(call)[0] == [("RINGING", 0, 3), ("WAITING", 3, 12), ("TALKING", 12, 50), ("WAITING", 50, 60)]


def test_bridge_that_was_not_seen() -> None:
    """A phone that was answered talks, and so does the caller since the answer, though nothing says to whom."""
    legs = [leg("a", "caller", 0, 2, 60), leg("b", "phone", 3, 20, 60)]
    assert did(record(1, legs=legs, via=[])) == [
        [("RINGING", 0, 2), ("WAITING", 2, 22), ("TALKING", 22, 60)],
        [("RINGING", 3, 20), ("TALKING", 20, 60)],
    ]


def test_answer_that_was_not_seen() -> None:
    """How long a leg talked says when it was answered."""
    legs = [leg("b", "phone", 3, None, 60, talk_seconds=40)]
    assert did(record(1, legs=legs, via=[]))[0] == [("RINGING", 3, 20), ("TALKING", 20, 60)]


def test_call_in_progress() -> None:
    """A leg that has not ended goes on to the right edge."""
    legs = [leg("a", "caller", 0, 2, None, result="open", bridged=["b"]), leg("b", "phone", 1, 2, None, result="open")]
    call = record(1, state="in_progress", ended_at=None, legs=legs, via=[])
    lines = drawn(call)
    assert lines[2].endswith("█▸ in progress")
    assert "50 min" in lines[0]


def test_two_seconds() -> None:
    """A call of two seconds fills the picture, with a second at each mark."""
    legs = [leg("a", "caller", 0, None, 2, party=JANE), leg("b", "phone", 1, None, 1, party=BOB)]
    lines = drawn(record(1, legs=legs, answered_at=None, ended_at=at(2), via=[]))
    assert lines[0].split() == ["0:00", "0:01"]
    assert lines[2].count(RING) == len(lines[1].strip())
    assert lines[3].count(RING) == 1  # it began and ended in the same second


def test_no_time_at_all() -> None:
    """A call that began and ended in one second has a picture, and a leg without times says so."""
    legs = [leg("a", "caller", 0, None, 0), leg("b", "phone", None, None, None)]
    lines = drawn(record(1, legs=legs, answered_at=None, ended_at=at(0), via=[]))
    assert lines[2].count(RING) == 1
    assert "no time is known" in lines[3]


def test_call_of_a_day() -> None:
    """Twenty seconds of ringing are still to be seen in a call of a day, whose axis has hours."""
    legs = [leg("a", "caller", 0, 20, DAY, bridged=["b"]), leg("b", "phone", 5, 20, DAY)]
    lines = drawn(record(1, legs=legs, ended_at=at(DAY), via=[]))
    assert "6 h " in lines[0]
    assert (lines[2].count(RING), lines[3].count(RING)) == (1, 1)


def test_many_legs() -> None:
    """Forty legs have forty rows; those that the record does not hold are counted."""
    legs = [leg(f"{number}", "phone", number, None, 60) for number in range(40)]
    lines = drawn(record(1, legs=legs, leg_count=500, ended_at=at(60), via=[]))
    assert [line.split()[0] for line in lines[2:42]] == [str(number) for number in range(1, 41)]
    assert lines[-1] == "The record does not hold the other 460 legs."


times = st.none() | st.integers(0, 2 * DAY)
roles: st.SearchStrategy[Role] = st.sampled_from(["caller", "phone", "outside", "forwarded", "internal", "unknown"])
some_legs = st.lists(
    st.tuples(roles, times, times, times, st.text(max_size=40), st.lists(st.integers(0, 5))), min_size=1, max_size=6
)
stays = st.lists(st.tuples(st.sampled_from(["parking", "conference", "queue"]), times, times), max_size=3)


def made(legs: Sequence[tuple[Any, ...]], stations: Sequence[tuple[Any, ...]], end: int | None) -> Call:
    """Return the record of a call with such legs and stations."""
    via = []
    for kind, start, until in stations:
        named = {"at": start, "until": until}
        via.append({"kind": kind} | {name: at(second) for name, second in named.items() if second is not None})
    return record(
        1,
        legs=[
            leg(str(number), role, *when, party={"name": name}, bridged=[str(other) for other in bridged])
            for number, (role, *when, name, bridged) in enumerate(legs)
        ],
        via=via,
        state="ended" if end is not None else "in_progress",
        ended_at=None if end is None else at(end),
    )


@given(some_legs, stays, times, st.integers(80, 160))
def test_any_call(legs: list[Any], stations: list[Any], end: int | None, width: int) -> None:
    """Whatever a record says, each leg is a row that fits, and its spans follow each other."""
    call = made(legs, stations, end)
    lines = drawn(call, width)
    assert max(map(cell_len, lines)) <= width
    assert len(lines) == len(legs) + 3
    for one in spans(call, NOW):
        for span, following in pairwise(one):
            assert span.start < span.end <= following.start
            assert (span.doing, span.end) != (following.doing, following.start)


@given(some_legs, stays, times, st.integers(30, 80))
def test_everything_is_seen(legs: list[Any], stations: list[Any], end: int | None, width: int) -> None:
    """Each thing that a leg did is at least one column of its row, in order."""
    call = made(legs, stations, end)
    period = (START.timestamp(), START.timestamp() + 2 * DAY)
    for one in spans(call, START):
        row = draw(one, period, width).plain
        assert len(row) <= width
        changes = [sign for at, sign in enumerate(row) if sign != " " and (at == 0 or row[at - 1] != sign)]
        if one:
            assert changes == [SIGNS[span.doing][0] for span in one]


@given(st.integers(1, 400 * DAY), st.integers(10, 200))
def test_axis(length: int, width: int) -> None:
    """The axis is as wide as the picture, begins at zero, and has no two labels run together."""
    labels, marks = axis((0, length), width)
    assert len(marks) == width
    assert len(labels) <= width
    assert labels.split()[0] in {"0:00", "0"}
    assert marks[0] == "┌"


@pytest.mark.parametrize(
    ("length", "labels"), [(40, "0:00      0:10      0:20      0:30"), (7200, "0 min     30 min    60 min    90 min")]
)
def test_labels(length: int, labels: str) -> None:
    """Marks are at times that people count in."""
    assert axis((0, length), 40)[0] == labels
