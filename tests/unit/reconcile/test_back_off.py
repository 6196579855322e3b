"""Backing off from a webhook that Dash disables again and again."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.reconcile.back_off import AT_ONCE, WAITS, WINDOW, due
from hookswitch.reconcile.ledger import KEY
from hookswitch.reconcile.state import State
from tests.unit.reconcile.world import World, running

NOW = 1_795_000_000
MOST = 10  # times within any hour


@pytest.fixture
def world() -> Iterator[World]:
    """A world that Dash tells of disabled webhooks."""
    with running(ReconcileAtOnce="on") as world:
        yield world


def state(world: World) -> State:
    """Return what the last run remembered."""
    return State.from_json(world.table.items[KEY]["progress"]["S"])


@pytest.mark.parametrize(
    ("before", "wait"), [(0, 0), (1, 0), (2, 0), (3, 60), (4, 120), (5, 240), (6, 480), (7, 900), (8, 900), (30, 900)]
)
def test_waits(before: int, wait: int) -> None:
    """Three times within an hour at once, then after 1, 2, 4 and 8 minutes, and at most 15."""
    times = [NOW - 3000 + second for second in range(before)]
    assert due(times, NOW) == (times[-1] + wait if wait else 0)


def test_what_is_an_hour_ago_does_not_count() -> None:
    """A webhook that Dash disables now and then is never held back."""
    assert due([NOW - WINDOW, NOW - 1300, NOW - 1], NOW) == 0
    assert due([NOW - WINDOW + 1, NOW - 1300, NOW - 1], NOW) == NOW - 1 + WAITS[0]


@given(st.lists(st.integers(1, 2000), min_size=20, max_size=120))
def test_never_a_storm(pauses: list[int]) -> None:
    """Whenever runs come, and however soon Dash disables it again, it is enabled ten times an hour at most."""
    now, enabled_at = NOW, list[int]()
    for pause in pauses:
        now += pause
        if due(enabled_at, now) <= now:
            enabled_at.append(now)
    for at in enabled_at:
        assert sum(at - WINDOW < other <= at for other in enabled_at) <= MOST


def test_disabled_at_once_each_time(world: World) -> None:
    """Two hours in which Dash disables it whenever it is on: few repairs, and one finding."""
    enabled: list[float] = []
    for step in range(2 * WINDOW // 60):
        world.now += 60
        if world.webhook("parking").enabled:
            world.disable("parking")
        if step % 5 == 0:
            world.reconcile()
        world.notify()
        if world.webhook("parking").enabled:
            enabled.append(world.now)
    for at in enabled:
        assert sum(at - WINDOW < other <= at for other in enabled) <= MOST
    assert len(enabled) > MOST
    (noticed,) = [sentence for item in world.news for sentence in item["payload"]["noticed"]]
    assert "Dash has disabled the webhook of parking 4 times within an hour" in noticed


def test_held_back(world: World) -> None:
    """It is in the state until when it waits; another webhook is enabled meanwhile, and somebody who asks is obeyed."""
    for _ in range(AT_ONCE):
        world.disable("parking")
        world.now += 10
        world.notify()
    world.disable("parking")
    world.disable("missed_call")
    world.now += 10
    first, second = world.notify()
    assert world.off == {"parking"}
    assert state(world).held_back == {"parking": max(state(world).enabled_at[world.webhook("parking").id]) + WAITS[0]}
    assert len([*first["reported"], *second["reported"]]) == 1
    world.reconcile_later(WAITS[0] - 20)
    assert world.off == {"parking"}
    world.reconcile(at_once=True)
    assert world.off == set()
    assert state(world).held_back == {}


def test_enabled_after_the_wait(world: World) -> None:
    """Polling obeys the same wait, and ends it."""
    for _ in range(AT_ONCE + 1):
        world.disable("parking")
        world.now += 10
        world.notify()
    assert world.off == {"parking"}
    world.reconcile_later(WAITS[0])
    assert world.off == set()
    assert state(world).held_back == {}


def test_only_what_dash_disables(world: World) -> None:
    """A webhook that somebody changes again and again is restored every time."""
    for _ in range(AT_ONCE + 2):
        world.webhook("parking").retries = 0
        world.reconcile_later(10)
        assert world.webhook("parking").retries == 3
    assert state(world).enabled_at == {}


def test_quiet_again(world: World) -> None:
    """After an hour without a repair nothing is remembered, and a relapse is reported anew."""
    reports = []
    for _ in range(2):
        for _ in range(AT_ONCE + 1):
            world.disable("parking")
            world.now += 10
            reports += [sentence for report in world.notify() for sentence in report["reported"]]
        world.reconcile_later(WINDOW)
        world.reconcile_later(WINDOW + 1)
        assert state(world).enabled_at == {}
    assert len(reports) == 2
