"""The messages that functions of a stack pass to each other, in queues and in invocations: one class for each.

A deployment replaces functions one after another, and messages wait in queues for up to two weeks. So a change here
must still read what an earlier version wrote, and new fields need a default that is left out on the wire.

The hook functions import this module during their cold start, hence standard-library dataclasses.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import NotTakenError, RequestError

type Message = Mapping[str, Any]

OK = 200
SNS = "sns"

_REPLAY_EXAMPLE = (
    '{"hook": "missed_call", "since": "2026-11-23T14:00:00Z", "until": "2026-11-23T15:00:00Z", "dry_run": true}'
)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome(StrEnum):
    """What became of an authentic delivery. Each is answered 200, and is the name of a metric."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    QUEUED = "queued"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Invokes a hook function with a delivery that it, or Dash, could not hand over before.

    Attributes:
        delivery: What to store.
        may_queue: Whether the function may put it into the redrive queue while DynamoDB is unavailable.
    """

    delivery: Delivery
    may_queue: bool = False

    def to_message(self) -> dict[str, Any]:
        """Return the function's event."""
        return {"redelivery": self.delivery.to_message(), **({"queue": True} if self.may_queue else {})}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(Delivery.from_message(message["redelivery"]), message.get("queue") is True)


@dataclass(frozen=True, slots=True)
class RedeliveryResult:
    """What a hook function did with a delivery.

    Attributes:
        outcome: What became of it.
        event_id: Key of its item in the table; None while it is queued.
        reasons: Why it is quarantined, if it is.
        call_id: The call that the event belongs to, if any.
    """

    outcome: Outcome
    event_id: str | None = None
    reasons: tuple[str, ...] = ()
    call_id: str | None = None

    def to_message(self) -> dict[str, Any]:
        """Return the body of the function's response."""
        message = {
            "status": str(self.outcome),
            "event_id": self.event_id,
            "reasons": list(self.reasons) or None,
            "call_id": self.call_id,
        }
        return {name: value for name, value in message.items() if value is not None}

    @classmethod
    def from_response(cls, response: Message) -> Self:
        """Return what is in a hook function's response, which has the form that API Gateway expects.

        Raises:
            NotTakenError: The function could not store the delivery, or its response is not one of ours.
        """
        if response.get("statusCode") != OK:
            raise NotTakenError("The hook function could not store the delivery.")
        try:
            body = json.loads(response["body"])
            return cls(
                Outcome(body["status"]), body.get("event_id"), tuple(body.get("reasons") or ()), body.get("call_id")
            )
        except (LookupError, TypeError, ValueError) as error:
            raise NotTakenError("The hook function's response is not that of a redelivery.") from error


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
        event_ids: Keys of the items.
    """

    event_ids: tuple[str, ...]

    def to_message(self) -> dict[str, Any]:
        """Return the function's event."""
        return {"note": list(self.event_ids)}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(_texts(message["note"]))


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
