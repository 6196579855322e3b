"""Publishing what the stream brings, when SNS takes all of it, some, or nothing."""

import json
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from devtools.template import parsed
from functions.publish import handler as publishing
from hookswitch.aws import clients
from hookswitch.events.attributes import item as attributes
from hookswitch.events.items import delivery_test_item, event_item
from hookswitch.events.kinds import IMPORTED
from hookswitch.publishing import dead_letter_queue, outbox, sns
from simulator.payloads import payload
from tests.emf import samples_in
from tests.receiving import SETTINGS, delivery, event

SECONDS = float(parsed()["Resources"]["Publish"]["Properties"]["Timeout"])
REDRIVE_WAITS = 34.0
TEST_ID = "0123456789abcdef" * 2
TEST_KEY = f"test-parking-{TEST_ID}"


class Context(SimpleNamespace):
    """Lambda's context."""

    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "publish", 512, "arn", "request"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return the function's time: the handler asks at its start."""
        return int(SECONDS * 1000)


CONTEXT: Any = Context()


class Services:
    """SNS and SQS that take what they are told to, and remember what they were asked.

    Attributes:
        refused: For each call of PublishBatch, which of its entries SNS refuses.
        unacceptable: What SNS refuses for what it contains.
        published: The events of each call.
        noted: The keys in the publish dead-letter queue.
        owed: Its messages.
        gone: Keys of items that are no longer in the table.
        sns_away, sqs_away: The service fails as a whole.
        not_noted: For each call of SendMessageBatch, which of its entries SQS refuses.
        sns_seconds, sqs_seconds: How long a call takes.
        now: The time, as the function reads it.
    """

    def __init__(self) -> None:
        self.not_noted: list[set[str]] = []
        self.sns_seconds = self.sqs_seconds = self.now = 0.0
        self.refused: list[set[str]] = []
        self.unacceptable: set[str] = set()
        self.published: list[list[str]] = []
        self.noted: list[str] = []
        self.owed: list[dict[str, str]] = []
        self.gone: set[str] = set()
        self.sns_away = self.sqs_away = False

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:
        """Do as SNS does."""
        self.now += self.sns_seconds
        ids = [entry["Id"] for entry in PublishBatchRequestEntries]
        for each in ids:
            assert TopicArn == ("the-test-topic" if each.startswith("test-") else "the-topic")
        self.published.append(ids)
        if self.sns_away:
            raise ClientError({"Error": {"Code": "InternalError"}}, "PublishBatch")
        if unacceptable := self.unacceptable.intersection(ids):
            return {
                "Successful": [{"Id": each} for each in ids if each not in unacceptable],
                "Failed": [{"Id": each, "Code": "InvalidParameter", "SenderFault": True} for each in unacceptable],
            }
        refused = self.refused.pop(0) if self.refused else set()
        return {
            "Successful": [{"Id": each} for each in ids if each not in refused],
            "Failed": [{"Id": each, "Code": "InternalError", "SenderFault": False} for each in ids if each in refused],
        }

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        """Do as SQS does."""
        assert QueueUrl == "the-queue"
        assert len(Entries) <= 10
        self.now += self.sqs_seconds
        if self.sqs_away:
            raise ClientError({"Error": {"Code": "InternalError"}}, "SendMessageBatch")
        keys = {entry["Id"]: json.loads(entry["MessageBody"])["event_id"] for entry in Entries}
        refused = self.not_noted.pop(0) if self.not_noted else set()
        self.noted += [key for key in keys.values() if key not in refused]
        self.owed += [
            message for each in Entries if (message := json.loads(each["MessageBody"]))["event_id"] not in refused
        ]
        return {"Failed": [{"Id": each, "Code": "InternalError"} for each, key in keys.items() if key in refused]}

    def get_item(self, *, TableName: str, Key: dict[str, dict[str, str]], ConsistentRead: bool) -> dict[str, Any]:
        """Do as DynamoDB does: each key is an event's or a test delivery's."""
        assert (TableName, ConsistentRead) == ("the-table", True)
        key = Key["event_id"]["S"]
        if key in self.gone:
            return {}
        image = marked_image() if key.startswith("test-") else event_image()
        if key.startswith("imported-"):
            image |= {"kind": {"S": IMPORTED}}
        return {"Item": image | {"event_id": {"S": key}}}


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    """The services that the function finds."""
    services = Services()
    for client in ("sns", "sqs", "dynamodb"):
        monkeypatch.setattr(clients, client, lambda *_: services)
    clock = SimpleNamespace(monotonic=lambda: services.now, sleep=lambda _: None)
    for module in (publishing, outbox, sns, dead_letter_queue):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setenv("EVENTS_TOPIC_ARN", "the-topic")
    monkeypatch.setenv("TEST_TOPIC_ARN", "the-test-topic")
    monkeypatch.setenv("PUBLISH_DEAD_LETTER_QUEUE_URL", "the-queue")
    monkeypatch.setenv("EVENTS_TABLE", "the-table")
    return services


