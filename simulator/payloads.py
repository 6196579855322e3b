"""Realistic events of every hook, with Dash's own types (docs/dash-protocol.md, section 4).

They lack `cluster_id`, which the sender adds.
"""

import random
from typing import Any

from hookswitch.dash.hooks import CATALOGUE
from simulator import channel_payloads, notification_payloads
from simulator.identity import Identity

DEFAULT_ACCOUNT_ID = "5a2d994fbae69b1d6b01eb9f0e7dfe62"
SECRET_EVENTS = {
    "password_recovery": "password_reset_link",
    "new_user": "password",
    "new_account": "account_api_key",
}
CATCH_ALL_EVENT = "voicemail_saved"


def payload(
    hook: str, *, rng: random.Random | None = None, now: float | None = None, **overrides: Any
) -> dict[str, Any]:
    """Return an event of one hook, with unique ids.

    Args:
        hook: The hook's name. For `notifications`, an `event_name` override selects the event:
            `voicemail_saved` by default, `system_alert`, those of `SECRET_EVENTS`, or any other name.
        rng: A seeded generator, for a repeatable event.
        now: Unix seconds to derive the event's timestamp from; by default the current time.
        **overrides: Fields that replace the event's own; `None` omits a field.

    Raises:
        ValueError: The hook does not exist.
    """
    if hook not in CATALOGUE:
        raise ValueError(f"Dash has no hook {hook!r}.")
    identity = Identity(rng, now)
    account_id = overrides.get("account_id") or DEFAULT_ACCOUNT_ID
    if builder := channel_payloads.BUILDERS.get(hook):
        event = builder(identity, account_id)
    else:
        name = overrides.get("event_name") or CATCH_ALL_EVENT if CATALOGUE[hook].is_catch_all else hook
        event = notification_payloads.notification(name, identity, account_id)
    return _overridden(event, overrides)


def older_channel_destroy(
    *, rng: random.Random | None = None, now: float | None = None, **overrides: Any
) -> dict[str, Any]:
    """Return a `channel_destroy` of an older system: fewer fields, all of them strings."""
    account_id = overrides.get("account_id") or DEFAULT_ACCOUNT_ID
    event = channel_payloads.older_channel_destroy(Identity(rng, now), account_id)
    return _overridden(event, overrides)


def _overridden(event: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (event | overrides).items() if value is not None}
