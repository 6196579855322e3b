"""A device drops off: Dash's `deregister`."""

from typing import Any, ClassVar

from hookswitch.payloads.registration import RegistrationPayload
from hookswitch.receiving.receiver import receiver


class Deregister(RegistrationPayload):
    """A device that can't be called any more."""

    hook: ClassVar = "deregister"

    profile_name: str | None = None
    presence_hosts: str | list[Any] | None = None
    status: str | None = None
    freeswitch_hostname: str | None = None

    def summary(self) -> str:
        """Return one line for people."""
        return f"Device {self.device() or 'of unknown name'} dropped off"


handler = receiver(Deregister)
