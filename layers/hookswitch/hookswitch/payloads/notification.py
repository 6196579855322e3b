"""The base payload of the hooks that are `notifications` to Dash (docs/dash-protocol.md, section 4)."""

from typing import override

from pydantic import Field

from hookswitch.payloads.base import Identity, Payload
from hookswitch.payloads.text import part


class NotificationPayload(Payload):
    """What every notification carries.

    `msg_id` changes when Dash publishes an unconfirmed notification again, so it identifies an event only where
    nothing else does.
    """

    event_name_: str | None = Field(default=None, alias="event_name")
    event_category: str | None = None
    msg_id: str | None = None
    app_name: str | None = None
    app_version: str | None = None
    node: str | None = None
    server_id: str | None = None
    system_log_id: str | None = None
    account_db: str | None = None
    call_id: str | None = None
    caller_id_name: str | None = None
    caller_id_number: str | None = None
    callee_id_name: str | None = None
    callee_id_number: str | None = None
    from_user: str | None = None
    from_realm: str | None = None
    to_user: str | None = None
    to_realm: str | None = None
    owner_id: str | None = None
    cluster_id: str | None = None

    @property
    @override
    def event_name(self) -> str | None:
        return self.event_name_

    def caller(self) -> str:
        """Return the caller's number, for a summary."""
        return part(self.caller_id_number) or part(self.from_user) or "an unknown number"

    def callee(self) -> str:
        """Return the called number, for a summary."""
        return part(self.callee_id_number) or part(self.to_user) or "an unknown number"

    def message_identity(self) -> Identity:
        """Return `msg_id`, as the identity of an event that has no other.

        Raises:
            ValueError: It is missing.
        """
        if not self.msg_id:
            raise ValueError("msg_id: Field required.")
        return (self.msg_id,)
