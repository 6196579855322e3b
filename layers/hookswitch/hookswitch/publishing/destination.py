"""Where stored events are published: what a destination is given, and what it says about each event."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, Self

from hookswitch.events.attributes import plain

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Image = Mapping[str, "AttributeValueTypeDef"]

_LOG_KEYS = ("event_id", "hook", "call_id", "correlation_id")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the table has it.

    Attributes:
        event_id: Key of its item, and id of its message wherever it is published.
        item: The item's attributes as plain values.
        occurred_at: When it happened, in Unix seconds; None for a recovered event, whose delay is not ours.
    """

    event_id: str
    item: Mapping[str, Any]
    occurred_at: float | None

    @classmethod
    def from_image(cls, image: Image) -> Self:
        """Return the event in an item's attributes, as DynamoDB and its stream have them.

        Raises:
            LookupError, TypeError, ValueError: The item is not an event.
        """
        item = {name: plain(value) for name, value in image.items()}
        occurred_at = datetime.fromisoformat(item["occurred_at"]).timestamp()
        return cls(item["event_id"], item, None if "recovered" in item else occurred_at)

    @property
    def log_keys(self) -> dict[str, str]:
        """The keys by which log lines about the event are found."""
        return {name: self.item[name] for name in _LOG_KEYS if name in self.item}


class Status(StrEnum):
    """What a destination did with an event."""

    TAKEN = "taken"
    REFUSED = "refused"  # this event, while it takes others
    NOT_REACHED = "not_reached"  # it is unavailable, or there was no time left


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one event at one destination.

    Attributes:
        event: The event.
        status: What the destination did.
        reason: Why it did not take the event, as a code of the service or the SDK.
    """

    event: StoredEvent
    status: Status
    reason: str = ""


class Destination(Protocol):
    """Somewhere that events are published to.

    Attributes:
        name: What the publish dead-letter queue calls it. Messages wait there for up to two weeks, so a name stays.
    """

    name: str

    def publish(self, events: Iterable[StoredEvent], stop_at: float) -> Iterator[Result]:
        """Publish events, and yield what became of each: exactly one result an event.

        Args:
            events: No two with the same key.
            stop_at: When to begin no other call, in seconds of `time.monotonic`.
        """
