"""The day that the load test sends: its shape, its calls, and that it can be made again."""

import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

from simulator.attempts import gregorian
from tests.load.day import MIDNIGHT, Break, Size, accounts, day
from tests.load.shape import HOUR, WEIGHTS, moment, senders, share

if TYPE_CHECKING:
    from tests.load.calls import Happening

SIZE = Size(accounts=200, calls=2000, seconds=60, senders=24)
DAY = day(SIZE)


def test_same_size_same_day() -> None:
    """Senders and tally each generate the day, so it must be the same; another seed gives another day."""
    assert day(SIZE) == DAY
    assert day(Size(**{**vars(SIZE), "seed": 2})) != DAY


def test_order_of_time() -> None:
    """Nothing is sent before what happened earlier, and each event's own time is that of the day."""
    times = [one.happening.at for one in DAY]
    assert times == sorted(times)
    stamped = [one.happening for one in DAY if "timestamp" in one.happening.payload]
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


def test_calls_are_whole() -> None:
    """Each leg begins once and ends once, in that order, and knows its other leg."""
    legs: defaultdict[str, list[Happening]] = defaultdict(list)
    for one in DAY:
        if one.happening.hook.startswith("channel_"):
            legs[one.happening.payload["call_id"]].append(one.happening)
    assert len(legs) == 2 * SIZE.calls
    for events in legs.values():
        hooks = [event.hook for event in events]
        assert hooks[0] == "channel_create"
        assert hooks[-1] == "channel_destroy"
        assert Counter(hooks)["channel_create"] == Counter(hooks)["channel_destroy"] == 1
        assert events[-1].payload["other_leg_call_id"] in legs
        assert len({event.account for event in events}) == 1


def test_mix() -> None:
    """All that a day has is in it: answered and missed calls, voicemail, parking, registrations, faxes."""
    hooks = Counter(one.happening.hook for one in DAY)
    assert hooks["register"] == SIZE.accounts
    assert hooks["missed_call"] > hooks["voicemail_new"] > 0
    assert hooks["channel_bridge"] > hooks["missed_call"]
    assert {"parking", "deregister", "outbound_fax"} <= hooks.keys()
    assert {one.happening.account for one in DAY} == set(accounts(SIZE))


def test_something_goes_wrong() -> None:
    """Some events are delivered twice, and some connections break in either way; most do neither."""
    assert 0 < sum(one.twice for one in DAY) < len(DAY) / 10
    breaks = Counter(one.breaks for one in DAY)
    assert min(breaks[Break.BEFORE], breaks[Break.AFTER]) > 0
    assert breaks[Break.NO] > len(DAY) * 0.9
