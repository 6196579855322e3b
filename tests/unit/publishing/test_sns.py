"""What SNS refuses, and what it does not take while it is unavailable, are told apart."""

import json
from collections.abc import Iterable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from hookswitch.aws import clients
from hookswitch.events.cloudevent import MAX_SUMMARY
from hookswitch.publishing import sns
from hookswitch.publishing.destination import Result, Status, StoredEvent
from hookswitch.publishing.sns import SnsDestination
from hookswitch.publishing.sns_message import MAX_SIZE, entry_size
from tests.unit.events.test_cloudevent import ITEM


class Topic:
    """SNS, strict about what it is sent.

    Attributes:
        poison: Events that it refuses for what they contain, with or without data.
        allergic: Events that it refuses with data.
        whole_calls: Whether it refuses the whole call because of one, as it does for one that is too long.
        code: The code with which it refuses.
        sender_fault: Whether it says that the sender is to blame.
        broken: The error of every call.
        taken: What it took, in its order, with the message.
        calls: The ids of each call.
    """

    def __init__(self) -> None:
        self.poison: set[str] = set()
        self.allergic: set[str] = set()
        self.whole_calls, self.code, self.sender_fault = False, "InvalidParameter", True
        self.broken: Exception | None = None
        self.taken: dict[str, dict[str, Any]] = {}
        self.calls: list[list[str]] = []

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[Any]) -> dict[str, Any]:
        """Do as SNS does."""
        del TopicArn
        self.calls.append([entry["Id"] for entry in PublishBatchRequestEntries])
        if self.broken:
            raise self.broken
        if sum(map(entry_size, PublishBatchRequestEntries)) > MAX_SIZE:
            raise ClientError({"Error": {"Code": "BatchRequestTooLong"}}, "PublishBatch")
        messages = {e["Id"]: json.loads(json.loads(e["Message"])["default"]) for e in PublishBatchRequestEntries}
        refused = {
            each for each, message in messages.items() if each in self.poison | (self.allergic & {*_with_data(message)})
        }
        if refused and self.whole_calls:
            raise ClientError({"Error": {"Code": self.code}}, "PublishBatch")
        self.taken |= {each: message for each, message in messages.items() if each not in refused}
        return {
            "Successful": [{"Id": each} for each in messages if each not in refused],
            "Failed": [{"Id": each, "Code": self.code, "SenderFault": self.sender_fault} for each in refused],
        }


def _with_data(message: dict[str, Any]) -> Iterable[str]:
    if "data" in message:
        yield message["id"]


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Topic:
    """The topic, and no waits."""
    topic = Topic()
    monkeypatch.setattr(clients, "sns", lambda *_: topic)
    monkeypatch.setattr(sns, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: None))
    return topic


def events(count: int, **fields: Any) -> list[StoredEvent]:
    """Return so many events."""
    return [
        StoredEvent(f"{number:032x}", ITEM | {"event_id": f"{number:032x}"} | fields, 0.0) for number in range(count)
    ]


def published(given: list[StoredEvent]) -> dict[str, Result]:
    """Publish events, and return what became of each, which has to be one thing."""
    results = list(SnsDestination("topic", "the-table").publish(given, stop_at=1.0))
    assert sorted(result.event.event_id for result in results) == sorted(event.event_id for event in given)
    return {result.event.event_id: result for result in results}


def statuses(results: dict[str, Result]) -> set[Status]:
    """Return what became of them."""
    return {result.status for result in results.values()}


@pytest.mark.parametrize("whole_calls", [False, True])
@pytest.mark.parametrize("code", ["InvalidParameter", "ParameterValueInvalid", "ValidationException"])
def test_poison_among_a_hundred(topic: Topic, code: str, *, whole_calls: bool) -> None:
    """One event that SNS refuses, by itself or with its whole batch, holds up none of the others."""
    given = events(100)
    poison = given[37].event_id
    topic.poison, topic.code, topic.whole_calls = {poison}, code, whole_calls
    results = published(given)
    assert results.pop(poison) == Result(given[37], Status.REFUSED, code)
    assert statuses(results) == {Status.TAKEN}
    assert len(topic.calls) <= 10 + whole_calls * 10 + 1


