"""A device registers: Dash's `register`."""

from typing import ClassVar

from hookswitch.payloads.registration import RegistrationPayload
from hookswitch.receiving.receiver import receiver


class Register(RegistrationPayload):
    """A device that can be called from now on, for `expires` seconds."""

    hook: ClassVar = "register"

    authorizing_type: str | None = None

    def summary(self) -> str:
        """Return one line for people."""
        where = f" from {self.network_ip}" if self.network_ip else ""
        return f"Device {self.device() or 'of unknown name'} registered{where}"


handler = receiver(Register)
