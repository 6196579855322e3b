"""Route, send, and everything around them, in memory and in a time of its own."""

import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Self
from unittest import mock

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

from hookswitch.aws import clients
from hookswitch.destinations import clock, deliver, partitions, refused, route, turn
from hookswitch.destinations.answers import Answer
from hookswitch.destinations.record import Destination, Filter, Health, Options
from hookswitch.destinations.route import Router
from hookswitch.destinations.rows import destination_row
from hookswitch.destinations.send import Sender
from hookswitch.errors import NotTakenError
from hookswitch.events.attributes import item as to_item
from hookswitch.events.attributes import plain
from hookswitch.events.cloudevent import cloud_event
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import RouteSettings, SendSettings
from tests.interleaving.scheduler import Fate, Scheduler
from tests.unit.destinations.tables import EVENTS, TABLE, Exceptions, Tables

START = 1_790_000_000.0  # seconds
VISIBILITY = 360.0  # seconds, as the template sets it
ACCOUNT = "0" * 32
QUEUES = ("https://sqs.test/1/send", "https://sqs.test/1/retry")
REFUSED = "https://sqs.test/1/refused"
ROUTE_SETTINGS = RouteSettings(TABLE, EVENTS, "https://sqs.test/1/events", *QUEUES)
SEND_SETTINGS = SendSettings(TABLE, EVENTS, *QUEUES, "the-topic", "the-key", frozenset(), "the-stack", ACCOUNT)


@dataclass
class Message:
    """A message in a queue; it is hidden until a moment, in seconds."""

    id: str
    queue: str
    body: str
    hidden_until: float = 0.0


