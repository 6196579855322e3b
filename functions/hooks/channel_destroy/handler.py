"""A leg of a call ends: Dash's `channel_destroy`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, override

from hookswitch.payloads.base import Identity
from hookswitch.payloads.channel import ENDS, ChannelPayload
from hookswitch.payloads.text import part
from hookswitch.receiving.receiver import receiver

NEAR = 3  # seconds by which the time of a leg's end may differ between Dash's record and its webhook
LONGEST = 31 * 86_400  # seconds; a larger number is not the length of a call


class ChannelDestroy(ChannelPayload):
    """A leg that ends: how, and after how long.

    It fires for every leg, also for phones that rang while another one was answered (`LOSE_RACE`, `ORIGINATOR_CANCEL`):
    those are no missed calls. When Dash loses a media server it can fire although the call goes on, and a second time
    at the real end.

    `hangup_code` is a SIP response, `sip:487` on the wire and a plain 404 in Dash's reference. Both are kept as text.
    """

    hook: ClassVar = "channel_destroy"
    timeline_order: ClassVar = 80

    hangup_cause: str | None = None
    hangup_code: str | None = None
    duration_seconds: int | None = None
    ringing_seconds: int | None = None
    billing_seconds: int | None = None

    @property
    def is_final(self) -> bool:
        """Whether the payload says how the leg ended.

        Dash also reports a leg as destroyed when it loses its media server. Such an event has none of these fields. The
        call may go on, and its real end comes later.
        """
        return any(getattr(self, name) is not None for name in ENDS)

    @override
    def identity(self) -> Identity:
        """Return the leg and the second; without the second, whether it is the leg's real end."""
        return super().identity() if self.timestamp or self.is_final else (*super().identity(), "media server lost")

    @override
    def alternatives(self) -> tuple[Identity, ...]:
        """Return the leg with the seconds around its end, and without one: Dash's record and its webhook may differ."""
        if not self.timestamp:
            return ()
        seconds = (self.timestamp + timedelta(seconds=sign * by) for by in range(1, NEAR + 1) for sign in (-1, 1))
        return (*((self.call_id, second) for second in seconds), (self.call_id, None))

    @override
    def is_also(self, stored: Mapping[str, Any]) -> bool:
        """Return whether a stored event is the leg's real end, as this one is."""
        return any(stored.get(name) is not None for name in ENDS)

    @override
    def describe(self) -> str:
        seconds, cause = _seconds(self.duration_seconds), part(self.hangup_cause)
        lasted = f" after {seconds} s" if seconds is not None else ""
        cause = f" ({cause})" if cause else ""
        return f"Call {self.parties()} ended{lasted}{cause}"


def _seconds(received: int | None) -> int | None:
    return received if received is not None and 0 <= received <= LONGEST else None


handler = receiver(ChannelDestroy)
