"""A mailbox is full: Dash's `voicemail_full`."""

from typing import ClassVar, override

from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.text import part
from hookswitch.receiving.receiver import receiver


class VoicemailFull(NotificationPayload):
    """A full mailbox, with its number of messages and its limit."""

    hook: ClassVar = "voicemail_full"
    alert: ClassVar = True

    msg_id: IdentityText
    voicemail_box: str | None = None
    message_count: int | None = None
    max_message_count: int | None = None

    @override
    def identity(self) -> tuple[str, ...]:
        return (self.msg_id,)

    @override
    def subject(self) -> str | None:
        return f"mailbox/{self.voicemail_box}" if self.voicemail_box else None

    @override
    def describe(self) -> str:
        box = part(self.voicemail_box) or "of unknown id"
        if self.message_count is None or self.max_message_count is None:
            return f"Mailbox {box} is full"
        return f"Mailbox {box} is full: {self.message_count} of {self.max_message_count} messages"


handler = receiver(VoicemailFull)