@pytest.mark.parametrize("whole_calls", [False, True])
def test_refused_data(topic: Topic, *, whole_calls: bool) -> None:
    """An event that SNS refuses with its data is published without, and says where the data is."""
    given = events(5)
    allergic = given[2].event_id
    topic.allergic, topic.whole_calls = {allergic}, whole_calls
    assert statuses(published(given)) == {Status.TAKEN}
    assert topic.taken[allergic]["dataref"] == f"dynamodb:the-table/{allergic}"
    assert all("data" in message for key, message in topic.taken.items() if key != allergic)


@pytest.mark.parametrize("code", ["KMSThrottling", "KmsAccessDenied", "Throttled", "AuthorizationError", "NotFound"])
def test_fault_that_is_not_about_the_event(topic: Topic, code: str) -> None:
    """What SNS calls the sender's fault may yet be the key's, the role's or the topic's: the event keeps its data."""
    given = events(3)
    topic.poison, topic.code = {given[0].event_id}, code
    results = published(given)
    assert results.pop(given[0].event_id).status is Status.NOT_REACHED
    assert statuses(results) == {Status.TAKEN}
    assert all("data" in message for message in topic.taken.values())


def test_entry_that_fails_for_a_while(topic: Topic) -> None:
    """An entry that fails through no fault of the sender is tried again, and is not refused."""
    given = events(3)
    topic.poison, topic.code, topic.sender_fault = {given[1].event_id}, "InternalError", False
    assert published(given)[given[1].event_id].status is Status.NOT_REACHED
    assert [len(call) for call in topic.calls] == [3, 1, 1]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "InternalError"}}, "PublishBatch"),
        ClientError({"Error": {"Code": "AuthorizationError"}}, "PublishBatch"),
        ClientError({"Error": {"Code": "NotFound"}}, "PublishBatch"),
        ClientError({"Error": {"Code": "KMSDisabled"}}, "PublishBatch"),
        EndpointConnectionError(endpoint_url="https://sns"),
    ],
    ids=str,
)
def test_service_that_is_away(topic: Topic, error: Exception) -> None:
    """After one failed call nothing else is tried, and nothing is refused."""
    topic.broken = error
    assert statuses(published(events(25))) == {Status.NOT_REACHED}
    assert len(topic.calls) == 1


def test_old_item_with_a_long_number(topic: Topic) -> None:
    """An item that an earlier version stored, with a number of 90,000 digits in field and summary, is published."""
    number = "9" * 90_000
    old = events(1, summary=f"Missed call from {number} to +15557654321", payload={"caller_id_number": number})
    assert statuses(published(old)) == {Status.TAKEN}
    (message,) = topic.taken.values()
    assert len(message["summary"]) <= MAX_SUMMARY
    assert message["data"]["caller_id_number"] == number


@pytest.mark.usefixtures("topic")
def test_old_item_with_odd_numbers() -> None:
    """So is one with a number that boto3 can't read."""
    image: Any = {name: {"S": str(value)} for name, value in ITEM.items() if isinstance(value, str)}
    image["payload"] = {"M": {"zero": {"N": "0e-400"}, "small": {"N": "1.2345678901234567890123456789012345678E-129"}}}
    event = StoredEvent.from_image(image)
    assert event.item["payload"]["zero"] == Decimal(0)
    assert statuses(published([event])) == {Status.TAKEN}


@pytest.mark.usefixtures("topic")
def test_event_that_does_not_fit_at_all() -> None:
    """One that is too large even without its data is refused, and its neighbours are not."""
    given = events(3)
    given[1] = StoredEvent(given[1].event_id, dict(given[1].item) | {"subject": "call/" + "x" * MAX_SIZE}, 0.0)
    results = published(given)
    assert results.pop(given[1].event_id) == Result(given[1], Status.REFUSED, "BatchRequestTooLong")
    assert statuses(results) == {Status.TAKEN}
