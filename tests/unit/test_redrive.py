"""What redrive does with each kind of message, and how long it waits after a failure."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from functions.redrive import handler as redriving

CONTEXT: Any = SimpleNamespace(
    function_name="redrive", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="request"
)
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
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.invoked: list[tuple[str, Any]] = []
        self.waits: list[tuple[str, int]] = []
        self.records: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:
        """Do as Lambda does."""
        self.invoked.append((FunctionName, json.loads(Payload)))
        answer = self.answers[FunctionName]
        error = {} if answer is not None else {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(answer or {"errorType": "Boom"}).encode()), **error}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        """Do as SQS does."""
        assert ReceiptHandle == "receipt"
        self.waits.append((QueueUrl, VisibilityTimeout))

    def get_shard_iterator(self, **asked: str) -> dict[str, str]:
        """Do as DynamoDB Streams does: the iterator is the position."""
        assert asked["ShardIteratorType"] == "AT_SEQUENCE_NUMBER"
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
    for client in ("_lambda", "_sqs", "_streams"):
        monkeypatch.setattr(redriving, client, lambda: services)
    for name, url in QUEUES.items():
        monkeypatch.setenv(name, url)
    monkeypatch.setenv("PUBLISH_FUNCTION", "publish")
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


def failures(event: dict[str, Any]) -> list[str]:
    """Return which messages of a batch stay in their queue."""
    answer = redriving.handler(event, CONTEXT)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


STORED = {"statusCode": 200, "body": json.dumps({"status": "stored", "event_id": "e"})}
DELIVERY = {"function": "missed-call", "redelivery": {"hook": "missed_call"}}


def test_delivery(services: Services) -> None:
    """A delivery goes to the function that it names, the version that Dash reaches, as a redelivery."""
    services.answers = {"missed-call:live": STORED}
    assert failures(messages(DELIVERY)) == []
    assert services.invoked == [("missed-call:live", {"redelivery": {"hook": "missed_call"}})]


@pytest.mark.parametrize("answer", [None, {"statusCode": 500, "body": "{}"}])
def test_delivery_that_fails(answer: dict[str, Any] | None, services: Services) -> None:
    """A delivery that can't be kept yet stays in the queue, alone, and is tried again soon."""
    services.answers = {"missed-call:live": answer, "parking:live": STORED}
    assert failures(messages(DELIVERY, DELIVERY | {"function": "parking"})) == ["0"]
    ((url, wait),) = services.waits
    assert url == QUEUES["REDRIVE_QUEUE_URL"]
    assert 1 <= wait <= redriving.FIRST_WAIT


def test_waits(services: Services) -> None:
    """The wait doubles with each try, up to a quarter of an hour."""
    services.answers = {"missed-call:live": None}
    for received in (1, 2, 3, 8, 9, 100):
        failures(messages(DELIVERY, received=received))
    for (_, wait), longest in zip(services.waits, (5, 10, 20, 640, 900, 900), strict=True):
        assert longest / 2 <= wait <= longest


def test_unpublished_event(services: Services) -> None:
    """An event that SNS did not take goes to the publish function by its key."""
    services.answers = {"publish": {"unpublished": []}}
    assert failures(messages({"event_id": "e"}, queue="unpublished")) == []
    assert services.invoked == [("publish", {"event_ids": ["e"]})]


def test_unpublished_event_that_fails(services: Services) -> None:
    """It stays in the publish dead-letter queue while SNS does not take it."""
    services.answers = {"publish": {"unpublished": ["e"]}}
    assert failures(messages({"event_id": "e"}, queue="unpublished")) == ["0"]
    assert services.waits[0][0] == QUEUES["PUBLISH_DEAD_LETTER_QUEUE_URL"]


def test_failed_stream_batch(services: Services) -> None:
    """Lambda's pointer to a stretch of the stream is read again; its new events are published, nothing else is."""
    services.answers = {"publish": {"unpublished": []}}
    kinds = ["event", "event", "quarantine", "event", "event"]
    services.records = [
        {
            "eventName": "INSERT" if number != 3 else "MODIFY",
            "dynamodb": {
                "SequenceNumber": str(number),
                "NewImage": {"event_id": {"S": f"event-{number}"}, "kind": {"S": kind}},
            },
        }
        for number, kind in enumerate([*kinds, "event"])
    ]
    pointer = {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "version": "1.0",
        "DDBStreamBatchInfo": {
            "shardId": "shard",
            "startSequenceNumber": "1",
            "endSequenceNumber": "4",
            "batchSize": 4,
            "streamArn": "stream",
        },
    }
    assert failures(messages(pointer, queue="unpublished")) == []
    assert [payload["event_ids"] for _, payload in services.invoked] == [["event-1"], ["event-4"]]


def test_unknown_message(services: Services) -> None:
    """A message that is none of ours is not acted upon, and ends as a dead letter."""
    assert failures(messages({"function": "missed-call"}, {"event_id": "e", "function": "x"})) == ["0", "1"]
    assert services.invoked == []
