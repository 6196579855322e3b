"""A call is parked, retrieved or abandoned: Dash's `parking`."""

from typing import ClassVar, Literal

from pydantic import AliasChoices, Field

from hookswitch.payloads.base import IdentityText, Payload
from hookswitch.receiving.receiver import receiver

Happening = Literal["PARK_PARKED", "PARK_RETRIEVED", "PARK_ABANDONED"]
_WORDS = {"PARK_PARKED": "parked in", "PARK_RETRIEVED": "retrieved from", "PARK_ABANDONED": "abandoned in"}


class Parking(Payload):
    """What happens to a call in a parking slot.

    Dash sends neither a time nor an id, and the same call can be parked in the same slot again with an identical
    payload: within two minutes that is a retry, later it is a new event. A sample in Dash's documents spells
    `caller_id_Number`; it is taken for `caller_id_number`.
    """

    hook: ClassVar = "parking"
    timeline_order: ClassVar = 40
    retry_window: ClassVar = 120

    event_name_: Happening = Field(alias="event_name")
    call_id: IdentityText
    parking_slot: IdentityText
    caller_id_name: str | None = None
    caller_id_number: str | None = Field(
        default=None, validation_alias=AliasChoices("caller_id_number", "caller_id_Number")
    )
    callee_id_name: str | None = None
    callee_id_number: str | None = None
    cluster_id: str | None = None

    @property
    def event_name(self) -> str:
        """The payload's own `event_name`."""
        return self.event_name_

    @classmethod
    def accepts_name(cls, event_name: str) -> bool:
        """Tell whether this is one of the three names of parking events."""
        return event_name in _WORDS

    def identity(self) -> tuple[str, ...]:
        """Return the call, what happened, and the slot."""
        return self.call_id, self.event_name_, self.parking_slot

    def summary(self) -> str:
        """Return one line for people."""
        caller = self.caller_id_number or "an unknown number"
        return f"Call from {caller} {_WORDS[self.event_name_]} slot {self.parking_slot}"


handler = receiver(Parking)
