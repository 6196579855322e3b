"""The base payload of the three fax hooks (docs/dash-protocol.md, section 4)."""

from datetime import datetime
from typing import Any, override

from hookswitch.payloads.base import Identity
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.times import GregorianSeconds


class FaxPayload(NotificationPayload):
    """One attempt to send or receive a fax.

    `fax_info` (success, result, pages, transfer rate, stations) is untyped: its values have other types in other
    releases.
    """

    fax_id: str | None = None
    fax_jobid: str | None = None
    faxbox_id: str | None = None
    fax_timestamp: GregorianSeconds | None = None
    fax_info: dict[str, Any] | None = None
    fax_notifications: dict[str, Any] | None = None
    fax_timezone: str | None = None

    @override
    def occurred_at(self) -> datetime | None:
        return self.fax_timestamp

    def fax(self) -> str | None:
        """Return the id of the job that sends the fax, else that of the document."""
        return self.fax_jobid or self.fax_id

    @override
    def subject(self) -> str | None:
        fax = self.fax()
        return f"fax/{fax}" if fax else None

    @override
    def identity(self) -> Identity:
        """Return the fax and when it ended, else `msg_id`.

        One fax can fail several times. A call that fails early leaves no document, and some payloads lack the time.
        """
        fax = self.fax()
        return (fax, self.fax_timestamp) if fax and self.fax_timestamp else self.message_identity()
