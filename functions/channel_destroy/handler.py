"""A leg of a call ends: Dash's `channel_destroy`."""

from typing import ClassVar

from hookswitch.channel import ChannelPayload
from hookswitch.receive import receiver


class ChannelDestroy(ChannelPayload):
    """A leg that ends, how, and after how long.

    `hangup_code` is a SIP response: `sip:487` as Dash sends it, the plain number 404 in its reference. Both are
    kept as text.
    """

    hook: ClassVar = "channel_destroy"
    step: ClassVar = 80

    hangup_cause: str | None = None
    hangup_code: str | None = None
    duration_seconds: int | None = None
    ringing_seconds: int | None = None
    billing_seconds: int | None = None

    def summary(self) -> str:
        """Return one line for people."""
        lasted = f" after {self.duration_seconds} s" if self.duration_seconds is not None else ""
        cause = f" ({self.hangup_cause})" if self.hangup_cause else ""
        return f"Call {self.parties()} ended{lasted}{cause}"


handler = receiver(ChannelDestroy)
