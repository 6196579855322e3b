"""A call is parked, retrieved or abandoned: Dash's `parking`."""

from typing import ClassVar, Literal, override

from pydantic import AliasChoices, Field

from hookswitch.payloads.base import Identity, IdentityText, Payload
from hookswitch.payloads.text import part
from hookswitch.receiving.receiver import receiver

EventName = Literal["PARK_PARKED", "PARK_RETRIEVED", "PARK_ABANDONED"]
_PHRASES = {"PARK_PARKED": "parked in", "PARK_RETRIEVED": "retrieved from", "PARK_ABANDONED": "abandoned in"}


class Parking(Payload):
    """What happens to a call in a parking slot.

    It fires when a call is parked, when somebody retrieves it, and when its caller hangs up in the slot. Dash sends
    neither a time nor an id, and the same call can be parked in the same slot again with an identical payload: within
    two minutes that is a retry, later it is a new event. Dash's reference spells one field `caller_id_Number`, which is
    read as `caller_id_number`.
    """

    hook: ClassVar = "parking"
    timeline_order: ClassVar = 40
    retry_window: ClassVar = 120

    event_name_: EventName = Field(alias="event_name")
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
    @override
    def event_name(self) -> str:
        return self.event_name_

    @classmethod
    @override
    def accepts_name(cls, event_name: str) -> bool:
        return event_name in _PHRASES

    @override
    def identity(self) -> Identity:
        return self.call_id, self.event_name_, self.parking_slot

    @override
    def describe(self) -> str:
        caller = part(self.caller_id_number) or "an unknown number"
        return f"Call from {caller} {_PHRASES[self.event_name_]} slot {part(self.parking_slot)}"


handler = receiver(Parking)
