"""Two legs are connected: Dash's `channel_bridge`."""

from typing import ClassVar, override

from hookswitch.payloads.base import Identity
from hookswitch.payloads.channel import ChannelPayload
from hookswitch.receiving.receiver import receiver


class ChannelBridge(ChannelPayload):
    """A leg that is connected to another; several connections in one second differ in the other leg.

    It does not fire for a call that only reached an auto-attendant, a queue or a mailbox.
    """

    hook: ClassVar = "channel_bridge"
    timeline_order: ClassVar = 30

    original_number: str | None = None
    other_leg_destination_number: str | None = None

    @override
    def identity(self) -> Identity:
        """Return the leg, the second and the other leg. Not every system says which leg the other one is.

        Raises:
            ValueError: Neither the second nor the other leg is there. A leg can be connected many times.
        """
        if not self.timestamp and not self.other_leg_call_id:
            raise ValueError("timestamp or other_leg_call_id: Field required.")
        return *super().identity(), self.other_leg_call_id or None

    @override
    def describe(self) -> str:
        return f"Call {self.parties()} connected"


handler = receiver(ChannelBridge)
