"""A fax could not be received: Dash's `inbound_fax_error`."""

from datetime import datetime
from typing import ClassVar

from hookswitch.payloads.fax import FaxPayload
from hookswitch.receiving.receiver import receiver


class InboundFaxError(FaxPayload):
    """A fax that broke off while it came in."""

    hook: ClassVar = "inbound_fax_error"
    alert: ClassVar = True

    fax_error: str | None = None
    fax_result_code: str | None = None

    def fax(self) -> str | None:
        """Return the document: nothing that comes in is a job."""
        return self.fax_id

    def identity(self) -> tuple[str | datetime, ...]:
        """Return the document and when it failed, else `msg_id`: a call that broke off early made no document."""
        if self.fax_id and self.fax_timestamp:
            return self.fax_id, self.fax_timestamp
        return self.message_identity()

    def summary(self) -> str:
        """Return one line for people."""
        why = f": {self.fax_error}" if self.fax_error else ""
        return f"Fax from {self.caller()} to {self.callee()} not received{why}"


handler = receiver(InboundFaxError)
