"""Two legs are connected: Dash's `channel_bridge`."""

from datetime import datetime
from typing import ClassVar

from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.channel import ChannelPayload
from hookswitch.receiving.receiver import receiver


class ChannelBridge(ChannelPayload):
    """A leg that is connected to another. It can be, to several, in one second: the other leg tells them apart."""

    hook: ClassVar = "channel_bridge"
    timeline_order: ClassVar = 30

    other_leg_call_id: IdentityText
    original_number: str | None = None
    other_leg_destination_number: str | None = None

    def identity(self) -> tuple[str | datetime, ...]:
        """Return the leg, the second and the other leg."""
        return *super().identity(), self.other_leg_call_id

    def summary(self) -> str:
        """Return one line for people."""
        return f"Call {self.parties()} connected"


handler = receiver(ChannelBridge)
