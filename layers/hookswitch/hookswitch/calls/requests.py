"""What the calls function is invoked with, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookswitch.errors import RequestError
from hookswitch.publishing.outbox import StreamBatch
from hookswitch.receiving.requests import FailedStreamBatch

MOST_EVENTS = 100  # in a backfill's request: their items fit into one answer of DynamoDB


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A message of the calls queue: look at a call again, since time has passed.

    Attributes:
        account_id: The account of the call.
        leg: The leg that began it.
        due: Since when there may be something to do, in Unix seconds.
    """

    account_id: str
    leg: str
    due: int

    def to_message(self) -> dict[str, Any]:
        """Return the message."""
        return {"check": {"account_id": self.account_id, "leg": self.leg, "due": self.due}}


@dataclass(frozen=True, slots=True)
class QueueBatch:
    """A batch of messages of the calls queue."""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """Invokes the function on a schedule: find the calls whose end never came, and the checks that were lost."""


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """Invokes the function by hand: make calls of events that are stored already.

    Attributes:
        event_ids: Keys of the events' items.
        publishes: Whether to publish the calls; by default that is not done.
    """

    event_ids: tuple[str, ...]
    publishes: bool = False

    def to_message(self) -> dict[str, Any]:
        """Return the function's event."""
        return {"backfill": {"event_ids": list(self.event_ids), "publish": self.publishes}}


type Request = StreamBatch | QueueBatch | SweepRequest | BackfillRequest


def read_request(event: Mapping[str, Any]) -> Request:
    """Return the typed request to the calls function.

    Raises:
        RequestError: The event is none of the four.
    """
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return QueueBatch()
        case {"Records": [{"dynamodb": _}, *_]}:
            return StreamBatch.from_event(event)
        case {"sweep": True}:
            return SweepRequest()
        case {"backfill": {"event_ids": list(event_ids), **options}} if len(event_ids) <= MOST_EVENTS:
            return BackfillRequest(tuple(map(str, event_ids)), publishes=options.get("publish") is True)
    raise RequestError(
        "Calls expects a batch of the table's stream or of its queue, a sweep, or a backfill of at most "
        f"{MOST_EVENTS} events."
    )


def read_queue_message(body: str) -> CheckRequest | FailedStreamBatch:
    """Return what a message of the calls queue says.

    Raises:
        LookupError, TypeError, ValueError: It is neither a check, nor Lambda's pointer to a failed batch.
    """
    message = json.loads(body)
    if "check" in message:
        check = message["check"]
        return CheckRequest(str(check["account_id"]), str(check["leg"]), int(check["due"]))
    return FailedStreamBatch.from_message(message)
