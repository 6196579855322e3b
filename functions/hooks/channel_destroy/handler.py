"""A leg of a call ends: Dash's `channel_destroy`."""

from collections.abc import Iterator
from typing import ClassVar

from hookswitch.observability.metrics import Measurement
from hookswitch.payloads.channel import ChannelPayload
from hookswitch.receiving.receiver import receiver

LONGEST = 31 * 86_400  # seconds; no call lasts as long, so a larger number is none
OTHER = "OTHER"
# FreeSWITCH, "Hangup Cause Code Table": there are some sixty, of which these end nearly all calls. Each value of a
# dimension is a metric of its own, and is paid for.
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
    """A leg that ends, how, and after how long.

    `hangup_code` is a SIP response: `sip:487` as Dash sends it, the plain number 404 in its reference. Both are
    kept as text.
    """

    hook: ClassVar = "channel_destroy"
    timeline_order: ClassVar = 80

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

    def measurements(self) -> Iterator[Measurement]:
        """Yield what the leg says of its call, if it is the one that began it (docs/metrics.md); else nothing."""
        if self.call_direction != "inbound" or self.is_internal_leg:
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


def _seconds(told: int | None) -> int | None:
    return told if told is not None and 0 <= told <= LONGEST else None


handler = receiver(ChannelDestroy)
