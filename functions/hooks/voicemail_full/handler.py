"""A mailbox is full: Dash's `voicemail_full`."""

from typing import ClassVar, override

from hookswitch.payloads.base import Identity, IdentityText
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
    def identity(self) -> Identity:
        """Return the mailbox, its messages, and the log of the call that found it full; else `msg_id`.

        `msg_id` is new each time that Dash publishes the notification, `system_log_id` each time that a caller finds
        the mailbox full. Two callers can do so in one minute and find the same number of messages, so counts and time
        are not enough. See docs/engineering/decisions/0061-event-identity.md.
        """
        log = self.system_log_id or ""
        if not self.voicemail_box or not log.strip("0"):  # all zeros is Kazoo's log id outside of any call
            return (self.msg_id,)
        counts = (None if count is None else str(count) for count in (self.message_count, self.max_message_count))
        return self.voicemail_box, log, *counts

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
