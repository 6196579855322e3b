"""A fax was sent: Dash's `outbound_fax`."""

from datetime import datetime
from typing import ClassVar

from hookswitch.payloads.fax import FaxPayload
from hookswitch.receiving.receiver import receiver


class OutboundFax(FaxPayload):
    """A fax that arrived at its receiver."""

    hook: ClassVar = "outbound_fax"

    def identity(self) -> tuple[str | datetime, ...]:
        """Return the job and when it ended."""
        return self.sending_identity()

    def summary(self) -> str:
        """Return one line for people."""
        return f"Fax from {self.caller()} to {self.callee()} sent"


handler = receiver(OutboundFax)
