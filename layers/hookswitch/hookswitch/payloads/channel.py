"""The base payload of the four channel hooks: the life of one leg of a call.

Dash's reference lists `request` and `inception`, which current releases do not send. Both are declared for systems
that do (docs/dash-protocol.md, section 4).
"""

from datetime import datetime
from typing import Any, ClassVar, override

from pydantic import Field

from hookswitch.payloads.base import Identity, IdentityText, Payload
from hookswitch.payloads.text import part
from hookswitch.payloads.times import GregorianSeconds

ENDS = ("hangup_cause", "hangup_code", "duration_seconds", "billing_seconds", "ringing_seconds")
"""The fields that say how a leg ended; the destroy of a leg whose media server was lost has none of them."""


class ChannelPayload(Payload):
    """One leg's event. `call_id` identifies the leg, `other_leg_call_id` the leg it is connected to."""

    name_field: ClassVar = "hook_event"

    call_id: IdentityText
    timestamp: GregorianSeconds | None = None
    hook_event: str | None = None
    call_direction: str | None = None
    request: str | None = None
    to: str | None = None
    from_: str | None = Field(default=None, alias="from")
    other_leg_call_id: str | None = None
    caller_id_name: str | None = None
    caller_id_number: str | None = None
    callee_id_name: str | None = None
    callee_id_number: str | None = None
    authorizing_id: str | None = None
    authorizing_type: str | None = None
    owner_id: str | None = None
    reseller_id: str | None = None
    call_forwarded: bool | None = None
    emergency_resource_used: bool | None = None
    local_resource_used: bool | None = None
    local_resource_id: str | None = None
    is_internal_leg: bool | None = None
    inception: str | None = None
    custom_channel_vars: dict[str, Any] | None = None
    custom_application_vars: dict[str, Any] | None = None
    cluster_id: str | None = None

    @property
    @override
    def event_name(self) -> str | None:
        return self.hook_event

    @override
    def identity(self) -> Identity:
        """Return the leg and the second.

        A leg is created, answered and destroyed once, so that the leg alone identifies an event without a time.
        """
        return self.call_id, self.timestamp

    @override
    def occurred_at(self) -> datetime | None:
        return self.timestamp

    @override
    def direction(self) -> str | None:
        return part(self.call_direction) or None

    def parties(self) -> str:
        """Return caller and callee for a summary, as `from +15551234567 to +15557654321`."""
        caller = part(self.caller_id_number) or part(_user(self.from_)) or "an unknown number"
        callee = part(self.callee_id_number) or part(_user(self.to)) or "an unknown number"
        return f"from {caller} to {callee}"


def _user(address: str | None) -> str | None:
    return address.partition("@")[0] if address else None
