"""The base payload of the two device hooks (docs/dash-protocol.md, section 4)."""

from datetime import datetime
from typing import override

from hookswitch.payloads.base import Identity, IdentityText
from hookswitch.payloads.notification import NotificationPayload
from hookswitch.payloads.times import GregorianSeconds


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
    def identity(self) -> Identity:
        """Return the device, the second, and the dialog and contact that it registered with; else `msg_id`.

        `msg_id` is new each time that Dash publishes the notification. Two registrations of a device in one second
        differ in their contact or call id.
        """
        device, dialog = self.device(), (self.call_id or None, self.contact or None)
        if not device or not self.event_timestamp or not any(dialog):
            return (self.msg_id,)
        return device, self.event_timestamp, *dialog

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
