"""Publishing what the stream brings, when SNS takes all of it, some, or nothing."""

import json
import time
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.publish import handler as publishing
from hookswitch.attributes import item as attributes
from hookswitch.cloudevent import MAX_MESSAGE
from hookswitch.event import event_item
from tests.dash.payloads import payload
from tests.receiving import SETTINGS, event

CONTEXT: Any = SimpleNamespace(
    function_name="publish", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="request"
)


class Services:
    """SNS and SQS that take what they are told to, and remember what they were asked.

    Attributes:
        refused: For each call of PublishBatch, which of its entries SNS refuses.
        published: The events of each call.
        noted: What the publish dead-letter queue holds.
        sns_away, sqs_away: The service fails as a whole.
    """

    def __init__(self) -> None:
        self.refused: list[set[str]] = []
        self.published: list[list[str]] = []
        self.noted: list[str] = []
        self.sns_away = self.sqs_away = False

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:
        """Do as SNS does."""
        assert TopicArn == "the-topic"
        ids = [entry["Id"] for entry in PublishBatchRequestEntries]
        self.published.append(ids)
        if self.sns_away:
            raise ClientError({"Error": {"Code": "InternalError"}}, "PublishBatch")
        refused = self.refused.pop(0) if self.refused else set()
        return {
            "Successful": [{"Id": each} for each in ids if each not in refused],
            "Failed": [{"Id": each, "Code": "InternalError", "SenderFault": False} for each in ids if each in refused],
        }

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        """Do as SQS does."""
        assert QueueUrl == "the-queue"
        assert len(Entries) <= 10
        if self.sqs_away:
            raise ClientError({"Error": {"Code": "InternalError"}}, "SendMessageBatch")
        self.noted += [json.loads(entry["MessageBody"])["event_id"] for entry in Entries]
        return {"Successful": Entries}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    """The services that the function finds."""
    services = Services()
    monkeypatch.setattr(publishing, "_sns", lambda: services)
    monkeypatch.setattr(publishing, "_sqs", lambda: services)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("EVENTS_TOPIC_ARN", "the-topic")
    monkeypatch.setenv("PUBLISH_DEAD_LETTER_QUEUE_URL", "the-queue")
    monkeypatch.setenv("EVENTS_TABLE", "the-table")
    return services


def stream_of(count: int) -> dict[str, Any]:
    """Return a batch of the table's stream with so many new events."""
    return {
        "Records": [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "SequenceNumber": str(number),
                    "NewImage": attributes(event_item(event("parking", payload("parking")), SETTINGS)),
                },
            }
            for number in range(count)
        ]
    }


def ids_of(stream: dict[str, Any]) -> list[str]:
    """Return the keys of the events in a batch."""
    return [record["dynamodb"]["NewImage"]["event_id"]["S"] for record in stream["Records"]]


def test_batches(services: Services) -> None:
    """A hundred records go out in ten calls, each event once."""
    stream = stream_of(100)
    assert publishing.handler(stream, CONTEXT) == {"batchItemFailures": []}
    assert [len(call) for call in services.published] == [10] * 10
    assert list(chain.from_iterable(services.published)) == ids_of(stream)


def test_partial_failure(services: Services) -> None:
    """What SNS refuses is tried again, and alone."""
    stream = stream_of(5)
    refused = {ids_of(stream)[1], ids_of(stream)[3]}
    services.refused = [refused]
    assert publishing.handler(stream, CONTEXT) == {"batchItemFailures": []}
    assert set(services.published[1]) == refused
    assert services.noted == []


def test_last_try(services: Services) -> None:
    """What SNS refuses every time is noted in the publish dead-letter queue; the batch is done."""
    stream = stream_of(12)
    services.refused = [{ids_of(stream)[0]}] * 4
    assert publishing.handler(stream, CONTEXT) == {"batchItemFailures": []}
    assert services.noted == ids_of(stream)[:1]


def test_sns_away(services: Services) -> None:
    """While SNS is away all events are noted, after one call."""
    services.sns_away = True
    stream = stream_of(25)
    assert publishing.handler(stream, CONTEXT) == {"batchItemFailures": []}
    assert services.noted == ids_of(stream)
    assert len(services.published) == 1


def test_sns_and_the_queue_away(services: Services) -> None:
    """Only when the queue is away too are the records given back to the stream."""
    services.sns_away = services.sqs_away = True
    answer = publishing.handler(stream_of(3), CONTEXT)
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0", "1", "2"]


def test_item_that_is_no_event(services: Services) -> None:
    """An item that can't be made a message holds up no other."""
    stream = stream_of(3)
    del stream["Records"][1]["dynamodb"]["NewImage"]["summary"]
    publishing.handler(stream, CONTEXT)
    assert services.published == [[ids_of(stream)[0], ids_of(stream)[2]]]
    assert services.noted == [ids_of(stream)[1]]


@given(st.lists(st.integers(1, MAX_MESSAGE), max_size=40))
def test_limits_of_a_batch(sizes: list[int]) -> None:
    """No batch has more entries or bytes than SNS takes, and together they hold every entry once, in order."""
    entries: list[Any] = [
        {"Id": str(number), "Message": "x" * (size - 1), "Subject": "s", "MessageAttributes": {}}
        for number, size in enumerate(sizes)
    ]
    batches = publishing.batches(entries)
    assert list(chain.from_iterable(batches)) == entries
    assert all(1 <= len(batch) <= 10 for batch in batches)
    assert all(sum(len(entry["Message"]) + 1 for entry in batch) <= MAX_MESSAGE for batch in batches)
