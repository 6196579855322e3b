"""The catalogue of hooks: every hook that hookswitch serves, once, and how Dash registers it.

Adding a hook begins here. Everything that lists hooks derives from this, or a test compares it with this.
"""

from dataclasses import dataclass
from typing import Any

NOTIFICATIONS = "notifications"  # Dash's name for all hooks that custom_data.type tells apart
EVERYTHING = "all"  # the type that stands for every notification
DISABLED = "webhook_disabled"  # Dash's notification that it has disabled a webhook


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook (docs/dash-protocol.md, section 4).

    Attributes:
        name: Its name in hookswitch: in callback addresses, events and metrics.
        registered_as: The `hook` of its webhook on Dash.
        notification_type: The `custom_data.type` of its webhook; empty for a hook that needs none.
        is_channel: Whether it reports on one leg of a call, which may be an internal one.
        is_own: Whether hookswitch itself needs it, to repair its webhooks. Nobody chooses it: it is registered in
            addition to the hooks that a stack is asked for.
    """

    name: str
    registered_as: str
    notification_type: str = ""
    is_channel: bool = False
    is_own: bool = False

    @property
    def is_catch_all(self) -> bool:
        """Whether it gets every notification; it is registered only if somebody asks for it."""
        return self.notification_type == EVERYTHING

    def registration(self) -> dict[str, Any]:
        """Return the fields of a webhook that make Dash call it for this hook: `hook` and `custom_data`."""
        if not self.notification_type:
            return {"hook": self.registered_as}
        return {"hook": self.registered_as, "custom_data": {"type": self.notification_type}}


def _channel(name: str) -> Hook:
    return Hook(name, registered_as=name, is_channel=True)


def _notification(name: str) -> Hook:
    return Hook(name, registered_as=NOTIFICATIONS, notification_type=name)


CATALOGUE = {
    hook.name: hook
    for hook in (
        _channel("channel_create"),
        _channel("channel_answer"),
        _channel("channel_bridge"),
        _channel("channel_destroy"),
        Hook("parking", registered_as="parking"),
        _notification("voicemail_new"),
        _notification("voicemail_full"),
        _notification("outbound_fax"),
        _notification("outbound_fax_error"),
        _notification("inbound_fax_error"),
        _notification("missed_call"),
        _notification("register"),
        _notification("deregister"),
        Hook("notifications", registered_as=NOTIFICATIONS, notification_type=EVERYTHING),
        Hook(DISABLED, registered_as=NOTIFICATIONS, notification_type=DISABLED, is_own=True),
    )
}
"""All hooks by name: those of Dash's reference in its order, then hookswitch's own."""

HOOKS = tuple(CATALOGUE)
"""The names of all hooks."""

SELECTABLE_HOOKS = tuple(hook.name for hook in CATALOGUE.values() if not hook.is_own)
"""The names of the hooks that a stack can be asked to register."""

DEFAULT_HOOKS = tuple(name for name in SELECTABLE_HOOKS if not CATALOGUE[name].is_catch_all)
"""The names of the hooks that a stack registers unless it is told otherwise: all but the catch-all."""
