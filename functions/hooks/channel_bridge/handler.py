"""Two legs are connected: Dash's `channel_bridge`."""

from datetime import datetime
from typing import ClassVar, override

from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.channel import ChannelPayload
from hookswitch.receiving.receiver import receiver


class ChannelBridge(ChannelPayload):
    """A leg that is connected to another; several connections in one second differ in the other leg."""

    hook: ClassVar = "channel_bridge"
    timeline_order: ClassVar = 30

    other_leg_call_id: IdentityText
    original_number: str | None = None
    other_leg_destination_number: str | None = None

    @override
    def identity(self) -> tuple[str | datetime, ...]:
        return *super().identity(), self.other_leg_call_id

    @override
    def describe(self) -> str:
        return f"Call {self.parties()} connected"


handler = receiver(ChannelBridge)
