"""A leg of a call comes into being: Dash's `channel_create`."""

from typing import ClassVar

from hookswitch.payloads.channel import ChannelPayload
from hookswitch.receiving.receiver import receiver


class ChannelCreate(ChannelPayload):
    """A leg that starts, outbound or inbound."""

    hook: ClassVar = "channel_create"
    timeline_order: ClassVar = 10

    def summary(self) -> str:
        """Return one line for people."""
        return f"Call {self.parties()} started"


handler = receiver(ChannelCreate)