def event_image() -> dict[str, Any]:
    """Return the attributes of a new event's item, as the stream has them."""
    return dict(attributes(event_item(event("parking", payload("parking")), SETTINGS)))


def marked_image() -> dict[str, Any]:
    """Return those of a test delivery's item."""
    return dict(attributes(delivery_test_item(delivery("parking", "{}"), TEST_ID, SETTINGS)))


def stream_of(count: int) -> dict[str, Any]:
    """Return a batch of the table's stream with so many new events."""
    return stream_with(*(event_image() for _ in range(count)))


def stream_with(*images: dict[str, Any]) -> dict[str, Any]:
    """Return a batch of the table's stream with these new items."""
    return {
        "Records": [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number), "NewImage": image}}
            for number, image in enumerate(images)
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


def given_back(stream: dict[str, Any]) -> list[str]:
    """Return the keys of the events that a batch gives back to the stream."""
    numbers = {failure["itemIdentifier"] for failure in publishing.handler(stream, CONTEXT)["batchItemFailures"]}
    return [key for number, key in enumerate(ids_of(stream)) if str(number) in numbers]


def test_queue_takes_a_part(services: Services) -> None:
    """What the queue took is not given back as well: it would be published twice."""
    stream = stream_of(25)
    services.sns_away, services.not_noted = True, [set(), {ids_of(stream)[13]}]
    assert given_back(stream) == [ids_of(stream)[13], *ids_of(stream)[20:]]
    assert services.noted == [*ids_of(stream)[:13], *ids_of(stream)[14:20]]


@pytest.mark.parametrize("sns_away", [False, True])
@pytest.mark.parametrize("sqs_seconds", [0.01, 6.0, 33.0])
@pytest.mark.parametrize("sns_seconds", [0.01, 3.0, 14.0, 35.0])
def test_ends_in_time(services: Services, sns_seconds: float, sqs_seconds: float, *, sns_away: bool) -> None:
    """However slow both services are, Lambda need not end the function, and each event is in one place."""
    services.sns_seconds, services.sqs_seconds, services.sns_away = sns_seconds, sqs_seconds, sns_away
    stream = stream_of(100)
    back = given_back(stream)
    assert services.now < SECONDS
    published = [] if sns_away else list(chain.from_iterable(services.published))
    assert sorted([*published, *services.noted, *back]) == sorted(ids_of(stream))
    assert bool(published) is not sns_away


def test_named_events(services: Services) -> None:
    """Events that redrive names are read from the table and published; those that SNS does not take it learns of."""
    assert publishing.handler({"event_ids": ["a", "b"]}, CONTEXT) == {"unpublished": []}
    services.refused = [{"b"}] * 3
    assert publishing.handler({"event_ids": ["a", "b"]}, CONTEXT) == {"unpublished": ["b"]}
    assert services.published[:2] == [["a", "b"], ["a", "b"]]
    assert services.noted == []


def test_imported_events_are_published_if_asked(services: Services) -> None:
    """The stream's filter leaves imported events out; named, they are published like others."""
    assert publishing.handler({"event_ids": ["imported-a"]}, CONTEXT) == {"unpublished": []}
    assert services.published == [["imported-a"]]


