"""A leg of a call ends: Dash's `channel_destroy`."""

from collections.abc import Iterator
from typing import ClassVar, override

from hookswitch.observability.metrics import Measurement
from hookswitch.payloads.base import Identity
from hookswitch.payloads.channel import ChannelPayload
from hookswitch.payloads.text import part
from hookswitch.receiving.receiver import receiver

LONGEST = 31 * 86_400  # seconds; a larger number is not the length of a call
OTHER = "OTHER"
# FreeSWITCH, "Hangup Cause Code Table", has some sixty causes; these end nearly all calls. CloudWatch charges for each
# value of a dimension as a metric of its own.
CAUSES = frozenset(
    {
        "NORMAL_CLEARING",
        "ORIGINATOR_CANCEL",
        "NO_ANSWER",
        "USER_BUSY",
        "NO_USER_RESPONSE",
        "CALL_REJECTED",
        "UNALLOCATED_NUMBER",
        "USER_NOT_REGISTERED",
        "NORMAL_TEMPORARY_FAILURE",
        "RECOVERY_ON_TIMER_EXPIRE",
        "ALLOTTED_TIMEOUT",
        "ATTENDED_TRANSFER",
    }
)


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
        said = (self.hangup_cause, self.hangup_code, self.duration_seconds, self.billing_seconds, self.ringing_seconds)
        return any(value is not None for value in said)

    @override
    def identity(self) -> Identity:
        """Return the leg and the second; without the second, whether it is the leg's real end."""
        return super().identity() if self.timestamp or self.is_final else (*super().identity(), "media server lost")

    @override
    def describe(self) -> str:
        seconds, cause = _seconds(self.duration_seconds), part(self.hangup_cause)
        lasted = f" after {seconds} s" if seconds is not None else ""
        cause = f" ({cause})" if cause else ""
        return f"Call {self.parties()} ended{lasted}{cause}"

    @override
    def measurements(self) -> Iterator[Measurement]:
        """Yield the metrics of a call if this is the end of the leg that began it (docs/metrics.md)."""
        if self.call_direction != "inbound" or self.is_internal_leg or not self.is_final:
            return
        yield Measurement("calls")
        talked, rang = _seconds(self.billing_seconds), _seconds(self.ringing_seconds)
        if talked:
            yield Measurement("answered")
            yield Measurement("talk_time", talked)
        elif self.hangup_cause == "ORIGINATOR_CANCEL":
            yield Measurement("abandoned")
        if rang is not None:
            yield Measurement("ring_time", rang)
        if self.hangup_cause:
            cause = self.hangup_cause if self.hangup_cause in CAUSES else OTHER
            yield Measurement("hangups", dimensions={"hangup_cause": cause})


def _seconds(received: int | None) -> int | None:
    return received if received is not None and 0 <= received <= LONGEST else None


handler = receiver(ChannelDestroy)
