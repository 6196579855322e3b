"""Calls through the deployed stack: deliveries in, records in the table and on SNS out."""

import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from devtools.inbox import Inbox, Message
from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.dash.hooks import CATALOGUE, HOOKS
from simulator.calls.scenarios import SCENARIOS
from simulator.dash import Dash
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.tests.each import for_each
from simulator.transport import emulator_resolver
from tests import contract
from tests.integration.conftest import Stored
from tests.unit.calls.expected import EXPECTED
from tests.unit.calls.test_scenarios import expected_row, row_of

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

    from simulator.steps import Step

TYPE = "com.virtualpbx.dash.call"
# When a kind of call began, in seconds ago: by default so that all of it has happened, and no end of it is overdue.
RECENTLY = 400
AGO = {
    "media_lost_for_good": 2 * 86_400,  # no end is expected any more
    "media_lost_ringing": 2 * 86_400,
    "parked_retrieved": 200,  # parking has no time of its own, so it happens now
    "parked_abandoned": 200,
}
PARKED = {"parked_retrieved", "parked_abandoned"}

type Record = Mapping[str, Any]


class Played:
    """All kinds of calls, played on a Dash that delivers to the stack.

    Attributes:
        steps: What each kind of call fired.
        messages: All messages about calls.
    """

    def __init__(self, dash: Dash, inbox: Inbox) -> None:
        self.steps = {name: self._play(dash, name) for name in EXPECTED}
        self._inbox = inbox
        wait_for(self._are_final, "all calls are final")
        self.messages = [message for message in inbox.messages if message.event["type"] == TYPE]

    @property
    def revisions(self) -> dict[str, list[Record]]:
        """All published revisions of each call, in their order."""
        found = calls_in(self.messages)
        return {call: sorted(records, key=lambda record: int(record["revision"])) for call, records in found.items()}

    def records(self, name: str) -> list[Record]:
        """Return the last records of the calls of a kind, those that were merged after the others."""
        legs = {str(step.payload.get("call_id")) for step in self.steps[name]}
        last = [records[-1] for records in self.revisions.values()]
        ours = [record for record in last if legs & {leg["leg"] for leg in record["legs"]}]
        return sorted(ours, key=lambda record: ("merged_into" in record, record["started_at"]))

    @staticmethod
    def _play(dash: Dash, name: str) -> Sequence["Step"]:
        began = time.time() - AGO.get(name, RECENTLY)
        rng = random.Random(f"{name} {time.time_ns()}")
        steps = SCENARIOS[name].events(rng=rng, account_id=DEFAULT_ACCOUNT_ID, now=began)
        for step in steps:
            dash.fire(DEFAULT_ACCOUNT_ID, step.hook, step.payload, step.leg)
        return steps

    def _are_final(self) -> bool:
        self.messages = self._inbox.read()
        known = {leg["leg"] for records in self.revisions.values() for leg in records[-1]["legs"]}
        legs = {str(step.payload["call_id"]) for steps in self.steps.values() for step in steps}
        return legs <= known and all(records[-1]["final"] for records in self.revisions.values())


def calls_in(messages: Iterable[Message]) -> dict[str, list[Record]]:
    """Return the published revisions of each call."""
    found: dict[str, list[Record]] = defaultdict(list)
    for message in messages:
        if message.event["type"] == TYPE:
            found[message.event["data"]["call"]].append(message.event["data"])
    return found


@pytest.fixture(scope="module")
def played(stack: Stack, sns: "SNSClient", sqs: "SQSClient") -> Iterator[Played]:
    """All kinds of calls, whose records are final."""
    dash = Dash(resolver=emulator_resolver(stack.endpoint), retry_interval=0.1)
    for hook in HOOKS:
        document = {"name": hook, "uri": stack.public_url(hook), "http_verb": "post", "format": "json"}
        dash.register(DEFAULT_ACCOUNT_ID, document | CATALOGUE[hook].registration())
    with Inbox(sns, sqs, stack.outputs["EventsTopicArn"]) as inbox:
        yield Played(dash, inbox)
    dash.close()


@for_each("name", EXPECTED)
def test_record(name: str, played: Played, stored: Stored) -> None:
    """Each kind of call ends with the record that was written by hand, in the table and on SNS."""
    record, *_ = played.records(name)
    expected = EXPECTED[name]
    found = row_of(record)  # type: ignore[arg-type]
    if name in PARKED:  # at the wrong place on its way
        assert "parking" in found["via"]
        found["via"] = expected.via
    if not expected.complete:
        found |= {"duration_seconds": None, "talk_seconds": None, "wait_seconds": expected.wait_seconds}
    assert found == expected_row(expected)
    item = stored(f"call-{record['call']}")
    assert item
    assert item["payload"] == record


def test_revisions(played: Played) -> None:
    """Revisions count up from 1 without a gap, each published once."""
    for records in played.revisions.values():
        assert [record["revision"] for record in records] == [*range(1, len(records) + 1)]


def test_messages(played: Played) -> None:
    """Every message follows the published contract, and can be filtered by what subscribers ask for."""
    for message in played.messages:
        contract.check(message.event)
        record, attributes = message.event["data"], message.attributes
        assert message.event["id"] == f"call-{record['call']}-{record['revision']}"
        said = {name: attribute["Value"] for name, attribute in attributes.items()}
        assert (
            said.items()
            >= {
                "hook": "call",
                "account_id": DEFAULT_ACCOUNT_ID,
                "direction": record["direction"],
                "state": record["state"],
                "final": str(record["final"]).lower(),
            }.items()
        )
        assert said.get("status") == record.get("status")


def test_one_alert(played: Played) -> None:
    """People are alerted once to each call from outside that nobody took, or that left a message, and to no other."""
    alerts = [message.event["data"] for message in played.messages if message.attributes["alert"]["Value"] == "true"]
    assert len({record["call"] for record in alerts}) == len(alerts)
    assert all(record["final"] for record in alerts)
    expected = {
        name
        for name, row in EXPECTED.items()
        if row.voicemail_seconds is not None
        or (row.direction == "inbound" and row.status != "answered" and (row.leg_count > 1 or row.missed_calls))
    }
    found = {
        name
        for name in EXPECTED
        for record in played.records(name)
        if record["call"] in {alert["call"] for alert in alerts}
    }
    assert found == expected
