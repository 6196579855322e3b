"""Nobody answered a call: Dash's `missed_call`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, override

from pydantic import BeforeValidator, WithJsonSchema

from hookswitch.payloads.base import Identity, IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.times import GregorianSeconds
from hookswitch.receiving.receiver import receiver


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) and value else value


def _addresses(value: object) -> Iterator[str]:
    """Yield all addresses in a list, and all values in what other structure a system sends in its place."""
    if isinstance(value, Mapping):
        value = [*value.values()]
    if isinstance(value, list):
        for element in value:
            yield from _addresses(element)
    elif value is not None and (address := str(value).strip().casefold()):
        yield address


_LIST_SCHEMA = {"anyOf": [{"items": {"type": "string"}, "type": "array"}, {"type": "null"}]}
# Any value is taken, since it tells two notifications apart; consumers are promised a list of strings or what came.
Recipients = Annotated[Any, BeforeValidator(_as_list), WithJsonSchema(_LIST_SCHEMA)]


class MissedCall(NotificationPayload):
    """A call from outside that nobody answered and that left no message.

    It fires only if the callflow of the number has the action *missed call alert*. It does not fire for calls within
    the account, or if the caller left a voicemail. People are alerted by the record of the call that it belongs to.

    `to` lists the e-mail addresses of the people to tell; `notify` is the whole hang-up event. One call can have
    several notifications, in the same second, for other people (docs/dash-protocol.md, section 6).
    """

    hook: ClassVar = "missed_call"
    timeline_order: ClassVar = 90

    call_id: IdentityText
    timestamp: GregorianSeconds | None = None
    call_bridged: bool | None = None
    message_left: bool | None = None
    to: Recipients = None
    notify: dict[str, Any] | None = None

    @override
    def identity(self) -> Identity:
        """Return the call, the second and the people to tell, in whatever order they are listed.

        A republished notification has a new `msg_id`, and the same people to tell.
        """
        return self.call_id, self.timestamp, *sorted(set(_addresses(self.to)))

    @override
    def occurred_at(self) -> datetime | None:
        return self.timestamp

    @override
    def describe(self) -> str:
        return f"Missed call from {self.caller()} to {self.callee()}"


handler = receiver(MissedCall)
