"""What redrive does with each kind of message, and how long it waits after a failure."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from devtools.template import parsed
from functions.redrive import handler as redriving
from hookswitch.aws import clients
from hookswitch.receiving.redrive import FIRST_WAIT

SECONDS = float(parsed()["Resources"]["Redrive"]["Properties"]["Timeout"])


class Context(SimpleNamespace):
    """Lambda's context, whose time passes as the services want it."""

    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "redrive", 512, "arn", "request"

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of the function's time."""
        return int((SECONDS - self.services.now) * 1000)


QUEUES = {
    "REDRIVE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/deliveries",
    "PUBLISH_DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/unpublished",
}


class Services:
    """Lambda, SQS and the stream, as redrive sees them.

    Attributes:
        answers: What invoked functions return, by name; `None` makes them fail.
        invoked: Function and payload of each call.
        waits: Queue and seconds of each change of visibility.
        records: The stream, two records a page.
        seconds: How long an invocation takes, and how long SQS.
        sqs_away, stream_away: The service fails.
        now: Seconds since the function began.
    """

    def __init__(self) -> None:
        self.seconds, self.now = (0.0, 0.0), 0.0
        self.sqs_away = self.stream_away = False
        self.answers: dict[str, Any] = {}
        self.invoked: list[tuple[str, Any]] = []
        self.waits: list[tuple[str, int]] = []
        self.records: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:
        """Do as Lambda does."""
        self.now += self.seconds[0]
        self.invoked.append((FunctionName, json.loads(Payload)))
        answer = self.answers[FunctionName]
        error = {} if answer is not None else {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(answer or {"errorType": "Boom"}).encode()), **error}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        """Do as SQS does."""
        assert ReceiptHandle == "receipt"
        self.now += self.seconds[1]
        if self.sqs_away:
            raise ClientError({"Error": {"Code": "InternalError"}}, "ChangeMessageVisibility")
        self.waits.append((QueueUrl, VisibilityTimeout))

    def get_shard_iterator(self, **asked: str) -> dict[str, str]:
        """Do as DynamoDB Streams does: the iterator is the position."""
        assert asked["ShardIteratorType"] == "AT_SEQUENCE_NUMBER"
        if self.stream_away:
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "GetShardIterator")
        numbers = [record["dynamodb"]["SequenceNumber"] for record in self.records]
        return {"ShardIterator": str(numbers.index(asked["SequenceNumber"]))}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:
        """Do the same."""
        start = int(ShardIterator)
        following = {"NextShardIterator": str(start + 2)} if start + 2 < len(self.records) else {}
        return {"Records": self.records[start : start + 2], **following}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    """The services that the function finds."""
    services = Services()
    for client in ("lambda_", "dynamodb_streams", "sqs"):
        monkeypatch.setattr(clients, client, lambda *_: services)
    for name, url in QUEUES.items():
        monkeypatch.setenv(name, url)
    for name in ("PUBLISH_FUNCTION", "EVENTS_TABLE", "STACK_ID"):
        monkeypatch.setenv(name, "publish")
    return services


def messages(*bodies: object, queue: str = "deliveries", received: int = 1) -> dict[str, Any]:
    """Return a batch of SQS messages."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": "receipt",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": str(received)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def failures(event: dict[str, Any], services: Services) -> list[str]:
    """Return which messages of a batch stay in their queue."""
    context: Any = Context(services=services)
    answer = redriving.handler(event, context)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


STORED = {"statusCode": 200, "body": json.dumps({"status": "stored", "event_id": "e"})}
DELIVERY: dict[str, Any] = {
    "function": "missed-call",
    "redelivery": {
        "hook": "missed_call",
        "received_at": "2026-11-23T14:27:54.123000+00:00",
        "content_type": "application/json",
        "headers": {"host": "example.com"},
        "body": "e30=",
        "body_size": 2,
        "body_sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    },
}


def test_delivery(services: Services) -> None:
    """A delivery goes to the function that it names, the version that Dash reaches, as a redelivery."""
    services.answers = {"missed-call:live": STORED}
    assert failures(messages(DELIVERY), services) == []
    assert services.invoked == [("missed-call:live", {"redelivery": DELIVERY["redelivery"]})]


@pytest.mark.parametrize("answer", [None, {"statusCode": 500, "body": "{}"}])
def test_delivery_that_fails(answer: dict[str, Any] | None, services: Services) -> None:
    """A delivery that can't be kept yet stays in the queue, alone, and is tried again soon."""
    services.answers = {"missed-call:live": answer, "parking:live": STORED}
    assert failures(messages(DELIVERY, DELIVERY | {"function": "parking"}), services) == ["0"]
    ((url, wait),) = services.waits
    assert url == QUEUES["REDRIVE_QUEUE_URL"]
    assert 1 <= wait <= FIRST_WAIT


