"""A fax could not be sent: Dash's `outbound_fax_error`."""

from datetime import datetime
from typing import ClassVar

from hookswitch.payloads.fax import FaxPayload
from hookswitch.receiving.receiver import receiver


class OutboundFaxError(FaxPayload):
    """A fax that did not arrive. The payload may lack its account: the webhook's owner is taken for it."""

    hook: ClassVar = "outbound_fax_error"
    alert: ClassVar = True

    fax_error: str | None = None
    fax_result_code: str | None = None

    def identity(self) -> tuple[str | datetime, ...]:
        """Return the job and when it failed."""
        return self.sending_identity()

    def summary(self) -> str:
        """Return one line for people."""
        why = f": {self.fax_error}" if self.fax_error else ""
        return f"Fax from {self.caller()} to {self.callee()} failed{why}"


handler = receiver(OutboundFaxError)
