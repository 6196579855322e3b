"""A fax could not be received: Dash's `inbound_fax_error`."""

from typing import ClassVar, override

from hookswitch.payloads.fax import FaxPayload
from hookswitch.receiving.receiver import receiver


class InboundFaxError(FaxPayload):
    """A fax that failed while it was received."""

    hook: ClassVar = "inbound_fax_error"
    alert: ClassVar = True

    fax_error: str | None = None
    fax_result_code: str | None = None

    @override
    def fax(self) -> str | None:
        """Return the id of the document: an inbound fax has no job."""
        return self.fax_id

    @override
    def describe(self) -> str:
        why = f": {self.fax_error}" if self.fax_error else ""
        return f"Fax from {self.caller()} to {self.callee()} not received{why}"


handler = receiver(InboundFaxError)
