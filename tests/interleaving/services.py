"""AWS in this process: what each service keeps, and clients whose every call goes through the scheduler."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.interleaving.scheduler import Fate, Scheduler
from tests.unit.reconcile.table import Table

VISIBILITY_SECONDS = 1080.0  # of both queues (template.yaml)
MAX_RECEIVES = 100


class Client:
    """A client as botocore makes it, of a double: its methods are the double's, and any call may go wrong."""

    def __init__(self, scheduler: Scheduler, service: str, double: object) -> None:
        self._scheduler, self._service, self._double = scheduler, service, double

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """Return a method."""
        method = getattr(self._double, operation)

        def call(**parameters: Any) -> Any:
            return self._scheduler.call(
                self._service, operation, lambda: method(**parameters), lambda fate: self._failure(fate, operation)
            )

        return call

    def _failure(self, fate: Fate, operation: str) -> Exception:
        if fate is Fate.LOSE:
            return ReadTimeoutError(endpoint_url="https://aws")
        if self._scheduler.rng.random() < 0.5:
            return EndpointConnectionError(endpoint_url="https://aws")
        return ClientError({"Error": {"Code": "InternalServerError"}}, operation)


@dataclass
class Stream:
    """The stream of a table, one shard: its records are the table's new events."""

    table: Table
    position: int = 0

    @property
    def left(self) -> int:
        """How many records nobody has processed."""
        return len(self.table.inserted) - self.position

    def records(self, start: int, end: int) -> list[dict[str, Any]]:
        """Return records by their sequence numbers, as Lambda and the stream have them."""
        return [
            {
                "eventName": "INSERT",
                "dynamodb": {"SequenceNumber": str(number), "NewImage": self.table.items[self.table.inserted[number]]},
            }
            for number in range(start, min(end, len(self.table.inserted)))
        ]

    def get_shard_iterator(self, *, SequenceNumber: str, **_: str) -> dict[str, str]:
        """Do as DynamoDB Streams does."""
        return {"ShardIterator": SequenceNumber}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:
        """Do as DynamoDB Streams does, two records a page."""
        start = int(ShardIterator)
        return {"Records": self.records(start, start + 2), "NextShardIterator": str(start + 2)}


@dataclass(eq=False)
class Message:
    """A message of a queue.

    Attributes:
        body: Its text.
        visible_at: From when on it may be received.
        receives: How often it was.
    """

    body: str
    number: int
    visible_at: float = 0.0
    receives: int = 0


@dataclass
class Queues:
    """SQS: the messages of each queue by its URL, and those that were received too often.

    Attributes:
        clock: Unix seconds.
        messages: By the queue's URL.
        dead: Messages that were received MAX_RECEIVES times.
    """

    clock: Callable[[], float]
    messages: dict[str, list[Message]] = field(default_factory=dict)
    dead: list[Message] = field(default_factory=list)
    numbers: Any = field(default_factory=count)

    def receive(self, url: str, most: int) -> list[Message]:
        """Return visible messages, which are invisible from now on."""
        visible = [message for message in self.messages[url] if message.visible_at <= self.clock()][:most]
        for message in visible:
            message.visible_at = self.clock() + VISIBILITY_SECONDS
            message.receives += 1
            if message.receives > MAX_RECEIVES:
                self.delete(url, message)
                self.dead.append(message)
        return [message for message in visible if message not in self.dead]

    def delete(self, url: str, message: Message) -> None:
        """Delete a message, if it is still there."""
        self.messages[url] = [other for other in self.messages[url] if other is not message]

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> dict[str, Any]:
        """Do as SQS does."""
        self.messages[QueueUrl].append(Message(MessageBody, next(self.numbers)))
        return {}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        """Do as SQS does."""
        assert 1 <= len(Entries) <= 10
        for entry in Entries:
            self.send_message(QueueUrl=QueueUrl, MessageBody=entry["MessageBody"])
        return {"Successful": [], "Failed": []}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        """Do as SQS does."""
        for message in self.messages[QueueUrl]:
            if str(message.number) == ReceiptHandle:
                message.visible_at = self.clock() + VisibilityTimeout


@dataclass
class Topic:
    """SNS: how often each event was published, and the messages.

    Attributes:
        scheduler: Decides which entries of a batch fail.
        allergic: Tells which events it refuses as long as they have their data.
        published: How often, by the event's key.
        messages: The last message of each event.
    """

    scheduler: Scheduler
    allergic: Callable[[str], bool]
    published: Counter[str] = field(default_factory=Counter)
    messages: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:
        """Do as SNS does."""
        assert TopicArn == "topic"
        assert 1 <= len(PublishBatchRequestEntries) <= 10
        failed: list[dict[str, Any]] = []
        found = {e["Id"]: json.loads(json.loads(e["Message"])["default"]) for e in PublishBatchRequestEntries}
        refused = [key for key, message in found.items() if "data" in message and self.allergic(key)]
        if refused and len(refused) % 2:  # a refusal may be told of the entry, or of the whole call
            raise ClientError({"Error": {"Code": "InvalidParameter"}}, "PublishBatch")
        for key, message in found.items():
            if key in refused:
                failed.append({"Id": key, "Code": "InvalidParameter", "SenderFault": True})
            elif self.scheduler.stormy and self.scheduler.rng.random() < 0.05:
                failed.append({"Id": key, "Code": "InternalError", "SenderFault": False})
            else:
                self.published[key] += 1
                self.messages[key] = message
        taken = found.keys() - {failure["Id"] for failure in failed}
        return {"Successful": [{"Id": key} for key in taken], "Failed": failed}
