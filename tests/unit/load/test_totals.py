"""The tally notices whatever is lost, duplicated or invented."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.load.day import Size, day
from tests.load.totals import Answer, Totals, tally

DAY = day(Size(accounts=3, calls=6, seconds=1, senders=1)).deliveries


@dataclass
class World:
    """What a day came to."""

    answers: list[Answer]
    items: list[dict[str, Any]]
    published: Counter[str]

    def totals(self) -> Totals:
        """Add it up."""
        return tally(DAY, self.answers, self.items, self.published)


@pytest.fixture
def whole() -> World:
    """A day on which all went well, some events delivered twice."""
    ids = [f"event-{number}" for number in range(len(DAY))]
    answers = [Answer(number, 0, 1, 200, "stored", ids[number], 1) for number in range(len(DAY))]
    answers += [replace(answers[number], outcome="duplicate") for number, one in enumerate(DAY) if one.twice]
    items = [
        {"event_id": ids[at], "kind": "event", "hook": one.happening.hook, "account_id": one.happening.account}
        for at, one in enumerate(DAY)
    ]
    return World(answers, items, Counter(ids))


def lose_a_message(world: World) -> None:
    """An event is stored and never published."""
    del world.published["event-0"]


def publish_twice(world: World) -> None:
    """An event is published a second time."""
    world.published["event-0"] += 1


def lose_an_item(world: World) -> None:
    """An event is answered 200 and not stored."""
    del world.items[0]


def lose_an_event(world: World) -> None:
    """An event is never sent: neither answered nor stored nor published."""
    world.answers = [answer for answer in world.answers if answer.number]
    del world.items[0]
    del world.published["event-0"]


def store_twice(world: World) -> None:
    """One event becomes two items, by its first and second delivery."""
    world.answers.append(replace(world.answers[0], event_id="other"))
    world.items.append(world.items[0] | {"event_id": "other"})
    world.published["other"] += 1


def take_two_for_one(world: World) -> None:
    """Two events get one id, so that the second is lost as a duplicate."""
    world.answers[1] = replace(world.answers[1], event_id="event-0", outcome="duplicate")
    del world.items[1]
    del world.published["event-1"]


def quarantine(world: World) -> None:
    """An event ends in the quarantine."""
    world.answers[0] = replace(world.answers[0], outcome="quarantined", event_id="quarantine-0")
    world.items[0] |= {"event_id": "quarantine-0", "kind": "quarantine"}
    del world.published["event-0"]


def refuse(world: World) -> None:
    """A delivery is answered 500, although all is stored."""
    world.answers[0] = replace(world.answers[0], status=500)


def take_for_another_account(world: World) -> None:
    """An event is stored for another account."""
    world.items[0] |= {"account_id": "f" * 32}


def make_up(world: World) -> None:
    """An event is published that nobody sent."""
    world.published["made-up"] += 1


def test_whole_day(whole: World) -> None:
    """If nothing is wrong nothing is said, and the three sums are one."""
    totals = whole.totals()
    assert totals.problems == ()
    assert totals.events == totals.stored == totals.published == len(DAY)


def test_calls(whole: World) -> None:
    """The records of calls that the events make are neither too many items nor made-up messages."""
    whole.items += [{"event_id": f"{kind}-0", "kind": kind} for kind in ("call", "leg", "party")]
    whole.published["call-0-1"] += 2
    totals = whole.totals()
    assert totals.problems == ()
    assert totals.stored == totals.published == len(DAY)


def test_queued(whole: World) -> None:
    """A delivery that went to the redrive queue names no event; if it is stored and published later, all is well."""
    whole.answers = [replace(it, outcome="queued", event_id="") if it.number == 0 else it for it in whole.answers]
    assert whole.totals().problems == ()


def lose_what_was_queued(world: World) -> None:
    """A delivery went to the redrive queue and never came in."""
    world.answers[0] = replace(world.answers[0], outcome="queued", event_id="")
    del world.items[0]
    del world.published["event-0"]


def answer_without_a_name(world: World) -> None:
    """An answer says stored and does not say what."""
    world.answers[0] = replace(world.answers[0], event_id="")


@pytest.mark.parametrize(
    "go_wrong",
    [
        lose_a_message,
        publish_twice,
        lose_an_item,
        lose_an_event,
        store_twice,
        take_two_for_one,
        quarantine,
        refuse,
        take_for_another_account,
        make_up,
        lose_what_was_queued,
        answer_without_a_name,
    ],
)
def test_what_is_wrong_is_noticed(whole: World, go_wrong: Callable[[World], None]) -> None:
    """Each single loss, doubling or invention is a problem."""
    go_wrong(whole)
    assert whole.totals().problems
