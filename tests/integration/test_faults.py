"""When a service that the functions need fails: what Dash sees, where the event is, how it comes in."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookswitch.sender import token_for
from tests.dash.encoding import encode_json
from tests.dash.payloads import payload
from tests.faults import FaultProxies
from tests.integration.conftest import Stored
from tests.integration.delivering import Deliver
from tests.receiving import delivery
from tools.inbox import Inbox
from tools.stack import Stack
from tools.waiting import wait_for

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient

ROTATED = "deregister"  # the hook whose one fresh look a minute no other test uses up with wrong tokens
ANSWER_IN_TIME = 25  # seconds: API Gateway gives up at 29


def queued_bodies(faults: FaultProxies) -> list[dict[str, Any]]:
    """Return what hook functions put into the redrive queue during this test."""
    return [json.loads(call.body["MessageBody"]) for call in faults["sqs"].calls if call.operation == "SendMessage"]


@pytest.mark.parametrize("hook", ["missed_call", "parking"])
@pytest.mark.parametrize(
    ("code", "status"), [("ProvisionedThroughputExceededException", 400), ("InternalServerError", 500)]
)
def test_dynamodb_fails(
    hook: str, code: str, status: int, deliver: Deliver, faults: FaultProxies, inbox: Inbox
) -> None:
    """While DynamoDB fails, deliveries are answered 200 and queued; once it is back they are stored and published."""
    faults["dynamodb"].fail("*", code, status)
    body = encode_json(payload(hook))
    answer = deliver(hook, body)
    assert (answer.status, answer.outcome) == (200, "queued")
    wait_for(
        lambda: faults["dynamodb"].count("PutItem") + faults["dynamodb"].count("TransactWriteItems") > 3,
        "redrive tries",
    )
    assert inbox.counts() == {}
    faults["dynamodb"].clear()
    messages = wait_for(inbox.read, "the event is brought in", 60)
    assert deliver(hook, body).outcome == "duplicate"
    assert [message.event["type"] for message in messages] == [f"com.virtualpbx.dash.{hook}"]


def test_what_is_queued(deliver: Deliver, faults: FaultProxies, stack: Stack, inbox: Inbox) -> None:
    """A queued delivery holds its exact body and its time of receipt, and no token."""
    faults["dynamodb"].fail("*")
    body = encode_json(payload("missed_call"))
    deliver("missed_call", body)
    (queued,) = queued_bodies(faults)
    assert stack.url("missed_call").rpartition("/")[2] not in str(queued)
    assert queued["redelivery"]["body_size"] == len(body)
    before = datetime.fromisoformat(queued["redelivery"]["received_at"])
    faults.clear()
    (message,) = wait_for(inbox.read, "the event is brought in", 60)
    assert message.event["receivedtime"] == before.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_secrets_are_not_queued(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """A queued delivery of the catch-all holds no password."""
    faults["dynamodb"].fail("*")
    deliver("notifications", encode_json(payload("notifications", event_name="new_user", password="s3cret-value")))
    (queued,) = queued_bodies(faults)
    assert (
        "s3cret-value"
        not in delivery("notifications", queued["redelivery"]["body"], isBase64Encoded=True).body.decode()
    )
    faults.clear()
    assert wait_for(inbox.read, "the event is brought in", 60)


def test_unusable_delivery_while_dynamodb_fails(deliver: Deliver, faults: FaultProxies, stored: Stored) -> None:
    """An unusable delivery is queued as well, and quarantined later."""
    faults["dynamodb"].fail("*")
    assert deliver("missed_call", b'{"not": "a missed call", "either": "way"}').outcome == "queued"
    faults.clear()
    wait_for(lambda: faults["dynamodb"].count("PutItem"), "redrive brings it in", 60)
    again = deliver("missed_call", b'{"not": "a missed call", "either": "way"}')
    wait_for(lambda: stored(again.event_id), "it is in the quarantine")


def test_dynamodb_hangs(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """A hanging DynamoDB does not keep Dash waiting for longer than API Gateway does."""
    faults["dynamodb"].delay("PutItem", 30)
    began = time.monotonic()
    answer = deliver("missed_call", encode_json(payload("missed_call")))
    assert time.monotonic() - began < ANSWER_IN_TIME
    assert (answer.status, answer.outcome) == (200, "queued")
    faults.clear()
    (message,) = wait_for(inbox.read, "the event is brought in", 60)
    assert inbox.counts()[message.id] == 1


def test_lost_answer(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """A write whose answer was lost is repeated by the client, and makes one item and one message."""
    faults["dynamodb"].lose_answer("PutItem", times=1)
    answer = deliver("missed_call", encode_json(payload("missed_call")))
    assert answer.status == 200
    fence = deliver("missed_call", encode_json(payload("missed_call")))
    inbox.wait_for_all([answer.event_id, fence.event_id])
    assert inbox.counts()[answer.event_id] == 1


def test_dynamodb_and_the_queue_fail(deliver: Deliver, faults: FaultProxies) -> None:
    """Only when no durable place is left is the answer 500."""
    faults["dynamodb"].fail("*")
    faults["sqs"].fail("SendMessage")
    answer = deliver("missed_call", encode_json(payload("missed_call")))
    assert answer.status == 500
    assert answer.body["message"].endswith(".")


def test_many_deliveries_while_dynamodb_fails(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """Everything that is queued comes in, each event once, though all of it is delivered twice."""
    faults["dynamodb"].fail("*", "ThrottlingException", 400)
    bodies = [encode_json(payload("channel_create")) for _ in range(20)]
    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(lambda body: deliver("channel_create", body).outcome, bodies * 2))
    assert set(outcomes) == {"queued"}
    faults.clear()
    wait_for(lambda: len(inbox.counts()) == len(bodies), "all events are brought in", 120)
    wait_for(lambda: all(deliver("channel_create", body).outcome == "duplicate" for body in bodies), "all are stored")
    assert set(inbox.counts().values()) == {1}


def test_sns_fails(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """While SNS fails, events are stored all the same; once it is back each is published, once."""
    faults["sns"].fail("PublishBatch")
    ids = [deliver("missed_call", encode_json(payload("missed_call"))).event_id for _ in range(3)]
    wait_for(
        lambda: faults["sqs"].count("SendMessageBatch") or faults["sns"].count("PublishBatch") > 3, "publish gives up"
    )
    assert inbox.counts() == {}
    faults.clear()
    assert set(inbox.wait_for_all(ids, 60).values()) == {1}


def test_sns_fails_and_the_stream_goes_on(deliver: Deliver, faults: FaultProxies, inbox: Inbox) -> None:
    """Events that come once SNS is back do not wait for those that it refused before."""
    faults["sns"].fail("PublishBatch", times=3)  # the tries of one call
    first = deliver("missed_call", encode_json(payload("missed_call")))
    wait_for(lambda: faults["sns"].count("PublishBatch") >= 3, "publish gives up")
    second = deliver("missed_call", encode_json(payload("missed_call")))
    inbox.wait_for(second.event_id)
    assert set(inbox.wait_for_all([first.event_id, second.event_id], 60).values()) == {1}


def test_secret_is_rotated(
    deliver: Deliver, stack: Stack, secretsmanager: "SecretsManagerClient", rotated_back: str
) -> None:
    """After a rotation, warm functions take the first delivery with a new token, and those with the old one."""
    del rotated_back
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
def rotated_back(stack: Stack, secretsmanager: "SecretsManagerClient") -> Iterator[str]:
    """Give the secret its known value back after the test, as both of its versions."""
    known = stack.parameters["CallbackSecretValue"]
    yield known
    for _ in range(2):
        secretsmanager.put_secret_value(SecretId=stack.outputs["CallbackSecretArn"], SecretString=known)


class Redelivering:
    """Hands deliveries with a time of receipt to a hook function, as redrive does."""

    def __init__(self, stack: Stack, lambda_: "LambdaClient") -> None:
        self._stack, self._lambda = stack, lambda_

    def __call__(self, sent: dict[str, Any], received_at: datetime) -> str:
        """Return what became of a parking delivery that arrived at a moment."""
        return str(self.answer(sent, received_at)["status"])

    def answer(self, sent: dict[str, Any], received_at: datetime) -> dict[str, str]:
        """Return the whole answer to it."""
        message = delivery("parking", encode_json(sent)).to_message() | {"received_at": received_at.isoformat()}
        answer = self._lambda.invoke(
            FunctionName=self._stack.resources["Parking"], Payload=json.dumps({"redelivery": message})
        )
        body: dict[str, str] = json.loads(json.loads(answer["Payload"].read())["body"])
        return body


@pytest.fixture(scope="module")
def redeliver(stack: Stack, lambda_: "LambdaClient") -> Redelivering:
    """Bring in a parking delivery as if it had arrived at some moment."""
    return Redelivering(stack, lambda_)


WINDOW = 120


def test_parked_again(redeliver: Redelivering) -> None:
    """An identical parking delivery within two minutes is the same event, later it is a new one."""
    sent, began = payload("parking"), datetime.now(UTC)
    seconds = [0, 2, 119, 120, 121, 300]
    outcomes = [redeliver(sent, began + timedelta(seconds=second)) for second in seconds]
    assert outcomes == ["stored", "duplicate", "duplicate", "stored", "duplicate", "stored"]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_parked_in_any_order(redeliver: Redelivering, seconds: list[int]) -> None:
    """In whatever order deliveries of one parking come in, stored ones are two minutes apart, all others near one."""
    sent, began = payload("parking"), datetime.now(UTC)
    kept: list[int] = []
    for second in seconds:
        near = any(abs(second - other) < WINDOW for other in kept)
        outcome = redeliver(sent, began + timedelta(seconds=second))
        assert outcome == ("duplicate" if near else "stored")
        kept += [] if near else [second]


def test_duplicate_names_the_item(redeliver: Redelivering, stored: Stored) -> None:
    """A duplicate is answered with the key of the item that is there, on whichever side of a border of time that is."""
    border = datetime.fromtimestamp(datetime.now(UTC).timestamp() // WINDOW * WINDOW, UTC)
    for first, again in ((-1, 1), (1, -1)):
        sent = payload("parking")
        kept = redeliver.answer(sent, border + timedelta(seconds=first))
        assert redeliver.answer(sent, border + timedelta(seconds=again)) == kept | {"status": "duplicate"}
        assert stored(kept["event_id"]) is not None


def test_concurrent_parking_at_a_border(redeliver: Redelivering) -> None:
    """Deliveries that arrive at once, on both sides of every border of time, make one item."""
    sent = payload("parking")
    began = datetime.fromtimestamp(datetime.now(UTC).timestamp() // WINDOW * WINDOW, UTC)
    moments = [began + timedelta(seconds=offset / 10) for offset in range(-10, 10)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda moment: redeliver(sent, moment), moments))
    assert outcomes.count("stored") == 1


def test_queue_of_dead_letters_is_empty(stack: Stack, sqs: "SQSClient") -> None:
    """None of the faults above left anything that needs a person."""
    counts = sqs.get_queue_attributes(
        QueueUrl=stack.outputs["DeadLetterQueueUrl"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert counts["Attributes"]["ApproximateNumberOfMessages"] == "0"
