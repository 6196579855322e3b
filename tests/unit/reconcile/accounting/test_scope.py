"""What is compared, and what is left alone."""

import json
import os
from datetime import UTC, datetime
from unittest import mock

import pytest

from hookswitch.reconcile import run
from hookswitch.reconcile.cdr import Cdr
from simulator.encoding import encode_json
from simulator.faults import Fault
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.receiving import delivery
from tests.unit.reconcile.accounting.scene import DAY, HOOK, HOUR, SETTLED, accounted, end, ending, ends, listings
from tests.unit.reconcile.world import START, World, running


def test_before_the_stack(world: World) -> None:
    """What ended before the stack's first run is left alone, until somebody asks for it."""
    before = end(world, is_on=False)
    world.now += 100
    world.reconcile()
    accounted(world)
    assert not ends(world)
    since = datetime.fromtimestamp(START - 10, UTC).isoformat()
    accounted(world, since=since)
    assert ends(world).keys() == {before["call_id"]}


def test_written_after_the_first_run(world: World) -> None:
    """A leg that ended before the stack's first run is left alone also if Dash writes its record later."""
    world.dash.records.delay = 600
    end(world, is_on=False)
    world.now += 100
    world.reconcile()
    assert accounted(world, 2 * SETTLED)["legs_on_dash"] == 0
    assert not ends(world)


def test_hook_that_was_not_registered() -> None:
    """What ended before its webhook was registered is left alone: nobody is told of yesterday's calls."""
    with running(hooks=("missed_call", HOOK), on_drift="report") as world:
        world.table.page_size = 100
        everything = os.environ["DASH_WEBHOOKS"]
        only = json.loads(everything) | {"Hooks": ["missed_call"]}
        with mock.patch.dict(os.environ, DASH_WEBHOOKS=json.dumps(only)):
            world.reconcile()
            accounted(world, DAY)
            end(world, is_on=False)
            accounted(world, HOUR)
        accounted(world, 60)
        later = end(world, is_on=False)
        for _ in range(4):
            accounted(world, 2 * HOUR)
        assert ends(world).keys() == {later["call_id"]}


def test_known_at_another_time(old: World) -> None:
    """A leg whose event has an altogether different time is recognized by its call id."""
    event = ending(old)
    old.dash.records.note(DEFAULT_ACCOUNT_ID, HOOK, event, None, old.now)
    old.call(HOOK, delivery(HOOK, encode_json(event | {"timestamp": event["timestamp"] - HOUR})), queue=False)
    found = accounted(old)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"]) == (1, 1, 0)
    assert old.invoked == []


def test_older_than_retention(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would already have expired is not stored again."""
    monkeypatch.setenv("RETENTION_DAYS", "3")
    end(old, is_on=False)
    old.now += 5 * DAY
    recent = end(old, is_on=False)
    accounted(old, since=datetime.fromtimestamp(START, UTC).isoformat())
    assert ends(old).keys() == {recent["call_id"]}


def test_missing_for_longer_than_retention(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be stored any more, since it would have expired, is not missing any more."""
    monkeypatch.setenv("RETENTION_DAYS", "3")
    monkeypatch.setattr(Cdr, "to_fields", lambda _: {"hook_event": "channel_create"})
    end(old, is_on=False)
    assert accounted(old)["missing"] == 1
    assert accounted(old, 2 * DAY)["missing"] == 1
    assert accounted(old, 2 * DAY)["missing"] == 0


def test_hook_is_not_registered() -> None:
    """A stack without the hook of a leg's end has nothing to account for, and the report says so."""
    with running(hooks=("missed_call", "parking")) as world:
        report = world.reconcile_later(HOUR)
        assert "does not register channel_destroy" in report["accounting"]["reason"]
        assert not report["accounting"]["available"]
        assert not listings(world)


@pytest.mark.parametrize("includes", ["true", "false"])
def test_internal_legs(includes: str) -> None:
    """Legs within the phone system are accounted for if their webhook tells of them."""
    with running(IncludeInternalLegs=includes) as world:
        world.table.page_size = 100
        world.reconcile()
        world.now += HOUR
        inner, outer = end(world, is_on=False, is_internal_leg=True), end(world, is_on=False)
        found = accounted(world)
        expected = {outer["call_id"]} | ({inner["call_id"]} if includes == "true" else set())
        assert ends(world).keys() == expected
        assert (found["legs_on_dash"], found["legs_here"]) == (len(expected), len(expected))
        read = sum("/cdrs/" in call.path for call in world.api.calls)
        accounted(world, 300)
        assert sum("/cdrs/" in call.path for call in world.api.calls) == read


def test_custom_data() -> None:
    """Events that are made of records have the fields that the webhook would have added."""
    with running(CustomData='{"site": "north"}') as world:
        world.reconcile()
        world.now += HOUR
        untold = end(world, is_on=False)
        accounted(world)
        assert ends(world)[untold["call_id"]]["payload"]["site"] == "north"


def test_descendants(monkeypatch: pytest.MonkeyPatch) -> None:
    """With subaccounts, each account is compared; one that Dash does not open, or fails on, holds up no other."""
    others = [letter * 32 for letter in "cde"]
    with running(IncludeSubaccounts="true") as world:
        monkeypatch.setenv("INCLUDE_SUBACCOUNTS", "true")
        monkeypatch.setattr(run, "refresh", lambda *_: 0)  # of destinations, which this world has not
        world.table.page_size = 100
        for account in others:
            world.dash.add_account(account, parent=DEFAULT_ACCOUNT_ID)
        world.reconcile()
        world.now += HOUR
        legs = {account: end(world, is_on=False, account_id=account) for account in (DEFAULT_ACCOUNT_ID, *others)}
        world.dash.records.closed[f"{others[0]}/cdrs"] = 403
        world.api.faults.add(Fault(path=f"/{others[1]}/cdrs", count=None, status=500))
        for _ in range(4):
            with pytest.raises(Exception, match="out of order"):
                accounted(world)
        reached = {legs[account]["call_id"] for account in (DEFAULT_ACCOUNT_ID, others[2])}
        assert ends(world).keys() == reached
        world.api.faults.clear()
        found = accounted(world, 300)
        assert ends(world).keys() == reached | {legs[others[1]]["call_id"]}
        assert ends(world)[legs[others[1]]["call_id"]]["account_id"] == others[1]
        assert found["complete"]
