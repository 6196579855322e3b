"""Webhooks are off for a quarter of an hour of a busy day: every call of that time has its record all the same."""

import json
import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from devtools.outcome import read_table
from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.calls.record import Call
from simulator.api import DashApi
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.unit.calls.scenes import calls_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient

    from simulator.steps import Step

BEFORE, OFF = 300, 900  # seconds with all webhooks on, then seconds with some off
SWITCHED_OFF = ("channel_create", "channel_answer", "channel_destroy", "voicemail_new", "outbound_fax", "notifications")
BUSY = (  # what begins every few seconds, in turn
    *("ring_group", "attended_transfer", "answered", "voicemail", "blind_transfer", "abandoned", "loopback"),
    *("ring_group_unanswered", "outbound_answered", "queue_agent", "outbound_fax", "internal_answered"),
)
EVERY = 75  # seconds

type Item = Mapping[str, Any]


@pytest.fixture(scope="module")
def began() -> int:
    """When the busy time began, in Unix seconds: so long ago that all of it is compared."""
    return int(time.time()) - BEFORE - OFF - 1_200


@pytest.fixture(scope="module")
def played(began: int, stack: Stack, dash_api: DashApi, lambda_: "LambdaClient") -> Sequence[Sequence["Step"]]:
    """The steps of each call; afterwards reconcile has compared that time."""
    starts = range(began, began + BEFORE + OFF, EVERY)
    calls = [
        SCENARIOS[BUSY[number % len(BUSY)]].events(
            rng=random.Random(f"accounting {start}"), account_id=DEFAULT_ACCOUNT_ID, now=float(start)
        )
        for number, start in enumerate(starts)
    ]
    dash = dash_api.dash
    ours = [it for it in dash.webhooks(DEFAULT_ACCOUNT_ID) if it.uri.split("/")[-2] in SWITCHED_OFF]
    assert len(ours) == len(SWITCHED_OFF)
    for step in sorted((step for steps in calls for step in steps), key=lambda step: step.at):
        for webhook in ours:
            if began + BEFORE <= step.at < began + BEFORE + OFF:
                webhook.disable()
            else:
                webhook.enable()
        dash.fire(DEFAULT_ACCOUNT_ID, step.hook, step.payload, step.leg)
    request = {"since": datetime.fromtimestamp(began - 10, UTC).isoformat()}
    answer = lambda_.invoke(FunctionName=stack.resources["Reconcile"], Payload=json.dumps(request))
    report = json.loads(answer["Payload"].read())
    found = report["accounting"]
    assert found["complete"], report
    assert found["legs_on_dash"] == found["legs_here"] >= len(_legs(calls)), found
    assert found["recovered"] > len(_legs(calls)) / 2, found
    assert found["voicemails"]["recovered"], found
    assert found["faxes"]["recovered"], found
    return calls


def test_every_leg_ended_once(played: Sequence[Sequence["Step"]], stack: Stack, dynamodb: "DynamoDBClient") -> None:
    """Each leg has its end, once, also if its webhook delivers it after all."""
    items = _of_kind(read_table(dynamodb, stack.outputs["EventsTableName"]), "event")
    ends = [it["call_id"] for it in items if it["hook"] == "channel_destroy" and it["payload"].get("hangup_cause")]
    legs = _legs(played)
    assert sorted(end for end in ends if end in legs) == sorted(legs)


def test_every_call_has_its_record(
    played: Sequence[Sequence["Step"]], stack: Stack, dynamodb: "DynamoDBClient"
) -> None:
    """Each call has one record, with the status of the undisturbed call unless `complete` is false."""
    table = stack.outputs["EventsTableName"]
    legs = _legs(played)

    def by_leg() -> dict[str, list[Call]]:
        found: dict[str, list[Call]] = defaultdict(list)
        for item in _of_kind(read_table(dynamodb, table), "call"):
            if "merged_into" not in item["payload"]:
                for leg in item["payload"]["legs"]:
                    found[leg["leg"]].append(item["payload"])
        return found

    def are_final() -> bool:
        found = by_leg()
        return all(found[leg] and all(call["final"] for call in found[leg]) for leg in legs)

    wait_for(are_final, "all calls are final", 120, interval=2)
    found = by_leg()
    for steps in played:
        for undisturbed in calls_of(steps):
            records = {call["call"]: call for leg in undisturbed["legs"] for call in found[leg["leg"]]}
            assert len(records) == 1, undisturbed["legs"]
            (record,) = records.values()
            assert record["status"] == undisturbed["status"] or not record["complete"], record


def test_late_webhook(
    played: Sequence[Sequence["Step"]], stack: Stack, dash_api: DashApi, dynamodb: "DynamoDBClient"
) -> None:
    """The webhook's own delivery, should it come after all, changes nothing."""
    table = stack.outputs["EventsTableName"]
    before = {it["event_id"] for it in read_table(dynamodb, table)}
    for steps in played[-3:]:
        for step in steps:
            if step.hook == "channel_destroy":
                dash_api.dash.fire(DEFAULT_ACCOUNT_ID, step.hook, step.payload, step.leg)
    after = read_table(dynamodb, table)
    assert not [
        it for it in _of_kind(after, "event") if it["event_id"] not in before and it["hook"] == "channel_destroy"
    ]


def _legs(calls: Sequence[Sequence["Step"]]) -> set[str]:
    return {str(step.payload["call_id"]) for steps in calls for step in steps if step.hook == "channel_destroy"}


def _of_kind(items: Sequence[Item], kind: str) -> list[Item]:
    return [item for item in items if item.get("kind") == kind]
