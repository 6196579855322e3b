"""A device registers: Dash's `register`."""

from typing import ClassVar, override

from hookswitch.payloads.registration import RegistrationPayload
from hookswitch.receiving.receiver import receiver


class Register(RegistrationPayload):
    """A device that can be called for the next `expires` seconds."""

    hook: ClassVar = "register"

    authorizing_type: str | None = None

    @override
    def summary(self) -> str:
        where = f" from {self.network_ip}" if self.network_ip else ""
        return f"Device {self.device() or 'of unknown name'} registered{where}"


handler = receiver(Register)