def test_named_events_in_time(services: Services) -> None:
    """Redrive gets its answer while it still waits for it."""
    services.sns_seconds, services.refused = 16.0, [{"a"}] * 3
    assert publishing.handler({"event_ids": ["a"]}, CONTEXT) == {"unpublished": ["a"]}
    assert services.now < REDRIVE_WAITS


def test_keys_to_be_noted(services: Services) -> None:
    """Keys that redrive found in the stream become one message each, as far as the queue takes them."""
    keys = [f"event-{number}" for number in range(25)]
    assert publishing.handler({"note": keys}, CONTEXT) == {"unnoted": []}
    assert services.noted == keys
    services.not_noted = [{"event-3"}]
    assert publishing.handler({"note": keys}, CONTEXT) == {"unnoted": ["event-3", *keys[10:]]}
    assert services.published == []


def test_refused_event(services: Services) -> None:
    """An event that SNS refuses even without its data is noted for a person to see; its neighbours are published."""
    stream = stream_of(25)
    services.unacceptable = {ids_of(stream)[3]}
    assert publishing.handler(stream, CONTEXT) == {"batchItemFailures": []}
    assert services.noted == [ids_of(stream)[3]]
    assert set(chain.from_iterable(services.published)) == set(ids_of(stream))


def test_item_that_is_no_event(services: Services) -> None:
    """An item that can't be made a message holds up no other."""
    stream = stream_of(3)
    del stream["Records"][1]["dynamodb"]["NewImage"]["summary"]
    publishing.handler(stream, CONTEXT)
    assert services.published == [[ids_of(stream)[0], ids_of(stream)[2]]]
    assert services.noted == [ids_of(stream)[1]]


def test_test_delivery(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    """It is published on its own topic only, beside the events of its batch, and counts in no metric."""
    stream = stream_with(event_image(), marked_image(), event_image())
    assert publishing.handler(stream, CONTEXT) == {"batchItemFailures": []}
    assert services.published == [[ids_of(stream)[0], ids_of(stream)[2]], [TEST_KEY]]
    counted = {sample.name: sum(sample.values) for sample in samples_in(capsys.readouterr().out)}
    assert counted.pop("delay_to_published") > 0
    assert counted == {"published": 2, "unpublishable": 0}


def test_test_delivery_while_sns_is_away(services: Services) -> None:
    """It is owed to its own topic, and published there once redrive names it."""
    services.sns_away = True
    publishing.handler(stream_with(marked_image()), CONTEXT)
    assert services.owed == [{"event_id": TEST_KEY, "destination": "sns-test"}]
    services.sns_away, services.published = False, []
    named = {"event_ids": [TEST_KEY], "destination": "sns-test"}
    assert publishing.handler(named, CONTEXT) == {"unpublished": []}
    assert services.published == [[TEST_KEY]]


def test_test_delivery_that_is_gone(services: Services) -> None:
    """Nobody waits for it any more, so that it does not end as a dead letter; a missing event does."""
    services.gone = {TEST_KEY, "event"}
    assert publishing.handler({"event_ids": [TEST_KEY], "destination": "sns-test"}, CONTEXT) == {"unpublished": []}
    with pytest.raises(KeyError):
        publishing.handler({"event_ids": ["event"]}, CONTEXT)
    assert services.published == []


def test_test_delivery_that_is_owed_to_the_topic_of_events(services: Services) -> None:
    """Whatever the queue says, subscribers to events get no test."""
    assert publishing.handler({"event_ids": [TEST_KEY]}, CONTEXT) == {"unpublished": []}
    assert services.published == []


def test_test_delivery_to_be_noted(services: Services) -> None:
    """It is noted for its own topic, and events for theirs."""
    assert publishing.handler({"note": ["event"], "tests": [TEST_KEY]}, CONTEXT) == {"unnoted": []}
    assert services.owed == [{"event_id": "event"}, {"event_id": TEST_KEY, "destination": "sns-test"}]
