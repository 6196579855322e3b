"""A device's registration ends: Dash's `deregister`."""

from typing import Any, ClassVar, override

from hookswitch.payloads.registration import RegistrationPayload
from hookswitch.payloads.text import part
from hookswitch.receiving.receiver import receiver


class Deregister(RegistrationPayload):
    """A device that can no longer be called."""

    hook: ClassVar = "deregister"

    profile_name: str | None = None
    presence_hosts: str | list[Any] | None = None
    status: str | None = None
    freeswitch_hostname: str | None = None

    @override
    def describe(self) -> str:
        return f"Device {part(self.device()) or 'of unknown name'} dropped off"


handler = receiver(Deregister)
