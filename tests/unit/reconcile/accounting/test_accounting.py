"""Every leg that Dash knows of is in the table in the end, once, whatever its webhook did."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.payloads.channel import ENDS
from hookswitch.reconcile.accounting.run import DELAY
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.unit.reconcile.accounting.scene import HOOK, HOUR, accounted, end, ending, ends, second, switch
from tests.unit.reconcile.world import World, running


def test_nothing_is_missing(old: World, caplog: pytest.LogCaptureFixture) -> None:
    """What the webhooks told is counted on both sides."""
    for _ in range(5):
        end(old)
        old.now += 60
    found = accounted(old)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"], found["missing"]) == (5, 5, 0, 0)
    assert found["available"]
    assert found["complete"]
    assert "5 legs on Dash, 5 here." in caplog.messages
    assert old.invoked == []


def test_webhook_off(old: World) -> None:
    """A leg that ended while its webhook was off becomes an event, once, with all that Dash's record tells."""
    told, untold = end(old), end(old, is_on=False)
    found = accounted(old)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"]) == (2, 2, 1)
    item = ends(old)[untold["call_id"]]
    assert item["recovered"] == "cdr"
    assert "recovered" not in ends(old)[told["call_id"]]
    kept = ("hangup_cause", "hangup_code", "duration_seconds", "ringing_seconds", "authorizing_type", "owner_id")
    assert {name: item["payload"][name] for name in kept} == {name: untold[name] for name in kept}
    assert item["occurred_at"] == datetime.fromtimestamp(second(untold), UTC).isoformat().replace("+00:00", ".000Z")
    found = accounted(old, 300)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"]) == (2, 2, 0)
    assert len(ends(old)) == 2
    assert "1 channel_destroy" in old.news[-1]["summary"]


def test_late_webhook(old: World) -> None:
    """The webhook's own delivery is the same leg, even if it comes hours later and is off by seconds."""
    untold = end(old, is_on=False)
    accounted(old)
    old.now += 5 * HOUR
    for difference in (-3, 0, 2):
        old.dash.fire(DEFAULT_ACCOUNT_ID, HOOK, untold | {"timestamp": untold["timestamp"] + difference})
    assert len(ends(old)) == 1


FATES = ("told", "off", "failed", "lost, then off", "off, then late", "no time", "seconds off")


def _happens(world: World, fate: str) -> dict[str, Any]:
    """Let a leg end with a fate; return its payload."""
    match fate:
        case "failed":
            world.broken = 500
            event = end(world)
            world.broken = None
            return event
        case "lost, then off":
            event = ending(world)
            world.fire(HOOK, {name: value for name, value in event.items() if name not in ENDS})
            switch(world, on=False)
            world.fire(HOOK, event)
            switch(world, on=True)
            return event
        case "no time":
            event = ending(world)
            switch(world, on=False)
            world.fire(HOOK, event)  # the CDR has a time
            switch(world, on=True)
            world.fire(HOOK, {name: value for name, value in event.items() if name != "timestamp"})
            return event
        case "seconds off":
            event = ending(world)
            switch(world, on=False)
            world.fire(HOOK, event)
            switch(world, on=True)
            world.fire(HOOK, event | {"timestamp": event["timestamp"] - 2})
            return event
        case _:
            return end(world, is_on=fate == "told")


@settings(max_examples=5, deadline=None)
@given(
    fates=st.lists(st.tuples(st.sampled_from(FATES), st.sampled_from([1, 90, 400, 1_500])), min_size=3, max_size=8),
    lags=st.lists(st.sampled_from([0, 30, 1_200, 5_000]), min_size=1, max_size=4),
    page_limit=st.sampled_from([None, 1, 3]),
    legacy=st.booleans(),
)
def test_any_order(fates: list[tuple[str, int]], lags: list[int], page_limit: int | None, *, legacy: bool) -> None:
    """Attempts, CDRs, however late, and late webhooks: every leg has one end, with runs in between."""
    with running(legacy=legacy) as world:
        world.table.page_size = 100
        world.dash.page_limit = page_limit
        world.dash.records.lag = lambda document: lags[sum(document["call_id"].encode()) % len(lags)]
        world.reconcile()
        world.now += HOUR
        happened = []
        for fate, pause in fates:
            happened.append((fate, _happens(world, fate)))
            world.now += pause
            if pause > 100:
                world.reconcile()
        for fate, event in happened:
            if fate == "off, then late":
                world.fire(HOOK, event)
        for _ in range(8):
            accounted(world, 1_800)
        assert ends(world).keys() == {event["call_id"] for _, event in happened}


def test_attempts_go_first(old: World) -> None:
    """A leg whose delivery failed is recovered with its exact body, not from the record."""
    old.broken = 500
    failed = end(old, custom_application_vars={"crm_id": "17"})
    old.broken = None
    old.down = {HOOK}
    assert accounted(old)["legs_on_dash"] == 0  # the gap of the attempt holds the accounting up
    old.down = set()
    accounted(old, 300)
    assert ends(old)[failed["call_id"]]["recovered"] is True


def test_delay(old: World) -> None:
    """A leg is compared only once Dash has had the time to write its record."""
    end(old, is_on=False)
    assert accounted(old, DELAY - 60)["legs_on_dash"] == 0
    assert accounted(old, 120)["legs_on_dash"] == 1


def test_dry_run(old: World) -> None:
    """A dry run counts, and changes nothing."""
    untold = end(old, is_on=False)
    end(old)
    before = dict(old.table.items)
    found = accounted(old, dry_run=True)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"], found["missing"]) == (2, 1, 0, 1)
    assert found["missing_legs"] == [f"202611-{untold['call_id']}"]
    assert old.table.items == before
    assert old.invoked == []


def test_first_run_goes_back(world: World) -> None:
    """The very first run of a stack can be asked for the past, too."""
    before = end(world, is_on=False)
    since = datetime.fromtimestamp(world.now - 60, UTC).isoformat()
    assert accounted(world, since=since)["recovered"] == 1
    assert ends(world).keys() == {before["call_id"]}
