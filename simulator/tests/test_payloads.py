"""The events are complete, unique and repeatable."""

import random
from typing import Any

import pytest

from hookswitch.dash.hooks import DEFAULT_HOOKS, HOOKS, SELECTABLE_HOOKS
from simulator.attempts import gregorian
from simulator.encoding import UnsendableError, encode_form, encode_json, get_url
from simulator.payloads import DEFAULT_ACCOUNT_ID, SECRET_EVENTS, older_channel_destroy, payload
from simulator.scenario import scenario
from simulator.tests.each import for_each


def test_all_but_the_catch_all_are_registered_by_default() -> None:
    """Every hook reports on events of its own; the catch-all repeats those of others."""
    assert set(SELECTABLE_HOOKS) - set(DEFAULT_HOOKS) == {"notifications"}


@for_each("hook", HOOKS)
def test_each_hook_has_an_event_of_its_own_account(hook: str) -> None:
    """An event names its account, can be sent in both bodies, and leaves the cluster to the sender."""
    event = payload(hook)
    assert event["account_id"] == DEFAULT_ACCOUNT_ID
    assert encode_form(event)
    assert encode_json(event)
    assert "cluster_id" not in event


@for_each("hook", HOOKS)
def test_events_are_unique_unless_seeded(hook: str) -> None:
    """Each call makes fresh ids; a seed and a time make the same event again."""
    assert payload(hook) != payload(hook)
    first = payload(hook, rng=random.Random(7), now=1_795_000_000)
    assert first == payload(hook, rng=random.Random(7), now=1_795_000_000)


def test_timestamps_are_gregorian_seconds() -> None:
    """An event's time is an integer, in Dash's own epoch."""
    assert payload("channel_create", now=1_795_000_000)["timestamp"] == gregorian(1_795_000_000) == 63962219200


def test_overrides_replace_and_remove() -> None:
    """An override replaces a field, and `None` leaves it out."""
    reserved: dict[str, Any] = {"from": "x@example.com"}
    event = payload("channel_answer", call_id="abc", to=None, **reserved)
    assert event["call_id"] == "abc"
    assert event["from"] == "x@example.com"
    assert "to" not in event


@pytest.mark.parametrize(("name", "secret"), SECRET_EVENTS.items())
def test_the_catch_all_carries_secrets(name: str, secret: str) -> None:
    """The events that carry a password, a link or a key are there to be made."""
    event = payload("notifications", event_name=name)
    assert event["event_name"] == name
    assert event[secret]


def test_an_unheard_of_notification_carries_what_all_share() -> None:
    """Any name of a notification makes one."""
    event = payload("notifications", event_name="port_request")
    assert event["event_name"] == "port_request"
    assert event["event_category"] == "notification"
    assert event["msg_id"]


def test_an_older_channel_destroy_is_all_strings_and_short() -> None:
    """An older system sends no callee, no variables, no internal leg, and only strings."""
    event = older_channel_destroy()
    assert all(isinstance(value, str) for value in event.values())
    assert not {"callee_id_name", "callee_id_number", "custom_channel_vars", "is_internal_leg"} & set(event)


def test_an_unknown_hook_is_refused() -> None:
    """A misspelt hook is an error of the test, not an event."""
    with pytest.raises(ValueError, match="no hook"):
        payload("channel_destory")


@pytest.mark.parametrize("hook", ["channel_create", "missed_call", "outbound_fax"])
def test_nested_events_cannot_be_sent_by_get(hook: str) -> None:
    """Channel events, missed calls and faxes are nested, hence lost on a get."""
    with pytest.raises(UnsendableError):
        get_url("https://example.com/h", payload(hook))


def test_the_scenario_tells_a_day_with_all_hooks() -> None:
    """The day covers all hooks, goes forward in time, and repeats from a seed."""
    steps = scenario(random.Random(1))
    times = [step.at for step in steps]
    timestamps = [step.payload["timestamp"] for step in steps if "timestamp" in step.payload]
    assert {step.hook for step in steps} == set(SELECTABLE_HOOKS)
    assert times == sorted(times)
    assert timestamps == sorted(timestamps)
    assert scenario(random.Random(1)) == scenario(random.Random(1))


def test_the_scenarios_calls_hang_together() -> None:
    """Every leg that another one names is there, and a parked call is retrieved from its own slot."""
    steps = scenario(random.Random(2))
    legs = {step.payload["call_id"] for step in steps if step.hook == "channel_create"}
    named = {step.payload.get("other_leg_call_id") for step in steps if step.hook.startswith("channel_")}
    parked, retrieved = (step.payload for step in steps if step.hook == "parking")
    assert named - {None} <= legs
    assert parked | {"event_name": "PARK_RETRIEVED"} == retrieved
