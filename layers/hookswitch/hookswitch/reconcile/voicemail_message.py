"""One message of a voicemail box (docs/dash-protocol.md, section 5).

Kazoo keeps its metadata (`kzd_box_message`) with the values that it also publishes as `voicemail_new`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.times import GregorianSeconds
from hookswitch.reconcile.history import HistoryEntry, gregorian, present, split_address

LONGEST = 86_400_000  # milliseconds; a larger number is not the length of a message


class VoicemailMessage(HistoryEntry):
    """A message that a caller left. Which folder it is in does not matter: it was left."""

    media_id: IdentityText
    """The message's id, which `voicemail_new` names `voicemail_id`."""
    timestamp: GregorianSeconds
    source_id: str | None = None
    """The id of the voicemail box."""
    length: Annotated[int, Field(ge=0, le=LONGEST)] | None = None
    """In milliseconds."""
    call_id: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    caller_id_name: str | None = None
    caller_id_number: str | None = None
    folder: str | None = None
    transcription: dict[str, Any] | None = None

    @classmethod
    def from_row(cls, account_id: str, row: object) -> Self:
        """Return the message in a row of a listing.

        Args:
            account_id: The account whose messages were read, 32 hexadecimal digits.
            row: An entry of `GET /vmboxes/messages`, which has the message under the id of its box, or of
                `GET /vmboxes/{id}/messages`, which has it as it is.

        Raises:
            UnusableError: It lacks `media_id` or `timestamp`; the text says which.
        """
        if isinstance(row, Mapping) and len(row) == 1:
            ((box, message),) = row.items()
            if isinstance(message, Mapping):
                row = {"source_id": box, **message}
        return cls._parse(account_id, row)

    @property
    def left_at(self) -> int:
        """When it was left, in Unix seconds."""
        return int(self.timestamp.timestamp())

    def to_fields(self) -> dict[str, Any]:
        """Return the fields that the notification `voicemail_new` would have sent, as far as the message tells them."""
        (from_user, from_realm), (to_user, to_realm) = split_address(self.from_), split_address(self.to)
        fields = {
            "event_name": "voicemail_new",
            "event_category": "notification",
            "account_id": self.account_id,
            "voicemail_id": self.media_id,
            "voicemail_box": self.source_id,
            "voicemail_length": self.length,
            "voicemail_timestamp": gregorian(self.left_at),
            "voicemail_transcription": self.transcription,
            "call_id": self.call_id,
            "caller_id_name": self.caller_id_name,
            "caller_id_number": self.caller_id_number,
            "from_user": from_user,
            "from_realm": from_realm,
            "to_user": to_user,
            "to_realm": to_realm,
        }
        return present(fields)
