"""The catch-all: any of Dash's other notifications, some thirty-five of them (`notifications`).

Three of them carry what nobody may keep: `password_recovery` a reset link, `new_user` a password, `new_account`
an API key. A mark takes the place of those values before anything is stored, queued or logged.
"""

import re
from typing import Any, ClassVar

from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.receiving.receiver import receiver

MARK = "[removed by hookswitch]"

_NAMES = r"passw(?:or)?d|reset[-_ ]?link|api[-_ ]?key|secret|credential|auth[-_ ]?token"
_SECRET = re.compile(_NAMES, re.IGNORECASE)
# The same in a body that can't be decoded: in JSON up to the closing quote or the end, in a form up to the `&`.
_IN_JSON = re.compile(
    rf'("[^"]*(?:{_NAMES})[^"]*"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[^",\s}}\]]+)', re.IGNORECASE | re.DOTALL
)
_IN_FORM = re.compile(rf"((?:^|&)[^=&]*(?:{_NAMES})[^=&]*=)[^&]*", re.IGNORECASE)


class Notifications(NotificationPayload):
    """A notification of any name; `msg_id` is all that they have in common."""

    hook: ClassVar = "notifications"

    msg_id: IdentityText

    @classmethod
    def accepts_name(cls, event_name: str) -> bool:
        """Take every name."""
        del event_name
        return True

    def superseded_by(self, hooks: frozenset[str]) -> str | None:
        """Leave an event to the hook of its own that this stack has registered."""
        return self.event_name_ if self.event_name_ in hooks else None

    def identity(self) -> tuple[str, ...]:
        """Return `msg_id`."""
        return (self.msg_id,)

    def summary(self) -> str:
        """Return one line for people."""
        return f"Notification {self.event_name_ or 'without a name'}"

    @classmethod
    def redact(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields with a mark in place of every password, reset link and key, at any depth.

        A name may hold one too: JSON in the query of a get is read as a form, in which all of it is a name.
        """
        safe: dict[str, Any] = {}
        for name, value in fields.items():
            if _SECRET.search(name):
                safe[cls.redact_text(name)] = MARK if value else value
            else:
                safe[name] = _inner(value)
        return safe

    @classmethod
    def redact_text(cls, text: str) -> str:
        """Do the same for what stands behind such a name in a body that can't be decoded."""
        return _IN_FORM.sub(rf"\1{MARK}", _IN_JSON.sub(rf'\1"{MARK}"', text))


def _inner(value: object) -> object:
    if isinstance(value, dict):
        return Notifications.redact(value)
    if isinstance(value, list):
        return [_inner(element) for element in value]
    return value


handler = receiver(Notifications)
