"""Where stored events are published: what a destination receives, and what it reports for each event."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

from hookswitch.events.attributes import Image, plain

_LOG_KEYS = ("event_id", "hook", "call_id", "correlation_id")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as stored in the table.

    Attributes:
        event_id: The key of its item, and the id of its message at every destination.
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
        """The keys that identify the log lines about the event."""
        return {name: self.item[name] for name in _LOG_KEYS if name in self.item}


class Status(StrEnum):
    """What a destination did with an event."""

    TAKEN = "taken"
    REFUSED = "refused"  # this event, but not others
    NOT_REACHED = "not_reached"  # it is unavailable, or there was not enough time


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of publishing one event to one destination.

    Attributes:
        event: The event.
        status: What the destination did.
        reason: Why it did not accept the event: an error code of the service or the SDK.
    """

    event: StoredEvent
    status: Status
    reason: str = ""


class Destination(Protocol):
    """A service that events are published to.

    Attributes:
        name: Its name in the publish dead-letter queue. Messages stay there for up to two weeks, so never rename it.
        kinds: The kinds of items that are published there: events and calls, or test deliveries.
    """

    name: str
    kinds: frozenset[str]

    def publish(self, events: Iterable[StoredEvent], stop_at: float) -> Iterator[Result]:
        """Publish events, and yield exactly one result per event.

        Args:
            events: Events with distinct keys.
            stop_at: When to start no further call, in `time.monotonic` seconds.
        """
