"""A leg of a call starts: Dash's `channel_create`."""

from typing import ClassVar, override

from hookswitch.payloads.channel import ChannelPayload
from hookswitch.receiving.receiver import receiver


class ChannelCreate(ChannelPayload):
    """A leg that starts, inbound or outbound.

    A call is many legs: one for the caller, and one for each phone that rings. Legs that stay within the phone system
    come only with `IncludeInternalLegs`.
    """

    hook: ClassVar = "channel_create"
    timeline_order: ClassVar = 10

    @override
    def describe(self) -> str:
        return f"Call {self.parties()} started"


handler = receiver(ChannelCreate)
