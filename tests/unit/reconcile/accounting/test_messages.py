"""Messages of voicemail boxes and sent faxes, where Dash's API opens them."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from simulator.steps import LegFacts
from tests.unit.reconcile.world import World, running

HOOKS = ("voicemail_new", "outbound_fax", "outbound_fax_error")
HOUR = 3_600


@pytest.fixture
def world() -> Iterator[World]:
    """A world with the hooks of messages and faxes, whose stack has been there for some time."""
    with running(hooks=("channel_destroy", *HOOKS)) as world:
        world.table.page_size = 100
        world.reconcile()
        world.now += 3 * HOUR
        yield world


def happens(world: World, hook: str, *, seed: int, is_on: bool, took: int = 60, **fields: Any) -> dict[str, Any]:
    """Let something happen while its webhook is on or off; return its payload."""
    event = payload(hook, rng=random.Random(f"{hook} {seed}"), now=world.now) | fields
    webhook = world.webhook(hook)
    if not is_on:
        webhook.disable()
    world.dash.fire(DEFAULT_ACCOUNT_ID, hook, event, LegFacts("63962035200-abcdef01", world.now - took, "leg"))
    webhook.enable()
    return event


def stored(world: World, hook: str) -> list[dict[str, Any]]:
    """Return the items of a hook."""
    return [item for item in world.table.plain("event").values() if item["hook"] == hook]


@pytest.mark.parametrize("hook", HOOKS)
def test_recovered(world: World, hook: str) -> None:
    """What happened while the webhook was off is stored once, also if its own delivery comes later."""
    happens(world, hook, seed=1, is_on=True)
    missed = happens(world, hook, seed=2, is_on=False)
    report = world.reconcile_later(700)["accounting"]
    kind = "voicemails" if hook == "voicemail_new" else "faxes"
    assert report[kind] == {"on_dash": 2, "here": 2, "recovered": 1}
    assert [item.get("recovered") for item in stored(world, hook)] == [None, "cdr"]
    recovered = stored(world, hook)[1]
    assert recovered["payload"]["caller_id_number"] == missed["caller_id_number"]
    if hook == "voicemail_new":
        happens(world, hook, seed=2, is_on=True)
    assert world.reconcile_later(700)["accounting"][kind] == {"on_dash": 2, "here": 2, "recovered": 0}
    assert len(stored(world, hook)) == 2


def test_fax_that_took_long(world: World) -> None:
    """A listing goes by when a fax was handed in; it is found although its last attempt was an hour later."""
    world.reconcile()
    happens(world, "outbound_fax", seed=1, is_on=False, took=HOUR)
    report = world.reconcile_later(700)["accounting"]
    assert report["faxes"]["recovered"] == 1


def test_fax_that_failed_first(world: World) -> None:
    """A fax whose failure is known, but not that it was sent in the end, is not here."""
    failed = happens(world, "outbound_fax_error", seed=1, is_on=True)
    world.dash.records._records.clear()  # noqa: SLF001 - Dash keeps one document of a fax, its last state
    happens(world, "outbound_fax", seed=1, is_on=False, fax_jobid=failed["fax_jobid"])
    assert world.reconcile_later(700)["accounting"]["faxes"] == {"on_dash": 1, "here": 1, "recovered": 1}
    assert {item["subject"] for hook in HOOKS for item in stored(world, hook)} == {f"fax/{failed['fax_jobid']}"}


def test_known_at_another_time(world: World) -> None:
    """A fax is recognized by its id, whatever time its event has."""
    happens(world, "outbound_fax", seed=1, is_on=True, fax_timestamp=62_167_219_200 + int(world.now) - 2 * HOUR)
    assert world.reconcile_later(700)["accounting"]["faxes"] == {"on_dash": 1, "here": 1, "recovered": 0}
    assert len(stored(world, "outbound_fax")) == 1


@pytest.mark.parametrize("closed", [["vmboxes"], ["faxes"], ["vmboxes", "faxes"]])
def test_not_open(closed: list[str]) -> None:
    """What Dash's API does not open is said once for each; the rest is compared."""
    with running(hooks=("channel_destroy", *HOOKS)) as world:
        world.dash.records.closed.update(dict.fromkeys(closed, 403))
        first, second = world.reconcile(), world.reconcile_later(HOUR)
        assert len(first["reported"]) == len(closed)
        assert second["reported"] == []
        assert second["accounting"]["available"]
        assert (second["accounting"]["voicemails"] is None) == ("vmboxes" in closed)
        assert (second["accounting"]["faxes"] is None) == ("faxes" in closed)


def test_catch_all() -> None:
    """The catch-all tells of messages and faxes, too, so they are compared if it is registered."""
    with running(hooks=("channel_destroy", "notifications")) as world:
        world.reconcile()
        world.now += HOUR
        event = payload("voicemail_new", now=world.now)
        world.webhook("notifications").disable()
        world.dash.fire(DEFAULT_ACCOUNT_ID, "voicemail_new", event)
        report = world.reconcile_later(700)["accounting"]
        assert report["voicemails"] == {"on_dash": 1, "here": 1, "recovered": 1}
        assert report["faxes"] == {"on_dash": 0, "here": 0, "recovered": 0}
        assert len(stored(world, "voicemail_new")) == 1
