"""A mailbox takes no more messages: Dash's `voicemail_full`."""

from typing import ClassVar

from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.receiving.receiver import receiver


class VoicemailFull(NotificationPayload):
    """A full mailbox, with the number of messages in it and its limit."""

    hook: ClassVar = "voicemail_full"
    alert: ClassVar = True

    msg_id: IdentityText
    voicemail_box: str | None = None
    message_count: int | None = None
    max_message_count: int | None = None

    def identity(self) -> tuple[str, ...]:
        """Return `msg_id`: the payload holds nothing else that tells one event from the next."""
        return (self.msg_id,)

    def subject(self) -> str | None:
        """Return the mailbox."""
        return f"mailbox/{self.voicemail_box}" if self.voicemail_box else None

    def summary(self) -> str:
        """Return one line for people."""
        box = self.voicemail_box or "of unknown id"
        if self.message_count is None or self.max_message_count is None:
            return f"Mailbox {box} is full"
        return f"Mailbox {box} is full: {self.message_count} of {self.max_message_count} messages"


handler = receiver(VoicemailFull)