def test_waits(services: Services) -> None:
    """The wait doubles with each try, up to a quarter of an hour."""
    services.answers = {"missed-call:live": None}
    for received in (1, 2, 3, 8, 9, 100):
        failures(messages(DELIVERY, received=received), services)
    for (_, wait), longest in zip(services.waits, (5, 10, 20, 640, 900, 900), strict=True):
        assert longest / 2 <= wait <= longest


def test_unpublished_event(services: Services) -> None:
    """An event that SNS did not take goes to the publish function by its key."""
    services.answers = {"publish": {"unpublished": []}}
    assert failures(messages({"event_id": "e"}, queue="unpublished"), services) == []
    assert services.invoked == [("publish", {"event_ids": ["e"]})]


def test_unpublished_event_that_fails(services: Services) -> None:
    """It stays in the publish dead-letter queue while SNS does not take it."""
    services.answers = {"publish": {"unpublished": ["e"]}}
    assert failures(messages({"event_id": "e"}, queue="unpublished"), services) == ["0"]
    assert services.waits[0][0] == QUEUES["PUBLISH_DEAD_LETTER_QUEUE_URL"]


POINTER = {
    "requestContext": {"condition": "RetryAttemptsExhausted"},
    "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
    "version": "1.0",
    "DDBStreamBatchInfo": {
        "shardId": "shard",
        "startSequenceNumber": "1",
        "endSequenceNumber": "6",
        "batchSize": 4,
        "streamArn": "stream",
    },
}


def test_failed_stream_batch(services: Services) -> None:
    """Lambda's pointer to a stretch of the stream is read again, and its new events are noted one by one.

    A test delivery among them is noted as such. Other items are left out, also imported events and the state of
    reconcile.
    """
    services.answers = {"publish": {"unnoted": []}}
    kinds = ["event", "event", "quarantine", "event", "event", "test", None, "imported"]
    services.records = [
        {
            "eventName": "INSERT" if number != 3 else "MODIFY",
            "dynamodb": {
                "SequenceNumber": str(number),
                "NewImage": {"event_id": {"S": f"event-{number}"}, **({"kind": {"S": kind}} if kind else {})},
            },
        }
        for number, kind in enumerate([*kinds, "event"])
    ]
    assert failures(messages(POINTER, queue="unpublished"), services) == []
    assert services.invoked == [("publish", {"note": ["event-1", "event-4"], "tests": ["event-5"]})]
    services.answers = {"publish": {"unnoted": ["event-4"]}}
    assert failures(messages(POINTER, queue="unpublished"), services) == ["0"]


def test_stream_away(services: Services) -> None:
    """A pointer into a stream that can't be read waits its turn like any other message."""
    services.stream_away = True
    assert failures(messages(POINTER, queue="unpublished"), services) == ["0"]
    assert services.waits


def test_queue_can_not_be_told(services: Services) -> None:
    """A message whose wait can't be set stays in the queue all the same, and holds up no other."""
    services.sqs_away = True
    services.answers = {"missed-call:live": None, "parking:live": STORED}
    assert failures(messages(DELIVERY, DELIVERY | {"function": "parking"}), services) == ["0"]


@pytest.mark.parametrize("answer", [STORED, None])
def test_ends_in_time(answer: dict[str, Any] | None, services: Services) -> None:
    """However slow the services are Lambda need not end the function, so what was brought in does not come again."""
    services.seconds, services.answers = (36.0, 7.0), {"missed-call:live": answer}
    left = failures(messages(*[DELIVERY] * 5), services)
    assert services.now < SECONDS
    assert 0 < len(services.invoked) < 5
    assert len(left) == 5 - (len(services.invoked) if answer else 0)


def test_unknown_message(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    """A message that is none of ours is not acted upon, is spoken of in the log, and ends as a dead letter."""
    assert failures(messages({"function": "missed-call"}, {"event_id": 7}), services) == ["0", "1"]
    assert services.invoked == []
    assert ["Error" in record.message for record in caplog.records] == [True, True]
