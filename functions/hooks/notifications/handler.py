"""The catch-all: any of Dash's other notifications, some thirty-five of them (`notifications`).

Three of them carry secrets: `password_recovery` a reset link, `new_user` a password, `new_account` an API key. A mark
replaces such values before anything is stored, queued or logged.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, override

from pydantic import Field

from hookswitch.dash.hooks import DEFAULT_HOOKS
from hookswitch.payloads.base import Identity, IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.redaction import redact_fields, redact_text
from hookswitch.payloads.text import part
from hookswitch.payloads.times import GregorianSeconds
from hookswitch.receiving.receiver import receiver

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
        """Return the fields without passwords, reset links and keys; those of dedicated hooks' events hold none."""
        if fields.get("event_name") in DEFAULT_HOOKS:
            return fields
        return redact_fields(fields, {field.alias or name for name, field in cls.model_fields.items()})

    @classmethod
    @override
    def redact_text(cls, text: str) -> str:
        return redact_text(text)


handler = receiver(Notifications)
