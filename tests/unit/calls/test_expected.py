"""The table of expected records is about the simulator's calls, and does not contradict itself."""

import random

from simulator.calls.cast import CAST
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step
from simulator.tests.each import for_each
from tests.unit.calls.expected import EXPECTED

all_scenarios = for_each("name", EXPECTED)


def steps_of(name: str) -> list[Step]:
    """Return the steps of a scenario that begins at second 0."""
    return SCENARIOS[name].events(rng=random.Random(1), account_id=DEFAULT_ACCOUNT_ID, now=0)


def test_every_scenario_is_in_the_table() -> None:
    """Neither has what the other lacks."""
    assert set(EXPECTED) == set(SCENARIOS)


@all_scenarios
def test_times_add_up(name: str) -> None:
    """A call lasts as long as the wait and the talk together."""
    row = EXPECTED[name]
    if row.duration_seconds is not None:
        assert row.wait_seconds is not None
        talked = row.talk_seconds if row.answered_by else row.duration_seconds - row.wait_seconds
        assert talked is not None
        assert row.wait_seconds + talked == row.duration_seconds


@all_scenarios
def test_people_are_in_the_cast(name: str) -> None:
    """Whoever calls or answers is somebody."""
    row = EXPECTED[name]
    assert {row.from_, row.answered_by or row.from_, row.reached or row.from_} <= set(CAST)
    assert bool(row.answered_by) == bool(row.reached)
    assert not row.answered_by or row.status == "answered"


@all_scenarios
def test_the_table_agrees_with_what_dash_counts(name: str) -> None:
    """Legs, alerts and the caller's hang-up cause can be read off the events of the call."""
    row, steps = EXPECTED[name], steps_of(name)
    caller = steps[0].payload["call_id"]
    causes = [step.payload.get("hangup_cause") for step in steps if step.payload.get("call_id") == caller]
    assert len([step for step in steps if step.hook == "missed_call"]) == row.missed_calls
    assert row.hangup_cause == next((cause for cause in causes if cause), None)
    if name != "conference_room":
        assert len([step for step in steps if step.hook == "channel_create"]) == row.leg_count


@all_scenarios
def test_the_table_agrees_with_the_clock(name: str) -> None:
    """A call that ends lasts until the last leg is gone."""
    row = EXPECTED[name]
    ends = [step.at for step in steps_of(name) if "hangup_cause" in step.payload]
    assert row.duration_seconds == (max(ends) if ends else None)
