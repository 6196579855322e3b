"""The base payload of the two device hooks (docs/dash-protocol.md, section 4)."""

from datetime import datetime

from hookswitch.payloads.base import GregorianSeconds, IdentityText
from hookswitch.payloads.notification import NotificationPayload


class RegistrationPayload(NotificationPayload):
    """A device that registers or drops off. `expires` is in seconds, `network_port` a string."""

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

    def identity(self) -> tuple[str | datetime, ...]:
        """Return `msg_id`."""
        return (self.msg_id,)

    def occurred_at(self) -> datetime | None:
        """Return `event_timestamp`."""
        return self.event_timestamp

    def device(self) -> str | None:
        """Return the device as `username@realm`, the one name that both hooks give it; else its document's id."""
        user, realm = self.username or self.from_user, self.realm or self.from_host or self.from_realm
        return f"{user}@{realm}" if user and realm else self.authorizing_id

    def subject(self) -> str | None:
        """Return the device."""
        device = self.device()
        return f"device/{device}" if device else None

    def timeline_call(self) -> None:
        """Return nothing: the `call_id` of a registration is no call's."""
