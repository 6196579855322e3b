"""A fax could not be sent: Dash's `outbound_fax_error`."""

from typing import ClassVar, override

from hookswitch.payloads.fax import FaxPayload
from hookswitch.receiving.receiver import receiver


class OutboundFaxError(FaxPayload):
    """A fax that could not be delivered. If the payload lacks its account, it is the webhook's owner."""

    hook: ClassVar = "outbound_fax_error"
    alert: ClassVar = True

    fax_error: str | None = None
    fax_result_code: str | None = None

    @override
    def describe(self) -> str:
        why = f": {self.fax_error}" if self.fax_error else ""
        return f"Fax from {self.caller()} to {self.callee()} failed{why}"


handler = receiver(OutboundFaxError)
