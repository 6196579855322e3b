"""The table of `make calls`."""

import io
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from devtools.calls.table import calls_table, in_order, is_missed, legend, sum_line
from hookswitch.calls.record import Call
from tests.unit.devtools.call_records import BOB, CAROL, SALES, at, record, unanswered
from tests.unit.devtools.call_table import keys

NEW_YORK = ZoneInfo("America/New_York")
DAY = 24 * 3600
WIDE = {"name": "日本語の名前はとても長いので表には入りません", "number": "+81312345678"}
HOSTILE = {"name": "[red]\x1b[31m\u202eevil[/]\n" + "x" * 300, "number": "+1" + "5" * 40}


def drawn(*calls: Call, width: int = 80) -> list[str]:
    """Return the lines of a table at some width."""
    got = io.StringIO()
    Console(file=got, width=width, highlight=False).print(calls_table(calls, NEW_YORK))
    return [line.rstrip() for line in got.getvalue().splitlines()]


def test_a_day() -> None:
    """A row has all that matters, in the office's time, readable without color, within 80 columns."""
    lines = drawn(
        record(0xABC123),
        unanswered(0x55AA33, "missed", started_at=at(-600)),
        record(0x777, direction="internal", started_at=at(-900), **{"from": BOB, "to": CAROL, "answered_by": CAROL}),
        record(0x13, state="ringing", status=None, started_at=at(430), wait_seconds=None, talk_seconds=None),
    )
    assert lines == [
        "Wednesday, November 25 2026 (EST)",
        "time      from             to               outcome           wait  talk  id",
        "─" * 80,
        "09:10  ↙  Jane Doe         Sales            ▸ ringing                     000013",
        "09:03  ↙  Jane Doe         Sales            ✓ Bob Smith 201   0:22  2:13  abc123",
        "08:53  ↙  Jane Doe         Sales            ✗ missed          0:22        55aa33",
        "08:48  ↔  Bob Smith 201    Carol Jones 202  ✓ Carol Jones     0:22  2:13  000777",
    ]


def test_two_days() -> None:
    """Calls of several days have their day with the time, and those of another year the year instead."""
    lines = drawn(record(1), record(2, started_at=at(-DAY)), record(3, started_at="2020-02-01T04:30:00Z"))
    assert lines[0] == "Times (EST)"
    assert [line[:12] for line in lines[3:]] == ["Nov 25 09:03", "Nov 24 09:03", "Jan 31  2020"]


def test_no_calls() -> None:
    """A table without calls is one."""
    assert len(drawn()) == 2
    assert sum_line([]) == "No calls."
    assert legend([]) == ""


parties = st.sampled_from([{}, BOB, SALES, WIDE, HOSTILE, {"device": "d" * 32}, {"number": "anonymous"}]) | (
    st.fixed_dictionaries({}, optional={name: st.text(max_size=80) for name in ("name", "number", "extension")})
)
seconds = st.none() | st.integers(0, 9 * DAY)


@given(
    st.lists(st.tuples(parties, parties, parties, seconds, seconds, st.booleans()), max_size=6),
    st.integers(80, 200),
    st.integers(0, DAY),
)
def test_width(calls: list[tuple[Any, ...]], width: int, apart: int) -> None:
    """Whatever is in the calls, each is one line that fits, with its id whole."""
    made = [
        record(
            number,
            **{"from": caller, "to": to or None, "answered_by": by or None},
            wait_seconds=wait,
            talk_seconds=talk,
            complete=complete,
            started_at=at(-number * apart),
        )
        for number, (caller, to, by, wait, talk, complete) in enumerate(calls)
    ]
    lines = drawn(*made, width=width)
    assert len(lines) == len(made) + (3 if made else 2)
    assert max(map(cell_len, lines)) <= width
    assert [line[-6:] for line in lines[3:]] == [call["call"][:6] for call in in_order(made)]
    assert all(("*" in line) >= (not call["complete"]) for line, call in zip(lines[3:], in_order(made), strict=True))


def test_order() -> None:
    """Calls in progress are on top; each call is once; one that became a part of another is not listed."""
    old, new = record(1, started_at=at(-60)), record(2)
    ringing = record(3, state="ringing", started_at=at(-3600))
    merged = record(4, merged_into=new["call"])
    assert keys(in_order([old, merged, ringing, new, old])) == keys([ringing, new, old])


def test_missed() -> None:
    """Missed are the calls from outside that nobody took, with or without a message."""
    statuses = ("missed", "abandoned", "busy", "failed", "voicemail")
    assert all(is_missed(unanswered(1, status)) for status in statuses)
    assert not is_missed(record(1))
    assert not is_missed(unanswered(1, "missed", direction="internal"))
    assert not is_missed(unanswered(1, "missed", state="in_progress"))


def test_sum() -> None:
    """The line below the table counts the calls by their status, and those in progress apart."""
    calls = [record(number) for number in range(8)]
    calls += [unanswered(8, "voicemail"), unanswered(9, "missed"), unanswered(10, "missed"), record(11, status=None)]
    calls += [record(12, state="in_progress"), record(13, merged_into="0" * 32)]
    assert sum_line(calls) == "13 calls: 8 answered, 1 voicemail, 2 missed, 1 of unknown status, 1 in progress."
    assert sum_line(calls[:1]) == "1 call: 1 answered."


def test_legend() -> None:
    """Only the signs that are in the table are explained."""
    assert legend([unanswered(1, "missed")]) == "↙ inbound"
    calls = [record(1, direction="outbound"), record(2, complete=False), record(3, state="ringing")]
    assert legend(calls) == "↙ inbound, ↗ outbound; ✓ who answered; ▸ in progress; * incomplete"
