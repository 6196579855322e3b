"""Calls through the deployed stack: deliveries in, records in the table and on SNS out."""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from devtools.inbox import Inbox, Message
from devtools.waiting import wait_for
from simulator.calls.scenarios import SCENARIOS
from simulator.dash import Dash
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.integration.conftest import Stored
from tests.unit.calls.expected import EXPECTED
from tests.unit.calls.test_scenarios import expected_row, row_of

if TYPE_CHECKING:
    from simulator.steps import Step

TYPE = "com.virtualpbx.dash.call"
TWO_DAYS = 2 * 86_400  # ago: when a call that long ago has no end, none is expected
PARKED = {"parked_retrieved", "parked_abandoned"}  # parking has no time of its own, so these happen now

type Play = Callable[[str, int], Sequence["Step"]]


@pytest.fixture
def play(dash: Dash) -> Play:
    """Play a kind of call on Dash, with ids from a seed, and return what it fired."""
    for webhook in dash.webhooks(DEFAULT_ACCOUNT_ID):
        webhook.enabled = True

    def play(name: str, seed: int) -> Sequence["Step"]:
        began = time.time() - (200 if name in PARKED else TWO_DAYS)
        rng = random.Random(f"{name} {seed} {time.time_ns()}")
        steps = SCENARIOS[name].events(rng=rng, account_id=DEFAULT_ACCOUNT_ID, now=began)
        for step in steps:
            dash.fire(DEFAULT_ACCOUNT_ID, step.hook, step.payload)
        return steps

    return play


def calls_in(messages: Iterable[Message]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the published revisions of each call."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for message in messages:
        if message.event["type"] == TYPE:
            record = message.event["data"]
            found[record["call"]].append(record)
    return found


def final_calls(inbox: Inbox, steps: Sequence["Step"]) -> list[Mapping[str, Any]]:
    """Return the final records of the calls that steps belong to, the oldest first, once there are any."""
    legs = {str(step.payload.get("call_id")) for step in steps}

    def records() -> list[Mapping[str, Any]]:
        latest = [max(found, key=lambda record: record["revision"]) for found in calls_in(inbox.read()).values()]
        ours = [record for record in latest if legs & {leg["leg"] for leg in record["legs"]}]
        return ours if ours and all(record["final"] for record in ours) else []

    found = wait_for(records, "all calls are final")
    return sorted(found, key=lambda record: ("merged_into" in record, record["started_at"]))


@pytest.mark.parametrize("name", EXPECTED)
def test_record(name: str, play: Play, inbox: Inbox, stored: Stored) -> None:
    """Each kind of call ends with the record that was written by hand, in the table and on SNS."""
    steps = play(name, 1)
    record, *_ = final_calls(inbox, steps)
    expected = EXPECTED[name]
    found = row_of(record)  # type: ignore[arg-type]
    if not expected.complete:
        found |= {"duration_seconds": None, "talk_seconds": None, "wait_seconds": expected.wait_seconds}
    assert found == expected_row(expected)
    item = stored(f"call-{record['call']}")
    assert item
    assert item["payload"] == record


def test_revisions(play: Play, inbox: Inbox) -> None:
    """Revisions count up from 1 without a gap, each is published once, and the last one alone is final."""
    steps = play("ring_group", 2)
    (record,) = final_calls(inbox, steps)
    revisions = calls_in(inbox.read())[record["call"]]
    numbers = sorted(each["revision"] for each in revisions)
    assert numbers == [*range(1, len(numbers) + 1)]
    by_number = sorted(revisions, key=lambda each: int(each["revision"]))
    assert [each["state"] for each in by_number if each["state"] == "ringing"]
    assert [each["final"] for each in by_number] == [False] * (len(numbers) - 1) + [True]
