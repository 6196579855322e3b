"""The day that the load test sends: its shape, its calls, and that it can be made again."""

import random
from collections import Counter
from functools import cache

import pytest

from simulator.attempts import gregorian
from simulator.calls.mix import SHARES
from simulator.calls.scenarios import SCENARIOS
from tests.load.day import MIDNIGHT, Break, Day, Size, accounts, day
from tests.load.shape import HOUR, WEIGHTS, moment, senders, share

SIZE = Size(accounts=200, calls=2000, seconds=60, senders=24)


@cache
def played() -> Day:
    """Return the day; not while tests are collected, which every process does."""
    return day(SIZE)


def test_same_size_same_day() -> None:
    """Senders and tally each generate the day, so it must be the same; another seed gives another day."""
    assert day(SIZE) == played()
    assert day(Size(**{**vars(SIZE), "seed": 2})) != played()


def test_order_of_time() -> None:
    """Nothing is sent before what happened earlier, and each event's own time is that of the day."""
    times = [one.happening.at for one in played().deliveries]
    assert times == sorted(times)
    stamped = [one.happening for one in played().deliveries if "timestamp" in one.happening.payload]
    assert all(it.payload["timestamp"] == gregorian(MIDNIGHT + it.at) for it in stamped)


def test_shape_of_the_day() -> None:
    """The night is quiet, the morning has the peak, noon is a valley, and the afternoon has a second peak."""
    rng = random.Random(1)
    drawn = Counter(int(moment(rng) / HOUR) for _ in range(50_000))
    assert all(abs(drawn[hour] / 50_000 - share(hour)) < 0.01 for hour in range(24))
    assert sum(share(hour) for hour in range(24)) == pytest.approx(1)
    assert max(range(24), key=WEIGHTS.__getitem__) == 10
    assert WEIGHTS[12] < WEIGHTS[15]
    assert max(WEIGHTS[:5]) < max(WEIGHTS) / 50


def test_senders_follow_the_shape() -> None:
    """The busiest hour has all senders, and no hour has none."""
    assert [senders(hour, 24) for hour in (3, 10, 12, 15)] == [1, 24, 14, 22]


def test_calls_are_delivered() -> None:
    """Each event of a call is among those that are delivered, in the account of the call, and no call has another's."""
    happenings = Counter(id(one.happening) for one in played().deliveries)
    assert all(happenings[id(event)] == 1 for call in played().calls for event in call.happenings)
    assert len(played().calls) == SIZE.calls
    legs: Counter[str] = Counter(leg for call in played().calls for leg in call.legs)
    assert set(legs.values()) == {1}
    assert all(len({event.account for event in call.happenings}) == 1 for call in played().calls)


def test_mix() -> None:
    """All that a day has is in it: calls of nearly all kinds, as often as they shall be, and registrations."""
    hooks = Counter(one.happening.hook for one in played().deliveries)
    assert hooks["register"] == SIZE.accounts
    assert {"parking", "deregister", "outbound_fax", "voicemail_new", "missed_call"} <= hooks.keys()
    assert {one.happening.account for one in played().deliveries} == set(accounts(SIZE))
    kinds = Counter(call.scenario for call in played().calls)
    assert kinds.keys() >= {kind for kind, share in SHARES.items() if share >= 0.5}
    assert all(abs(kinds[kind] / SIZE.calls - share / 100) < 0.03 for kind, share in SHARES.items())


def test_every_kind_of_call_has_a_share() -> None:
    """A new kind of call is a part of the day, too."""
    assert SHARES.keys() == SCENARIOS.keys()
    assert sum(SHARES.values()) == pytest.approx(100)


def test_something_goes_wrong() -> None:
    """Some events are delivered twice, and some connections break in either way; most do neither."""
    assert 0 < sum(one.twice for one in played().deliveries) < len(played().deliveries) / 10
    breaks = Counter(one.breaks for one in played().deliveries)
    assert min(breaks[Break.BEFORE], breaks[Break.AFTER]) > 0
    assert breaks[Break.NO] > len(played().deliveries) * 0.9
