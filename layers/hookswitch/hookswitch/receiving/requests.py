"""The messages that wait in the stack's queues, and those that publish and redrive are invoked with.

`hookswitch.receiving.redelivery` has the ones of the hook functions, and says how all of them may change.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import RequestError
from hookswitch.receiving.redelivery import Message

SNS, TEST_SNS = "sns", "sns-test"  # destinations: the topics of events and of test deliveries

_REPLAY_EXAMPLE = (
    '{"hook": "missed_call", "since": "2026-11-23T14:00:00Z", "until": "2026-11-23T15:00:00Z", "dry_run": true}'
)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class QueuedDelivery:
    """A message of the redrive queue: a delivery that DynamoDB did not take.

    Attributes:
        function: Name of the hook function that is to receive it again.
        delivery: What to store.
    """

    function: str
    delivery: Delivery

    def to_message(self) -> dict[str, Any]:
        """Return the message."""
        return {"function": self.function, "redelivery": self.delivery.to_message()}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(_text(message["function"]), Delivery.from_message(message["redelivery"]))


@dataclass(frozen=True, slots=True)
class UnpublishedEvent:
    """A message of the publish dead-letter queue: an event that a destination did not take.

    Attributes:
        event_id: Key of the event's item.
        destination: Where it is still to be published.
    """

    event_id: str
    destination: str = SNS

    def to_message(self) -> dict[str, Any]:
        """Return the message."""
        return {"event_id": self.event_id, **({} if self.destination == SNS else {"destination": self.destination})}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(_text(message["event_id"]), _text(message.get("destination", SNS)))


@dataclass(frozen=True, slots=True)
class FailedStreamBatch:
    """A message of the publish dead-letter queue, by Lambda: the publish function failed on a batch of the stream.

    It points to the records of one shard (AWS Lambda, "Retain discarded batches"); they stay there for a day.

    Attributes:
        stream: ARN of the table's stream.
        shard: Id of the shard.
        start: Sequence number of the first record.
        end: Sequence number of the last one.
    """

    stream: str
    shard: str
    start: str
    end: str

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what Lambda wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of Lambda's.
        """
        batch = message["DDBStreamBatchInfo"]
        return cls(
            stream=_text(batch["streamArn"]),
            shard=_text(batch["shardId"]),
            start=_text(batch["startSequenceNumber"]),
            end=_text(batch["endSequenceNumber"]),
        )


def read_queue_message(body: str) -> QueuedDelivery | UnpublishedEvent | FailedStreamBatch:
    """Return what a message of the redrive queue or the publish dead-letter queue says.

    Raises:
        LookupError, TypeError, ValueError: It is none of the three.
    """
    message = json.loads(body)
    if "redelivery" in message:
        return QueuedDelivery.from_message(message)
    if "DDBStreamBatchInfo" in message:
        return FailedStreamBatch.from_message(message)
    return UnpublishedEvent.from_message(message)


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """Invokes the publish function: publish these events of the table.

    Attributes:
        event_ids: Keys of the items.
        destination: Where they are still to be published.
    """

    event_ids: tuple[str, ...]
    destination: str = SNS

    def to_message(self) -> dict[str, Any]:
        """Return the function's event."""
        named = {} if self.destination == SNS else {"destination": self.destination}
        return {"event_ids": list(self.event_ids), **named}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(_texts(message["event_ids"]), _text(message.get("destination", SNS)))


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The answer to a PublishRequest.

    Attributes:
        unpublished: Keys of the events that were not published this time either.
    """

    unpublished: tuple[str, ...]

    def to_message(self) -> dict[str, Any]:
        """Return the function's response."""
        return {"unpublished": list(self.unpublished)}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(_texts(message["unpublished"]))


@dataclass(frozen=True, slots=True)
class NoteRequest:
    """Invokes the publish function: put these events into the publish dead-letter queue, one message for each.

    Attributes:
        event_ids: Keys of the events' items.
        test_ids: Keys of test deliveries' items.
    """

    event_ids: tuple[str, ...]
    test_ids: tuple[str, ...] = ()

    def to_message(self) -> dict[str, Any]:
        """Return the function's event."""
        return {"note": list(self.event_ids), **({"tests": list(self.test_ids)} if self.test_ids else {})}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(_texts(message["note"]), _texts(message.get("tests", [])))


@dataclass(frozen=True, slots=True)
class NoteResult:
    """The answer to a NoteRequest.

    Attributes:
        unnoted: Keys of the events that the queue did not take.
    """

    unnoted: tuple[str, ...]

    def to_message(self) -> dict[str, Any]:
        """Return the function's response."""
        return {"unnoted": list(self.unnoted)}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(_texts(message["unnoted"]))


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Invokes the redrive function, by hand: replay quarantined deliveries.

    Attributes:
        hook: The hook that received them.
        since: When the first of them was received; by default there is no such limit.
        until: When the last of them was received; None for now.
        dry_run: Count only.
    """

    hook: str
    since: datetime = _BEGINNING
    until: datetime | None = None
    dry_run: bool = False

    def to_message(self) -> dict[str, Any]:
        """Return the function's event."""
        message = {
            "hook": self.hook,
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "dry_run": self.dry_run,
        }
        return {"quarantine": {name: value for name, value in message.items() if value is not None}}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what somebody asks for.

        Raises:
            RequestError: It is not a valid replay; the text says why.
        """
        try:
            return cls._parse(message["quarantine"])
        except (TypeError, ValueError) as error:
            raise RequestError(f"This replay is not valid: {error}. A replay looks like {_REPLAY_EXAMPLE}.") from None

    @classmethod
    def _parse(cls, asked: object) -> Self:
        if not isinstance(asked, dict) or not isinstance(asked.get("hook"), str):
            raise TypeError("it names no hook")
        if unknown := sorted(set(asked) - {"hook", "since", "until", "dry_run"}):
            raise ValueError(f"{', '.join(unknown)}: unknown")
        dry_run = asked.get("dry_run", False)
        if not isinstance(dry_run, bool):
            raise TypeError("dry_run: must be true or false")
        return cls(
            hook=asked["hook"],
            since=_moment(asked, "since") or _BEGINNING,
            until=_moment(asked, "until"),
            dry_run=dry_run,
        )


def _moment(asked: Message, name: str) -> datetime | None:
    text = asked.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(_text(text))
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{name}: must be a time with a time zone in ISO 8601")
    return moment


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("A message has another type where text should be.")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError("A message has another type where a list should be.")
    return tuple(map(_text, values))
