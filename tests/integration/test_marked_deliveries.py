"""Marked test deliveries: from the API to a topic of their own, and nowhere else."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import urllib3

from devtools.inbox import Inbox
from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.dash.hooks import HOOKS
from simulator.encoding import encode_form, encode_json
from simulator.payloads import payload
from tests import contract
from tests.faults import FaultProxies
from tests.integration.conftest import Stored
from tests.integration.delivering import Deliver

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient


@pytest.fixture
def tests(stack: Stack, sns: "SNSClient", sqs: "SQSClient") -> Iterator[Inbox]:
    """A queue that is subscribed to the topic of test deliveries, whose messages must follow the contract."""
    with Inbox(sns, sqs, stack.outputs["TestTopicArn"]) as subscribed:
        yield subscribed
    for message in subscribed.messages:
        contract.check(message.event)


def test_every_hook(
    stack: Stack, deliver: Deliver, inbox: Inbox, tests: Inbox, stored: Stored, dynamodb: "DynamoDBClient"
) -> None:
    """A test of each hook is stored and published once, on its own topic; no index and no subscriber has it."""
    test_id = uuid4().hex
    sent = {hook: deliver(hook, encode_json({"hookswitch_test": test_id})) for hook in HOOKS}
    for hook, answer in sent.items():
        assert (answer.status, answer.body) == (200, {"status": "test", "event_id": f"test-{hook}-{test_id}"})
    keys = {answer.event_id for answer in sent.values()}
    assert tests.wait_for_all(keys) == dict.fromkeys(keys, 1)
    for hook, answer in sent.items():
        message = tests.wait_for(answer.event_id).event
        assert (message["type"], message["data"]["hook"]) == ("com.virtualpbx.dash.test", hook)
        item = stored(answer.event_id)
        assert item is not None
        assert (item["kind"], item["hook"]) == ("test", hook)
    for index in ("calls", "subjects", "feeds"):
        pages = dynamodb.get_paginator("scan").paginate(TableName=stack.outputs["EventsTableName"], IndexName=index)
        assert not keys & {item["event_id"]["S"] for page in pages for item in page["Items"]}
    inbox.wait_for(deliver("parking", encode_json(payload("parking"))).event_id)  # later than the tests
    assert not keys & inbox.counts().keys()


@pytest.mark.parametrize("encoding", ["form", "get"])
def test_other_encodings(encoding: str, stack: Stack, deliver: Deliver, tests: Inbox) -> None:
    """The mark counts wherever the hook reads its fields from, with or without an event around it."""
    marked = {"hookswitch_test": uuid4().hex}
    if encoding == "form":
        body = deliver("missed_call", encode_form(payload("missed_call") | marked), form=True).body
    else:
        body = urllib3.request("GET", stack.url("missed_call"), fields=marked).json()
    assert body["status"] == "test"
    tests.wait_for(body["event_id"])


def test_same_test_twice(deliver: Deliver, tests: Inbox) -> None:
    """It is one test."""
    body = encode_json({"hookswitch_test": uuid4().hex})
    first, second = deliver("missed_call", body), deliver("missed_call", body)
    assert (first.outcome, second.outcome) == ("test", "duplicate")
    assert first.event_id == second.event_id
    tests.wait_for(first.event_id)
    assert tests.counts()[first.event_id] == 1


def test_wrong_token(stack: Stack, deliver: Deliver, stored: Stored) -> None:
    """Nobody tests without the hook's token."""
    test_id = uuid4().hex
    url = stack.url("missed_call")[:-8] + "x" * 8
    assert deliver("missed_call", encode_json({"hookswitch_test": test_id}), url=url).status == 403
    assert stored(f"test-missed_call-{test_id}") is None


def test_dynamodb_away(deliver: Deliver, faults: FaultProxies, tests: Inbox) -> None:
    """A test that DynamoDB does not accept waits in the redrive queue, and is published as a test later."""
    test_id = uuid4().hex
    faults["dynamodb"].fail("PutItem")
    assert deliver("missed_call", encode_json({"hookswitch_test": test_id})).outcome == "queued"
    faults.clear()
    tests.wait_for(f"test-missed_call-{test_id}", 60)


def test_sns_away(deliver: Deliver, faults: FaultProxies, tests: Inbox, inbox: Inbox) -> None:
    """A test that its topic does not accept is published there later, and not on the topic of events."""
    faults["sns"].fail("PublishBatch")
    event_id = deliver("missed_call", encode_json({"hookswitch_test": uuid4().hex})).event_id
    noted = wait_for(lambda: faults["sqs"].find("SendMessageBatch", event_id), "it is noted as owed")
    owed = [json.loads(entry["MessageBody"]) for call in noted for entry in call.body["Entries"]]
    # Redrive may have tried in the meantime, in vain as well.
    own = [message for message in owed if message["event_id"] == event_id]
    assert own == [{"event_id": event_id, "destination": "sns-test"}] * len(noted)
    faults.clear()
    tests.wait_for(event_id, 60)
    assert event_id not in inbox.counts()