@dataclass
class Receiver:
    """What is at the address of a destination.

    Attributes:
        behaves: Returns what it answers to the how many-th message.
        received: The ids that it got, in order, with the times.
    """

    behaves: Callable[[int], Answer] = lambda _: Answer(status=200)
    received: list[tuple[str, float]] = field(default_factory=list)
    asked: int = 0
    events: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids that it took."""
        return [event_id for event_id, _ in self.received]


class World:
    """The services, of which a scheduler, if there is one, decides who is served next and how it ends."""

    def __init__(self, scheduler: Scheduler | None = None) -> None:
        self.scheduler = scheduler
        self.now = START
        self.tables = Tables()
        self.messages: dict[str, Message] = {}
        self.refused: dict[str, str] = {}
        self.notices: list[str] = []
        self.receivers: dict[str, Receiver] = defaultdict(Receiver)
        self.router = Router(ROUTE_SETTINGS)
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        """Have the product's modules find these services and this time."""
        self._undo = ExitStack()
        time = SimpleNamespace(
            time_ns=lambda: int(self.now * 1e9), time=lambda: self.now, monotonic=lambda: self.now, sleep=self._sleep
        )
        for module in (clock, partitions, refused, route, turn):
            self._undo.enter_context(mock.patch.object(module, "time", time))
        moment = SimpleNamespace(now=lambda _: datetime.fromtimestamp(self.now, UTC))
        self._undo.enter_context(mock.patch.object(turn, "datetime", moment))
        self._undo.enter_context(mock.patch.object(turn, "ThreadPoolExecutor", _OneByOne))
        self._undo.enter_context(mock.patch.object(deliver, "send", self._send))
        for name, target in (("dynamodb", self.tables), ("sqs", self), ("sns", self)):
            client = _Client(name, target, self)
            self._undo.enter_context(mock.patch.object(clients, name, lambda *_, client=client: client))
        return self

    def __exit__(self, *_: object) -> None:
        """Undo that."""
        self._undo.close()

    def add(
        self,
        name: str,
        *,
        which: Filter | None = None,
        options: Options | None = None,
        health: Health | None = None,
        receiver: Receiver | None = None,
    ) -> Receiver:
        """Add a destination, and return what is at its address."""
        destination = Destination(
            name=name,
            id=f"id-{name}",
            type="https",
            shown="https://example.com/…",
            sealed=b"sealed",
            filter=which or Filter(hooks=("missed_call",)),
            options=options or Options(),
            health=health or Health(),
        )
        self.tables.rows["destinations", name] = to_item(destination_row(destination))
        self.tables.rows["version", "version"] = to_item(
            {"owner": "version", "sort": "version", "number": next(self._numbers) + 1}
        )
        if receiver:
            self.receivers[name] = receiver
        return self.receivers[name]

    def event(self, number: int, subject: str = "", hook: str = "missed_call") -> dict[str, Any]:
        """Store an event, and return it as the topic publishes it."""
        at = datetime.fromtimestamp(START + number, UTC).isoformat().replace("+00:00", "Z")
        item = {
            "event_id": f"{number:032x}",
            "kind": "event",
            "hook": hook,
            "account_id": ACCOUNT,
            "occurred_at": at,
            "received_at": at,
            "summary": f"Event {number}",
            "subject": subject or f"call/{number}",
            "payload": {"number": number},
            "timeline_key": f"{at}#50#{at}",
        }
        return self.store(item)

    def store(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Store an item, and return it as the topic publishes it."""
        image = to_item(item)
        self.tables.events[item["event_id"]] = image
        event = cloud_event({name: plain(value) for name, value in image.items()})
        return json.loads(json.dumps(event, default=int))  # type: ignore[no-any-return]

    def route(self, *events: Mapping[str, Any]) -> None:
        """Have the route function work on a batch."""
        assert not self.router.route({str(number): json.dumps(event) for number, event in enumerate(events)})

    def visible(self) -> list[Message]:
        """Return the messages that a sender can get now."""
        return [message for message in self.messages.values() if message.hidden_until <= self.now]

    def handle(self, message: Message) -> None:
        """Have the send function see to a message."""
        message.hidden_until = self.now + VISIBILITY
        record = SQSRecord(
            {
                "messageId": message.id,
                "receiptHandle": message.id,
                "body": message.body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSourceARN": f"arn:aws:sqs:us-east-1:1:{message.queue.rpartition('/')[2]}",
            }
        )
        try:
            Sender(SEND_SETTINGS, MetricsRecorder()).carry_out(record)
        except NotTakenError:
            return
        self.messages.pop(message.id, None)

    def settle(self, until: float = float("inf")) -> None:
        """Let senders work and time pass until nothing waits in a queue, or until a moment."""
        while self.messages and self.now < until:
            for message in self.visible():
                self.handle(message)
            if self.messages and not self.visible():
                following = min(message.hidden_until for message in self.messages.values())
                if following > until:
                    self.now = until
                    return
                self.now = following

    def row(self, name: str) -> dict[str, Any]:
        """Return a destination's row as plain values."""
        return {key: plain(value) for key, value in self.tables.rows["destinations", name].items()}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        """Do as SQS does."""
        assert QueueUrl in QUEUES
        assert 0 < len(Entries) <= 10
        for entry in Entries:
            message = Message(f"message-{next(self._numbers)}", QueueUrl, entry["MessageBody"])
            self.messages[message.id] = message
        return {"Successful": Entries}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:
        """Do as SQS does."""
        assert 0 <= VisibilityTimeout <= 43_200
        message = self.messages[ReceiptHandle]
        assert message.queue == QueueUrl
        message.hidden_until = self.now + VisibilityTimeout

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, WaitTimeSeconds: int) -> dict[str, Any]:
        """Do as SQS does, for the queue of refused events: nothing is hidden there."""
        assert (QueueUrl, WaitTimeSeconds) == (REFUSED, 1)
        self.now += 0.1
        found = itertools.islice(self.refused.items(), MaxNumberOfMessages)
        return {"Messages": [{"MessageId": name, "ReceiptHandle": name, "Body": body} for name, body in found]}

    def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> None:
        """Do as SQS does."""
        assert QueueUrl == REFUSED
        for entry in Entries:
            del self.refused[entry["ReceiptHandle"]]

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> None:
        """Do as SNS does."""
        assert TopicArn == "the-topic"
        assert len(Subject) < 100
        self.notices.append(f"{Subject}\n{Message}")

    def _send(self, destination: Destination, event: Mapping[str, Any], *_: object) -> Answer:
        receiver = self.receivers[destination.name]

        def take() -> Answer:
            receiver.asked += 1
            answer = receiver.behaves(receiver.asked)
            self.now += answer.seconds
            if answer.meaning == "taken":
                receiver.received.append((str(event["id"]), self.now))
                receiver.events.append(event)
            return answer

        if self.scheduler is None:
            return take()
        try:
            return self.scheduler.call(destination.name, "POST", take, _failure)
        except ClientError:
            return Answer(reason="No answer within 15 seconds")

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


class _OneByOne:
    """An executor without threads, which a scheduler would not know."""

    def __init__(self, _workers: int) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map[Given, Result](self, work: Callable[[Given], Result], given: list[Given]) -> Iterator[Result]:
        """Do the work, one after the other."""
        return map(work, given)


class _Client:
    """A client whose calls the scheduler carries out."""

    exceptions = Exceptions

    def __init__(self, name: str, target: Any, world: World) -> None:
        self._name, self._target, self._world = name, target, world

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        effect = getattr(self._target, operation)
        scheduler = self._world.scheduler
        if scheduler is None:
            return effect  # type: ignore[no-any-return]
        return lambda **given: scheduler.call(self._name, operation, lambda: effect(**given), _failure)


def _failure(fate: Fate) -> Exception:
    return ClientError({"Error": {"Code": f"InternalError ({fate})"}}, "AnyOperation")


@contextmanager
def running(scheduler: Scheduler | None = None) -> Iterator[World]:
    """Have the product's modules find a world."""
    with World(scheduler) as world:
        yield world
