"""A caller left a message: Dash's `voicemail_new`."""

from datetime import datetime
from typing import Any, ClassVar, override

from hookswitch.payloads.base import Identity, IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.times import GregorianSeconds
from hookswitch.receiving.receiver import receiver

DAY = 86_400_000  # milliseconds; a larger number is not the length of a message


class VoicemailNew(NotificationPayload):
    """A new message in a mailbox.

    It does not fire if the caller hangs up without leaving one. People are alerted by the record of the call that it
    belongs to; by the message itself if it names no call.

    `voicemail_length` is in milliseconds. `voicemail_transcription` is text, or an object with `text` and `result`,
    depending on the transcription provider.
    """

    hook: ClassVar = "voicemail_new"
    timeline_order: ClassVar = 95

    voicemail_id: IdentityText
    voicemail_box: str | None = None
    voicemail_length: int | None = None
    voicemail_timestamp: GregorianSeconds | None = None
    voicemail_transcription: str | dict[str, Any] | None = None

    @override
    def identity(self) -> Identity:
        return (self.voicemail_id,)

    @override
    def occurred_at(self) -> datetime | None:
        return self.voicemail_timestamp

    @override
    def alerts(self) -> bool:
        return not self.call_id

    @override
    def subject(self) -> str | None:
        return f"mailbox/{self.voicemail_box}" if self.voicemail_box else super().subject()

    @override
    def describe(self) -> str:
        milliseconds = self.voicemail_length
        length = f", {(milliseconds + 500) // 1000} s" if milliseconds is not None and 0 <= milliseconds <= DAY else ""
        return f"Voicemail from {self.caller()} to {self.callee()}{length}"


handler = receiver(VoicemailNew)
