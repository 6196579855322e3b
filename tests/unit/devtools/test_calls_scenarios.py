"""The simulator's calls on the screens: every kind of call, whole, in progress, and with an event missing."""

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console

from devtools.calls.details import details, events_table, headline
from devtools.calls.formats import as_json
from devtools.calls.table import calls_table
from devtools.calls.timeline import Timeline
from hookswitch.calls.record import Call
from hookswitch.calls.spans import Doing, spans
from simulator.calls.scenarios import SCENARIOS
from simulator.tests.each import for_each
from tests.unit.calls.scenes import LATER, calls_of, item_of, steps_of

WIDTH = 80
SOME = 3  # each third event
NEW_YORK = ZoneInfo("America/New_York")

all_scenarios = for_each("name", SCENARIOS)


def moment(seconds: int) -> datetime:
    """Return Unix seconds as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def screens(call: Call, items: list[Mapping[str, Any]], now: int) -> list[str]:
    """Return the lines of everything that is shown of a call."""
    got = io.StringIO()
    console = Console(file=got, width=WIDTH, highlight=False)
    console.print(calls_table([call], NEW_YORK), headline(call), details(call, NEW_YORK))
    console.print(Timeline(call, moment(now)), events_table(call, items, NEW_YORK))
    return got.getvalue().splitlines()


def cases(name: str) -> Iterator[tuple[Call, list[Mapping[str, Any]], int]]:
    """Yield the records of a scenario: whole, without one of its events, and as they were after one."""
    steps = steps_of(name)
    stages = [(steps, LATER)]
    stages += [([*steps[:left_out], *steps[left_out + 1 :]], LATER) for left_out in range(0, len(steps), SOME)]
    stages += [(steps[:number], int(steps[number - 1].at)) for number in range(1, len(steps), SOME)]
    for some, now in stages:
        items = [item_of(step) for step in some]
        for call in calls_of(some, now):
            yield call, items, now


@all_scenarios
def test_screens_fit(name: str) -> None:
    """Whatever is known of a call, all screens have it within 80 columns, and no id of a device."""
    for call, items, now in cases(name):
        lines = screens(call, items, now)
        assert max(map(cell_len, lines)) <= WIDTH
        shown = "\n".join(lines)
        assert call["call"][:6] in lines[3]
        known = [party for leg in call["legs"] if (party := leg.get("party"))]
        assert not any(party[key] in shown for party in known for key in ("device", "owner") if key in party)
        assert as_json(call)


@all_scenarios
def test_talk_is_what_the_record_says(name: str) -> None:
    """Somebody talks in the picture of an answered call since its answer, and nobody in that of another."""
    for call in calls_of(steps_of(name)):
        drawn = spans(call, moment(LATER))
        talks = [span for one in drawn for span in one if span.doing is Doing.TALKING]
        if call.get("status") == "answered" and not call["faxes"]:
            assert min(span.start for span in talks) == datetime.fromisoformat(call["answered_at"]).timestamp()
        elif call["via"] and call["via"][0]["kind"] != "conference":
            assert not talks


def test_a_parked_call() -> None:
    """The caller is parked for as long as the record says."""
    (call,) = calls_of(steps_of("parked_retrieved"))
    (stay,) = [step for step in call["via"] if step["kind"] == "parking"]
    parked = [span for one in spans(call, moment(LATER)) for span in one if span.doing is Doing.PARKED]
    times = [datetime.fromisoformat(stay["at"]).timestamp(), datetime.fromisoformat(stay["until"]).timestamp()]
    assert [[span.start, span.end] for span in parked] == [times]
