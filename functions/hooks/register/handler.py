"""A device registers: Dash's `register`."""

from typing import ClassVar, override

from hookswitch.payloads.registration import RegistrationPayload
from hookswitch.payloads.text import part
from hookswitch.receiving.receiver import receiver


class Register(RegistrationPayload):
    """A device that can be called for the next `expires` seconds."""

    hook: ClassVar = "register"

    authorizing_type: str | None = None

    @override
    def describe(self) -> str:
        address = part(self.network_ip)
        where = f" from {address}" if address else ""
        return f"Device {part(self.device()) or 'of unknown name'} registered{where}"


handler = receiver(Register)
