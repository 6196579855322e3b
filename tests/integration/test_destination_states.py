"""Destinations that fail, are slow, are gone, have a pace, and are paused and removed, through the deployed stack.

What becomes of every interruption is shown in tests/unit/destinations. Here are the queues, the roles and the key: this
needs each permission of the functions that tests/integration/test_destinations.py does not need.
"""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from devtools.inbox import subscribers_policy
from devtools.stack import Stack
from devtools.waiting import wait_for
from simulator.encoding import encode_json
from simulator.payloads import payload
from simulator.receivers.behaviors import answering, in_turn, slow
from simulator.receivers.server import Receiver
from tests.faults import FaultProxies
from tests.integration.delivering import Deliver

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

PATIENCE = 60.0  # seconds
OK = answering(200)
FLAKY, SLOW, GONE, ORDERED, PACED = NAMES = ("flaky", "slow", "gone", "ordered", "paced")

type Ask = Callable[..., Any]


@pytest.fixture
def ask(stack: Stack, lambda_: "LambdaClient") -> Ask:
    """Ask the function that manages destinations: `ask("pause", name="office")`."""

    def ask(verb: str, *, of: str = "Destinations", **values: object) -> Any:
        answer = lambda_.invoke(FunctionName=stack.resources[of], Payload=json.dumps({verb: values}))
        said = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, said
        return said

    return ask


@pytest.fixture
def notices(stack: Stack, sns: "SNSClient", sqs: "SQSClient") -> Iterator[Callable[[], list[str]]]:
    """Return what the topic of alarms has published so far."""
    url = sqs.create_queue(QueueName=f"notices-{uuid4().hex}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic, found = stack.outputs["OperationsTopicArn"], list[str]()
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": subscribers_policy(arn, topic)})
    subscribed = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def read() -> list[str]:
        found.extend(each["Body"] for each in sqs.receive_message(QueueUrl=url).get("Messages", []))
        return found

    yield read
    sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def arrived(ask: Ask, https_receiver: Receiver) -> Iterator[Callable[[str], list[str]]]:
    """Return the ids that a destination got, in order; there is one of each name for the time of the test."""
    run = uuid4().hex
    paths = {name: f"/{run}/{name}" for name in NAMES}
    https_receiver.routes |= {
        paths[FLAKY]: in_turn(OK, answering(503), OK),
        paths[SLOW]: in_turn(OK, slow(2.1), OK),
        paths[GONE]: answering(410),
    }
    options = {ORDERED: {"ordered": True}, PACED: {"per_second": 0.19}}
    for name in NAMES:
        url, which = https_receiver.url(paths[name]), {"hooks": ["missed_call"]}
        ask("add", name=name, type="https", url=url, filter=which, options=options.get(name))
    yield lambda name: [request.headers["webhook-id"] for request in https_receiver.to(paths[name])]
    left = {each["name"] for each in ask("list")["destinations"]}
    for name in left & set(NAMES):
        ask("remove", name=name)


def test_states(
    ask: Ask,
    arrived: Callable[[str], list[str]],
    notices: Callable[[], list[str]],
    deliver: Deliver,
    stack: Stack,
    dynamodb: "DynamoDBClient",
) -> None:
    """Each destination gets each event, in its way; one that is gone gets none; nothing is left of one removed."""

    def call() -> str:
        return deliver("missed_call", encode_json(payload("missed_call"))).event_id

    def wait_until_all_have(wanted: set[str], *names: str) -> None:
        wait_for(lambda: all(wanted <= set(arrived(name)) for name in names), "all events are there", PATIENCE)

    events = [call()]
    wait_until_all_have(set(events), *NAMES)
    (notice,) = wait_for(notices, "operators are told", PATIENCE)
    assert "410" in notice
    ask("resume", name=FLAKY)  # from here on, Route knows which of them answer quickly
    events.append(call())
    wait_until_all_have(set(events), SLOW)
    events += [call(), call()]
    wait_until_all_have(set(events), FLAKY, SLOW, ORDERED, PACED)
    assert len(arrived(FLAKY)) == len(events) + 1
    assert arrived(GONE) == events[:1]

    states = {each["name"]: each["state"] for each in ask("list")["destinations"] if each["name"] in NAMES}
    assert states == dict.fromkeys(NAMES, "on") | {GONE: "off"}
    assert ask("test", of="Send", name=GONE)["outcome"] == "gone"
    assert len(ask("attempts", name=ORDERED)["attempts"]) == len(events)
    ask("pause", name=ORDERED)
    assert ask("owe", name=ORDERED, keys=events[:1], replay=True)["owed"] == 1
    assert arrived(ORDERED).count(events[0]) == 1
    ask("resume", name=ORDERED)
    assert ask("resend", name=ORDERED, event_id=events[1])["owed"] == 1
    wait_for(lambda: [arrived(ORDERED).count(each) for each in events] == [2, 2, 1, 1], "both are sent again", PATIENCE)

    ids = {row["id"]["S"] for row in rows(dynamodb, stack) if row["owner"]["S"] == "destinations"}
    assert len(ids) >= len(NAMES)
    for name in NAMES:
        ask("remove", name=name)
    ask("sweep")
    kept = {row["id"]["S"] for row in rows(dynamodb, stack) if row["owner"]["S"] == "destinations"}
    assert not [row for row in rows(dynamodb, stack) if row["owner"]["S"].rpartition("/")[2] in ids - kept]


def test_event_that_can_not_be_routed(
    arrived: Callable[[str], list[str]], deliver: Deliver, faults: FaultProxies
) -> None:
    """An event whose destinations can't be noted comes again soon, and arrives once DynamoDB works."""
    faults["dynamodb"].fail("BatchWriteItem")
    event = deliver("missed_call", encode_json(payload("missed_call"))).event_id
    wait_for(lambda: faults["sqs"].count("ChangeMessageVisibility"), "it is hidden for some seconds", PATIENCE)
    assert not arrived(ORDERED)
    faults.clear()
    wait_for(lambda: arrived(ORDERED) == [event], "it arrives", PATIENCE)


def test_event_that_its_queue_refused(
    ask: Ask,
    arrived: Callable[[str], list[str]],
    deliver: Deliver,
    stack: Stack,
    sns: "SNSClient",
    sqs: "SQSClient",
) -> None:
    """What SNS puts into the queue for refused events is routed by a sweep.

    The emulator does not move what a queue refuses, so SNS gets the second queue as a subscriber here.
    """
    url = stack.outputs["RefusedEventsQueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic, raw = stack.outputs["EventsTopicArn"], {"RawMessageDelivery": "true"}
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)["SubscriptionArn"]
    try:
        event = deliver("missed_call", encode_json(payload("missed_call"))).event_id
        wait_for(lambda: arrived(ORDERED) == [event], "it arrives the usual way", PATIENCE)
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
    ask("sweep")
    wait_for(lambda: arrived(ORDERED) == [event, event], "it arrives by the other queue, too", PATIENCE)
    assert not sqs.receive_message(QueueUrl=url).get("Messages")


def rows(dynamodb: "DynamoDBClient", stack: Stack) -> list[Any]:
    """Return the rows of the table of destinations."""
    return dynamodb.scan(TableName=stack.outputs["DestinationsTableName"])["Items"]
