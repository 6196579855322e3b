"""A fax was sent: Dash's `outbound_fax`."""

from typing import ClassVar, override

from hookswitch.payloads.fax import FaxPayload
from hookswitch.receiving.receiver import receiver


class OutboundFax(FaxPayload):
    """A fax that reached its recipient."""

    hook: ClassVar = "outbound_fax"

    @override
    def describe(self) -> str:
        return f"Fax from {self.caller()} to {self.callee()} sent"


handler = receiver(OutboundFax)
