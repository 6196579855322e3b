"""Faults beyond the matrix (tests/integration/faults/): contents of messages, large numbers, a rotation."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from devtools.inbox import Inbox
from devtools.local import CALLBACK_SECRET
from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.callback.token import token_for
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.faults import FaultProxies
from tests.integration.conftest import Stored
from tests.integration.copies import another_copy
from tests.integration.delivering import Deliver
from tests.receiving import delivery

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient

ROTATED, FUNCTION = "deregister", "Deregister"
MOST_TRIED = 10  # more deliveries than redrive can keep execution environments busy


def queued_bodies(faults: FaultProxies) -> list[dict[str, Any]]:
    """Return the messages that hook functions sent to the redrive queue during this test."""
    return [json.loads(call.body["MessageBody"]) for call in faults["sqs"].calls if call.operation == "SendMessage"]


def test_what_is_queued(deliver: Deliver, faults: FaultProxies, stack: Stack, inbox: Inbox) -> None:
    """A queued delivery has its exact body and its time of receipt, but no token."""
    faults["dynamodb"].fail("*")
    body = encode_json(payload("missed_call"))
    deliver("missed_call", body)
    (queued,) = queued_bodies(faults)
    assert stack.url("missed_call").rpartition("/")[2] not in str(queued)
    assert queued["redelivery"]["body_size"] == len(body)
    before = datetime.fromisoformat(queued["redelivery"]["received_at"])
    faults.clear()
    (message,) = wait_for(inbox.events, "the event is recovered", 300)
    assert message.event["receivedtime"] == before.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_secrets_are_not_queued(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """A queued delivery of the catch-all contains no password."""
    faults["dynamodb"].fail("*")
    deliver("notifications", encode_json(payload("notifications", event_name="new_user", password="s3cret-value")))
    (queued,) = queued_bodies(faults)
    assert (
        "s3cret-value"
        not in delivery("notifications", queued["redelivery"]["body"], isBase64Encoded=True).body.decode()
    )
    faults.clear()
    assert wait_for(inbox.events, "the event is recovered", 300)


def test_unusable_delivery_while_dynamodb_fails(deliver: Deliver, faults: FaultProxies, stored: Stored) -> None:
    """An unusable delivery is queued, too, and quarantined later."""
    faults["dynamodb"].fail("*")
    assert deliver("missed_call", b'{"not": "a missed call", "either": "way"}').outcome == "queued"
    faults.clear()
    wait_for(lambda: faults["dynamodb"].count("PutItem", "quarantine-"), "redrive processes it", 300)
    again = deliver("missed_call", b'{"not": "a missed call", "either": "way"}')
    wait_for(lambda: stored(again.event_id), "it is quarantined")


def test_one_short_try_while_dynamodb_hangs(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """After a delivery without a response from DynamoDB, a later one makes a single attempt before it is queued.

    Not always the next one: redrive may be using the execution environment that knows of the failure.
    """
    faults["dynamodb"].hang("PutItem")
    tries: list[int] = []
    while 1 not in tries and len(tries) < MOST_TRIED:
        sent = payload("channel_bridge")
        assert deliver("channel_bridge", encode_json(sent)).outcome == "queued"
        tries.append(sum(str(sent["call_id"]) in call.text for call in faults["dynamodb"].calls))
    faults.clear()
    assert tries[0] >= 3
    assert tries[-1] == 1
    wait_for(lambda: len(inbox.events()) == len(tries), "all events are recovered", 300)


def test_many_deliveries_while_dynamodb_fails(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """All queued deliveries are processed, and each event is stored once, though all are delivered twice."""
    faults["dynamodb"].fail("*", "ThrottlingException", 400)
    bodies = [encode_json(payload("channel_create")) for _ in range(20)]
    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(lambda body: deliver("channel_create", body).outcome, bodies * 2))
    assert set(outcomes) == {"queued"}
    faults.clear()
    wait_for(lambda: len(inbox.events()) == len(bodies), "all events are recovered", 600)
    wait_for(lambda: all(deliver("channel_create", body).outcome == "duplicate" for body in bodies), "all are stored")
    assert len(inbox.events()) == len(bodies)


def test_sns_fails(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """While SNS fails, events are still stored; once it works again, each is published once.

    The records of their calls may come again under the same id: what is owed is published as it stands by then, which
    may be a later revision that has been published already.
    """
    faults["sns"].fail("PublishBatch")
    ids = [deliver("missed_call", encode_json(payload("missed_call"))).event_id for _ in range(3)]
    wait_for(lambda: any(faults["sqs"].count("SendMessageBatch", each) for each in ids), "publish gives up")
    assert inbox.read() == []
    faults.clear()
    inbox.wait_for_all(ids, 300)
    assert set(Counter(message.id for message in inbox.events()).values()) == {1}


def test_sns_fails_and_the_stream_goes_on(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """Events that arrive once SNS works again do not wait for those that failed before."""
    faults["sns"].fail("PublishBatch", times=3)  # the attempts of one call
    first = deliver("missed_call", encode_json(payload("missed_call")))
    wait_for(lambda: faults["sns"].count("PublishBatch") >= 3, "publish gives up")
    second = deliver("missed_call", encode_json(payload("missed_call")))
    inbox.wait_for(second.event_id)
    inbox.wait_for_all([first.event_id, second.event_id], 300)
    assert set(Counter(message.id for message in inbox.events()).values()) == {1}


@pytest.mark.usefixtures("_rotated_back")
def test_secret_is_rotated(deliver: Deliver, stack: Stack, secretsmanager: "SecretsManagerClient") -> None:
    """After a rotation, warm functions accept the first delivery with a new token, and deliveries with the old one."""
    body = encode_json(payload(ROTATED))
    assert deliver(ROTATED, body).outcome == "stored"
    for secret in ("a new secret of more than 32 characters", "a newer secret of more than 32 characters"):
        secretsmanager.put_secret_value(SecretId=stack.outputs["CallbackSecretArn"], SecretString=secret)
        url = f"{stack.local_api_url}/hooks/{ROTATED}/{token_for(secret, ROTATED)}"
        assert deliver(ROTATED, body, url=url).status == 200
    first_new = f"{stack.local_api_url}/hooks/{ROTATED}/{token_for('a new secret of more than 32 characters', ROTATED)}"
    assert deliver(ROTATED, body, url=first_new).status == 200
    assert deliver(ROTATED, body).status == 403  # the secret before the previous one


@pytest.fixture
def _rotated_back(stack: Stack, secretsmanager: "SecretsManagerClient", lambda_: "LambdaClient") -> Iterator[None]:
    """Restore the secret's known value after the test, in both of its versions.

    Another copy of the function runs the test: its last delivery is rejected, after which the function does not read
    the secret again for a minute, and would reject the deliveries of later tests.
    """
    with another_copy(lambda_, stack.resources[FUNCTION]):
        yield
        for _ in range(2):
            arn = stack.outputs["CallbackSecretArn"]
            secretsmanager.put_secret_value(SecretId=arn, SecretString=CALLBACK_SECRET)


def test_queue_of_dead_letters_is_empty(stack: Stack, sqs: "SQSClient") -> None:
    """None of the faults above left anything that needs an operator."""
    counts = sqs.get_queue_attributes(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert counts["Attributes"]["ApproximateNumberOfMessages"] == "0"


def test_check_that_is_lost(
    deliver: Deliver, faults: FaultProxies, inbox: Inbox, stack: Stack, lambda_: "LambdaClient"
) -> None:
    """A call that nothing looks at again, since the queue took no message about it, is found by the sweep."""
    faults["sqs"].fail("SendMessageBatch")
    sent = payload("missed_call")
    deliver("missed_call", encode_json(sent))

    def revisions() -> list[dict[str, Any]]:
        calls = [message.event["data"] for message in inbox.read() if message.event["type"].endswith(".call")]
        return [call for call in calls if call["legs"][0]["leg"] == sent["call_id"]]

    (first,) = wait_for(revisions, "the call is published")
    assert (first["state"], first["final"]) == ("ended", False)
    faults.clear()

    def is_final() -> bool:
        lambda_.invoke(FunctionName=stack.resources["Calls"], Payload=b'{"sweep": true}')
        return any(call["final"] for call in revisions())

    wait_for(is_final, "the call is final")
