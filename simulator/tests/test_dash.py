"""Events reach the webhooks that the real system would fire."""

from typing import Any
from urllib.parse import parse_qs

import pytest

from hookswitch.dash.hooks import CATALOGUE, HOOKS
from simulator.dash import Dash, DuplicateWebhookError
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from simulator.scenario import scenario
from simulator.tests.receiver import Receiver, answer
from simulator.webhooks import Webhook

PARENT = "0" * 32
NOTICE = {"name": "n", "hook": "notifications", "custom_data": {"type": "webhook_disabled"}}


@pytest.fixture
def dash() -> Dash:
    """A system with one account below another one, that does not wait between tries."""
    system = Dash(retry_interval=0)
    system.add_account(PARENT)
    system.accounts[DEFAULT_ACCOUNT_ID].parent = PARENT
    return system


def register(dash: Dash, receiver: Receiver, hook: str, account_id: str = DEFAULT_ACCOUNT_ID, **fields: Any) -> Webhook:
    """Register a webhook for one hook."""
    document = {"name": hook, "uri": receiver.url} | CATALOGUE[hook].registration() | fields
    return dash.register(account_id, document)


def fired(dash: Dash, hook: str, **overrides: Any) -> list[Webhook]:
    """Return the webhooks that an event of a hook reaches."""
    firings = dash.fire(DEFAULT_ACCOUNT_ID, hook, payload(hook, **overrides))
    return [firing.webhook for firing in firings]


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_fires_its_own_webhook(dash: Dash, receiver: Receiver, hook: str) -> None:
    """Of the webhooks of all hooks an event reaches its own, and a notification the catch-all too."""
    registered = {name: register(dash, receiver, name) for name in HOOKS}
    expected = {registered[hook].id}
    if CATALOGUE[hook].registered_as == "notifications":
        expected.add(registered["notifications"].id)
    assert {webhook.id for webhook in fired(dash, hook)} == expected


@pytest.mark.parametrize(("custom_data", "fires"), [(None, True), ({"crm": "1"}, False), ({}, False)])
def test_notifications_need_a_type_or_no_custom_data(
    dash: Dash, receiver: Receiver, *, custom_data: dict[str, str] | None, fires: bool
) -> None:
    """Without custom_data all notifications fire; with some that lacks a type, none ever does."""
    document = {"name": "n", "hook": "notifications", "uri": receiver.url}
    dash.register(DEFAULT_ACCOUNT_ID, document | ({} if custom_data is None else {"custom_data": custom_data}))
    assert bool(fired(dash, "missed_call")) is fires


def test_an_ancestors_webhook_fires_only_if_it_includes_subaccounts(dash: Dash, receiver: Receiver) -> None:
    """The owner's id is in the header, the event's account in the payload."""
    register(dash, receiver, "parking", PARENT)
    including = register(dash, receiver, "parking", PARENT, include_subaccounts=True)
    assert fired(dash, "parking") == [including]
    assert f"x-account-id: {PARENT}" in receiver.received[0].lines
    assert DEFAULT_ACCOUNT_ID.encode() in receiver.received[0].body


def test_internal_legs_can_be_left_out(dash: Dash, receiver: Receiver) -> None:
    """A webhook without internal legs still gets all the others."""
    register(dash, receiver, "channel_create", include_internal_legs=False)
    assert not fired(dash, "channel_create", is_internal_leg=True)
    assert fired(dash, "channel_create", is_internal_leg=False)


def test_a_disabled_webhook_does_not_fire(dash: Dash, receiver: Receiver) -> None:
    """After six failures the seventh event is not even sent; switched on again, the next one is."""
    receiver.then = answer(500)
    webhook = register(dash, receiver, "parking")
    for _ in range(7):
        fired(dash, "parking")
    assert len(receiver.received) == 6
    dash.reenable(DEFAULT_ACCOUNT_ID)
    assert webhook.enabled
    assert webhook.disable_reason is None
    assert fired(dash, "parking") == [webhook]


def test_a_disabled_webhook_is_announced(dash: Dash, receiver: Receiver) -> None:
    """A webhook for that notification gets it, and the catch-all does."""
    told = dash.register(DEFAULT_ACCOUNT_ID, NOTICE | {"uri": receiver.url})
    catch_all = register(dash, receiver, "notifications", PARENT, include_subaccounts=True)
    with Receiver(then=answer(500)) as broken:
        webhook = dash.register(DEFAULT_ACCOUNT_ID, {"name": "n", "hook": "parking", "uri": broken.url})
        for _ in range(6):
            fired(dash, "parking")
    assert not webhook.enabled
    assert [firing.webhook for firing in dash.announced] == [told, catch_all]
    notice = parse_qs(receiver.received[0].body.decode())
    assert notice["event_name"] == ["webhook_disabled"]
    assert notice["event_category"] == ["notification"]
    assert (notice["hook_id"], notice["account_id"]) == ([webhook.id], [DEFAULT_ACCOUNT_ID])
    assert "msg_id" in notice


def test_nothing_announces_that_the_announcing_webhook_is_off(dash: Dash, receiver: Receiver) -> None:
    """It is off when its own notification is published."""
    told = dash.register(DEFAULT_ACCOUNT_ID, NOTICE | {"uri": receiver.url})
    dash.disable(told.id)
    assert not told.enabled
    assert not receiver.received


@pytest.mark.parametrize(
    ("fields", "legacy", "encoding"),
    [
        ({}, False, "post form"),
        ({"format": "json"}, False, "post json"),
        ({"format": "json"}, True, "post form"),
        ({"http_verb": "get"}, False, "get"),
    ],
)
def test_a_firing_tells_how_and_what_came_back(
    receiver: Receiver, fields: dict[str, str], *, legacy: bool, encoding: str
) -> None:
    """A firing has its encoding, the verdict, and each try with status, answer and duration."""
    dash = Dash(legacy=legacy)
    register(dash, receiver, "voicemail_full", **fields)
    receiver.then = answer(200, b"thanks")
    [firing] = dash.fire(DEFAULT_ACCOUNT_ID, "voicemail_full", payload("voicemail_full"))
    [attempt] = firing.attempts
    assert firing.delivered
    assert firing.encoding == encoding
    assert (attempt.status, attempt.resp_body) == (200, b"thanks")
    assert attempt.duration_ms > 0


def test_a_taken_id_is_refused(dash: Dash, receiver: Receiver) -> None:
    """Two webhooks never share an id."""
    register(dash, receiver, "parking", id="mine")
    with pytest.raises(DuplicateWebhookError):
        register(dash, receiver, "parking", id="mine")


def test_an_unknown_hook_is_refused(dash: Dash) -> None:
    """A misspelt hook is an error of the test."""
    with pytest.raises(ValueError, match="no hook"):
        dash.fire(DEFAULT_ACCOUNT_ID, "channel_destory", {})


def test_a_whole_day_is_delivered(dash: Dash, receiver: Receiver) -> None:
    """Every step of the scenario reaches the webhook that it is for."""
    for hook in HOOKS:
        register(dash, receiver, hook, format="json")
    for step in scenario():
        firings = dash.fire(DEFAULT_ACCOUNT_ID, step.hook, step.payload, step.leg)
        assert firings
        assert all(firing.delivered for firing in firings)
