"""The catch-all: any of Dash's notifications, some thirty-five of them (`notifications`).

Three of them carry secrets: `password_recovery` a reset link, `new_user` a password, `new_account` an API key. A mark
replaces such values before anything is stored, queued or logged.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Annotated, Any, ClassVar, override

from pydantic import Field

from hookswitch.payloads.base import Identity, IdentityText, Payload
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.redaction import redact_fields, redact_text
from hookswitch.payloads.text import part
from hookswitch.payloads.times import GregorianSeconds
from hookswitch.receiving.receiver import receiver

# Notifications with a hook of their own. This hook is a second way in for them.
DEDICATED_HOOKS = frozenset(
    {
        "voicemail_new",
        "voicemail_full",
        "outbound_fax",
        "outbound_fax_error",
        "inbound_fax_error",
        "missed_call",
        "register",
        "deregister",
        "webhook_disabled",
    }
)
# Read for the time of the event; in its payload it stays as received, as all fields of unknown notifications do.
UntypedTime = Annotated[GregorianSeconds | None, Field(exclude=True)]


class Notifications(NotificationPayload):
    """A notification of any name; `msg_id` is the only field that they all have.

    It is registered only if you add it to `Hooks`. An event that has a hook of its own is stored once, as that hook's.
    """

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

    @classmethod
    @override
    def type_for(cls, fields: Mapping[str, Any]) -> type[Payload]:
        """Return the dedicated hook's type for an event that has one, so that either webhook stores the same event."""
        name = fields.get("event_name")
        if not isinstance(name, str) or name not in DEDICATED_HOOKS:
            return cls
        module = import_module(f"..{name}.handler", __package__)  # only now: it is no part of the cold start
        payload_type: type[Payload] = getattr(module, name.title().replace("_", ""))
        return payload_type

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
        if cls.type_for(fields) is not cls:
            return fields
        return redact_fields(fields, {field.alias or name for name, field in cls.model_fields.items()})

    @classmethod
    @override
    def redact_text(cls, text: str) -> str:
        return redact_text(text)


handler = receiver(Notifications)
