"""What a hook function is invoked with by other functions of the stack, and what it answers.

A deployment replaces functions one after another, and messages wait in queues for up to two weeks. So a change here
must still read what an earlier version wrote, and new fields need a default that is left out on the wire. The same
holds for hookswitch.receiving.requests.

The hook functions import this module during their cold start, hence standard-library dataclasses, and as few as can be.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import NotTakenError

type Message = Mapping[str, Any]

OK = 200


class Outcome(StrEnum):
    """What became of an authentic delivery. Each is answered 200, and is the name of a metric."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    QUEUED = "queued"
    PREVIEW = "preview"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Invokes a hook function with a delivery that it, or Dash, could not hand over before.

    Attributes:
        delivery: What to store.
        may_queue: Whether the function may put it into the redrive queue while DynamoDB is unavailable.
        source: `cdr` if it was made of one of Dash's records, and Dash never sent it; `import` if it is imported so;
            else empty.
    """

    delivery: Delivery
    may_queue: bool = False
    source: str = ""

    def to_message(self) -> dict[str, Any]:
        """Return the function's event."""
        return {
            "redelivery": self.delivery.to_message(),
            **({"queue": True} if self.may_queue else {}),
            **({"source": self.source} if self.source else {}),
        }

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return what `to_message` wrote.

        Raises:
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        return cls(
            Delivery.from_message(message["redelivery"]), message.get("queue") is True, str(message.get("source", ""))
        )


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
