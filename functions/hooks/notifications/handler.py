"""The catch-all: any of Dash's other notifications, some thirty-five of them (`notifications`).

Three of them carry secrets: `password_recovery` a reset link, `new_user` a password, `new_account` an API key. A mark
replaces such values before anything is stored, queued or logged.
"""

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, override

from pydantic import Field

from hookswitch.payloads.base import Identity, IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.text import part
from hookswitch.payloads.times import GregorianSeconds
from hookswitch.receiving.receiver import receiver

MARK = "[removed by hookswitch]"

_NAMES = r"passw(?:or)?d|reset[-_ ]?link|api[-_ ]?key|secret|credential|auth[-_ ]?token"
_SECRET = re.compile(_NAMES, re.IGNORECASE)
# The same in a body that can't be decoded: in JSON up to the closing quote or the end, in a form up to the `&`.
_IN_JSON = re.compile(
    rf'("[^"]*(?:{_NAMES})[^"]*"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[^",\s}}\]]+)', re.IGNORECASE | re.DOTALL
)
_IN_FORM = re.compile(rf"((?:^|&)[^=&]*(?:{_NAMES})[^=&]*=)[^&]*", re.IGNORECASE)


# Read for the time of the event; in its payload it stays as received, as all fields of unknown notifications do.
UntypedTime = Annotated[GregorianSeconds | None, Field(exclude=True)]


class Notifications(NotificationPayload):
    """A notification of any name; `msg_id` is the only field that they all have."""

    hook: ClassVar = "notifications"

    msg_id: IdentityText
    timestamp: UntypedTime = None
    fax_timestamp: UntypedTime = None
    voicemail_timestamp: UntypedTime = None
    event_timestamp: UntypedTime = None

    @classmethod
    @override
    def accepts_name(cls, event_name: str) -> bool:
        del event_name
        return True

    @override
    def superseded_by(self, hooks: frozenset[str]) -> str | None:
        """Return the event's dedicated hook if this stack has registered it."""
        return self.event_name_ if self.event_name_ in hooks else None

    @override
    def identity(self) -> Identity:
        return (self.msg_id,)

    @override
    def occurred_at(self) -> datetime | None:
        """Return the first time in the event's own fields; notifications name it differently."""
        return self.timestamp or self.fax_timestamp or self.voicemail_timestamp or self.event_timestamp

    @override
    def describe(self) -> str:
        return f"Notification {part(self.event_name_) or 'without a name'}"

    @classmethod
    @override
    def redact(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields with a mark in place of every password, reset link and key, at any depth.

        A name can hold one too: JSON in the query of a GET request is read as a form in which all of it is a name.
        """
        safe: dict[str, Any] = {}
        for name, value in fields.items():
            if _SECRET.search(name):
                safe[cls.redact_text(name)] = MARK if value else value
            else:
                safe[name] = _inner(value)
        return safe

    @classmethod
    @override
    def redact_text(cls, text: str) -> str:
        """Return a body that can't be decoded with a mark in place of what follows such a name."""
        return _IN_FORM.sub(rf"\1{MARK}", _IN_JSON.sub(rf'\1"{MARK}"', text))


def _inner(value: object) -> object:
    if isinstance(value, dict):
        return Notifications.redact(value)
    if isinstance(value, list):
        return [_inner(element) for element in value]
    return value


handler = receiver(Notifications)
