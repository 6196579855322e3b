"""Nobody took a call: Dash's `missed_call`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from hookswitch.observability.metrics import Measurement
from hookswitch.payloads.base import GregorianSeconds, IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.receiving.receiver import receiver


class MissedCall(NotificationPayload):
    """A call that rang and was not answered.

    `to` is a list of e-mail addresses here, `notify` the whole hang-up event.
    """

    hook: ClassVar = "missed_call"
    alert: ClassVar = True
    timeline_order: ClassVar = 90

    call_id: IdentityText
    timestamp: GregorianSeconds
    call_bridged: bool | None = None
    message_left: bool | None = None
    to: list[str] | None = None
    notify: dict[str, Any] | None = None

    def identity(self) -> tuple[str | datetime, ...]:
        """Return the call and the second; `msg_id` is new at each publication."""
        return self.call_id, self.timestamp

    def occurred_at(self) -> datetime:
        """Return `timestamp`."""
        return self.timestamp

    def summary(self) -> str:
        """Return one line for people."""
        return f"Missed call from {self.caller()} to {self.callee()}"

    def measurements(self) -> Iterator[Measurement]:
        """Yield the call as one that was missed."""
        yield Measurement("missed")


handler = receiver(MissedCall)
