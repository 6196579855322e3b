"""Whatever order the events of a call come in, however often, and whichever of them is lost."""

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.calls.fold import fold
from hookswitch.calls.record import Call
from simulator.tests.each import for_each
from tests.unit.calls.expected import EXPECTED
from tests.unit.calls.scenes import LATER, NOW, calls_of, facts_of, steps_of

if TYPE_CHECKING:
    from simulator.steps import Step

every_scenario = for_each("name", EXPECTED)

# No other event proves that these came. A message in a mailbox leaves no trace on the legs; an alert changes no status.
UNPROVEN = {"voicemail_new", "missed_call", "notifications", "outbound_fax", "outbound_fax_error", "inbound_fax_error"}


def said(call: Call) -> dict[str, object]:
    """Return what a record says of the call itself."""
    names = ("status", "direction", "answered_at", "started_at", "ended_at", "from", "to", "answered_by")
    return {name: call.get(name) for name in names}


@pytest.mark.no_cover  # other tests run the same lines
@every_scenario
@settings(max_examples=8)
@given(rng=st.randoms(use_true_random=False), data=st.data())
def test_order_and_repetition(name: str, rng: random.Random, data: st.DataObject) -> None:
    """Any order of the same events, some of them many times, gives the same records."""
    steps = steps_of(name)
    again = data.draw(st.lists(st.sampled_from(steps), max_size=5))
    shuffled = [*steps, *again]
    rng.shuffle(shuffled)
    assert calls_of(shuffled) == calls_of(steps)


@pytest.mark.no_cover  # other tests run the same lines
@every_scenario
def test_one_event_is_missing(name: str) -> None:
    """A record that lacks an event says that it is incomplete, or is right all the same."""
    steps = steps_of(name)
    whole = calls_of(steps)
    for index, step in enumerate(steps):
        if step.hook in UNPROVEN:
            continue
        calls = calls_of([*steps[:index], *steps[index + 1 :]])
        is_right = [said(call) for call in calls] == [said(call) for call in whole]
        assert is_right or any(not call["complete"] for call in calls), step.note


@pytest.mark.no_cover  # other tests run the same lines
@every_scenario
def test_nothing_is_final_too_early(name: str) -> None:
    """As long as anything follows at once, no record of the call is final."""
    steps = steps_of(name)
    for length in range(1, len(steps)):
        following = steps[length]
        known = {step.payload.get("call_id") for step in steps[:length]}
        facts = facts_of(steps[:length])
        for folded in fold(facts, int(steps[length - 1].at)) if facts else ():
            legs = {leg["leg"] for leg in folded.record["legs"]}
            if following.payload.get("call_id") in legs or following.payload.get("call_id") not in known:
                assert not folded.record["final"], following.note


def test_two_calls_at_once() -> None:
    """Events of many calls that come mixed up are sorted out."""
    names = [*EXPECTED]
    alone = {name: calls_of(steps_of(name, seed=index)) for index, name in enumerate(names)}
    mixed: list[Step] = [step for index, name in enumerate(names) for step in steps_of(name, seed=index)]
    random.Random(3).shuffle(mixed)
    found = {call["call"]: call for call in calls_of(mixed)}
    assert found == {call["call"]: call for calls in alone.values() for call in calls}


def test_an_id_that_is_used_again() -> None:
    """A leg's id that comes back after a month is another call, with a key of its own."""
    month = 31 * 86_400
    first, second = steps_of("answered"), steps_of("answered", now=NOW + month)
    assert first[0].payload["call_id"] == second[0].payload["call_id"]
    calls = calls_of([*second, *first], LATER + month)
    assert len(calls) == 2
    assert calls[0] == calls_of(first)[0]
    assert calls[0]["call"] != calls[1]["call"]
    assert calls[1]["started_at"] > calls[0]["started_at"]


def test_a_call_of_a_day() -> None:
    """A long call is one call, in progress until it ends."""
    day = 23 * 3600
    steps = steps_of("answered")
    long = [step._replace(at=step.at + day) if step.hook == "channel_destroy" else step for step in steps]
    long = [
        step._replace(payload=step.payload | {"timestamp": step.payload["timestamp"] + day})
        if step.hook == "channel_destroy"
        else step
        for step in long
    ]
    before_the_end = [step for step in long if step.hook != "channel_destroy"]
    assert [call["state"] for call in calls_of(before_the_end, NOW + day)] == ["in_progress"]
    (call,) = calls_of(long)
    assert call["status"] == "answered"
    assert call["duration_seconds"] > day


def test_an_end_that_never_comes() -> None:
    """A call without an end is closed after a time, and is open again if more is heard of it."""
    steps = steps_of("answered")
    begun = [step for step in steps if step.hook != "channel_destroy"]
    (waiting,) = calls_of(begun, NOW + 3600)
    assert (waiting["state"], waiting["final"]) == ("in_progress", False)
    (closed,) = calls_of(begun, NOW + 40 * 3600)
    assert (closed["state"], closed["final"], closed["complete"]) == ("ended", True, False)
    (whole,) = calls_of(steps, NOW + 41 * 3600)
    assert whole["complete"]
