"""Nobody answered a call: Dash's `missed_call`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, override

from hookswitch.observability.metrics import Measurement
from hookswitch.payloads.base import GregorianSeconds, IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.receiving.receiver import receiver


class MissedCall(NotificationPayload):
    """A call that rang and was not answered.

    `to` is a list of e-mail addresses here; `notify` is the whole hang-up event.
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

    @override
    def identity(self) -> tuple[str | datetime, ...]:
        return self.call_id, self.timestamp

    @override
    def occurred_at(self) -> datetime:
        return self.timestamp

    @override
    def describe(self) -> str:
        return f"Missed call from {self.caller()} to {self.callee()}"

    @override
    def measurements(self) -> Iterator[Measurement]:
        yield Measurement("missed")


handler = receiver(MissedCall)
