"""The catch-all is a second way in for events that have a hook of their own."""

from typing import Any

import pytest

from hookswitch.dash.hooks import CATALOGUE, NOTIFICATIONS
from hookswitch.events.items import event_item
from simulator.payloads import payload
from tests.receiving import FORM, JSON, SETTINGS, event, hook_module, payload_type

DEDICATED = [hook.name for hook in CATALOGUE.values() if hook.registered_as == NOTIFICATIONS and not hook.is_catch_all]


def test_dedicated_hooks_are_those_of_the_catalogue() -> None:
    """Whatever Dash sends as a notification and has a hook of its own is that hook's event."""
    assert set(DEDICATED) == hook_module("notifications").DEDICATED_HOOKS


@pytest.mark.parametrize("encoding", [JSON, FORM])
@pytest.mark.parametrize("hook", DEDICATED)
def test_same_event_by_either_webhook(hook: str, encoding: str) -> None:
    """The item is the dedicated hook's, whichever of the two webhooks delivers the event."""
    sent = payload(hook)
    dedicated = event(hook, sent, encoding)
    other = event("notifications", sent, encoding, received_at=dedicated.received_at)
    assert type(other.payload) is payload_type(hook)
    assert event_item(other, SETTINGS) == event_item(dedicated, SETTINGS) | {"correlation_id": other.correlation_id}


@pytest.mark.parametrize("name", [None, 7, ["missed_call"], "voicemail_saved", "parking", "channel_create", "unknown"])
def test_everything_else_is_a_notification(name: Any) -> None:
    """A name without a notification hook of its own makes no event of another hook."""
    fields = payload("notifications") | {"event_name": name}
    assert payload_type("notifications").type_for(fields) is payload_type("notifications")
