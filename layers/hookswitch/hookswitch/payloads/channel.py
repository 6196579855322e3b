"""The base payload of the four channel hooks: the life of one leg of a call.

The reference lists `request`, and current releases send no such field (nor `inception`); both are declared, so
that a system that sends them is served. See docs/dash-protocol.md, section 4.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from hookswitch.payloads.base import GregorianSeconds, IdentityText, Payload


class ChannelPayload(Payload):
    """One leg's event. A leg is identified by its `call_id`; `other_leg_call_id` is the leg it talks to."""

    call_id: IdentityText
    timestamp: GregorianSeconds
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
    def event_name(self) -> str | None:
        """The payload's `hook_event`."""
        return self.hook_event

    def identity(self) -> tuple[str | datetime, ...]:
        """Return the leg and the second."""
        return self.call_id, self.timestamp

    def occurred_at(self) -> datetime:
        """Return `timestamp`."""
        return self.timestamp

    def direction(self) -> str | None:
        """Return `call_direction`."""
        return self.call_direction

    def parties(self) -> str:
        """Return who calls whom, as `from +15551234567 to +15557654321`."""
        caller = self.caller_id_number or _user(self.from_) or "an unknown number"
        callee = self.callee_id_number or _user(self.to) or "an unknown number"
        return f"from {caller} to {callee}"


def _user(address: str | None) -> str | None:
    return address.partition("@")[0] if address else None
