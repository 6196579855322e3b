"""The base payload of the two device hooks (docs/dash-protocol.md, section 4)."""

from datetime import datetime
from typing import override

from hookswitch.payloads.base import GregorianSeconds, IdentityText
from hookswitch.payloads.notification import NotificationPayload


class RegistrationPayload(NotificationPayload):
    """A device that registers or unregisters. `expires` is in seconds; `network_port` is a string."""

    msg_id: IdentityText
    username: str | None = None
    realm: str | None = None
    user_agent: str | None = None
    contact: str | None = None
    network_ip: str | None = None
    network_port: str | None = None
    expires: int | None = None
    event_timestamp: GregorianSeconds | None = None
    authorizing_id: str | None = None
    from_host: str | None = None
    to_host: str | None = None
    suppress_unregister_notify: bool | None = None

    @override
    def identity(self) -> tuple[str | datetime, ...]:
        return (self.msg_id,)

    @override
    def occurred_at(self) -> datetime | None:
        return self.event_timestamp

    def device(self) -> str | None:
        """Return the device as `username@realm`, which both hooks send, else the id of its document."""
        user, realm = self.username or self.from_user, self.realm or self.from_host or self.from_realm
        return f"{user}@{realm}" if user and realm else self.authorizing_id

    @override
    def subject(self) -> str | None:
        device = self.device()
        return f"device/{device}" if device else None

    @override
    def timeline_call(self) -> None:
        """Return None: the `call_id` of a registration identifies a SIP dialog, not a phone call."""
