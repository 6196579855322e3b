"""The tally of calls notices every record that is missing, made up, wrong or not published."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from devtools.inbox import Message
from hookswitch.calls.facts import Fact
from hookswitch.calls.fold import fold
from hookswitch.events.items import event_item
from tests.load.calls import Happening, PlayedCall
from tests.load.day import DAYS_AGO, MIDNIGHT, Size, day
from tests.load.records import TYPE, CallTotals, are_final, tally_calls
from tests.load.shape import DAY
from tests.receiving import SETTINGS, event

RECEIVED = MIDNIGHT + DAYS_AGO * DAY
RESELLER = replace(SETTINGS, include_subaccounts=True)


@cache
def calls() -> Sequence[PlayedCall]:
    """Return the calls of a day; not while tests are collected, which every process does."""
    return day(Size(accounts=3, calls=400, seconds=1, senders=1)).calls


@dataclass
class World:
    """What a day's calls came to."""

    items: list[dict[str, Any]]
    messages: list[Message]

    def totals(self) -> CallTotals:
        """Add it up."""
        return tally_calls(calls(), self.items, self.messages)


def message(record: dict[str, Any]) -> Message:
    """Return the message of a record."""
    return Message({"id": f"call-{record['call']}-{record['revision']}", "type": TYPE, "data": record}, {})


def fact(happening: Happening, received_at: datetime) -> Fact | None:
    """Return what an event that is received at a moment says about a call."""
    received = event(happening.hook, happening.payload, received_at=received_at, settings=RESELLER)
    return Fact.from_item(event_item(received, RESELLER))


def records(rng: random.Random) -> list[dict[str, Any]]:
    """Return the records of all calls, whose events come within seconds, in any order."""
    found = []
    for call in calls():
        moments = [datetime.fromtimestamp(RECEIVED + rng.random() * 3, UTC) for _ in call.happenings]
        facts = [fact(*pair) for pair in zip(call.happenings, moments, strict=True)]
        found += [folded.record for folded in fold([one for one in facts if one], RECEIVED + 3600)]
    return [json.loads(json.dumps(record)) | {"revision": 2} for record in found]


@pytest.fixture(scope="module")
def folded() -> list[dict[str, Any]]:
    """The records of a day on which all goes well."""
    return records(random.Random(1))


@pytest.fixture
def whole(folded: list[dict[str, Any]]) -> World:
    """A day on which all goes well, with two revisions of each call."""
    first = [record | {"revision": 1, "final": False} for record in folded]
    items = [{"kind": "call", "payload": record} for record in folded]
    return World(items, [message(record) for record in [*first, *folded]])


def lose_a_record(world: World) -> None:
    """A call has no record."""
    call = world.items.pop(0)["payload"]["call"]
    world.messages = [message for message in world.messages if message.event["data"]["call"] != call]


def split_a_call(world: World) -> None:
    """A call has two records."""
    record = world.items[0]["payload"] | {"call": "f" * 32, "revision": 1}
    world.items.append({"kind": "call", "payload": record})
    world.messages.append(message(record))


def make_up_a_call(world: World) -> None:
    """There is a record of a call that did not happen."""
    record = world.items[0]["payload"] | {"call": "f" * 32, "revision": 1, "legs": [{"leg": "made up"}]}
    world.items.append({"kind": "call", "payload": record})
    world.messages.append(message(record))


def change_a_status(world: World) -> None:
    """A record has another status."""
    record = world.items[0]["payload"] | {"status": "abandoned" if calls()[0].scenario != "abandoned" else "missed"}
    world.items[0] = world.items[0] | {"payload": record}
    world.messages.append(world.messages.pop(len(calls())))


def lose_the_last_revision(world: World) -> None:
    """The last revision of a call is not published."""
    world.messages.pop()


def publish_twice(world: World) -> None:
    """A revision is published twice."""
    world.messages.append(world.messages[-1])


def publish_another(world: World) -> None:
    """What is published last is not what the table has."""
    world.messages[-1] = message(world.messages[-1].event["data"] | {"summary": "Something else"})


def test_whole_day(whole: World) -> None:
    """Each kind of call gives the expected record, also if its events come in any order, within seconds."""
    totals = whole.totals()
    assert totals.problems == ()
    assert totals.records == totals.calls
    assert totals.right == totals.kinds
    assert are_final(calls(), whole.messages)


def test_call_that_is_not_final(whole: World) -> None:
    """A call is waited for until its last revision says that it is final."""
    assert not are_final(calls(), whole.messages[:-1])
    assert not are_final(calls(), [])


def test_part_of_another_call(whole: World) -> None:
    """A record that turned out to be a part of another is not one too many."""
    first = whole.items[0]["payload"]
    part = first | {"call": "e" * 32, "revision": 1, "merged_into": first["call"]}
    whole.items.append({"kind": "call", "payload": part})
    totals = whole.totals()
    assert totals.problems == ()
    assert totals.merged == 1


@pytest.mark.parametrize(
    "go_wrong",
    [
        lose_a_record,
        split_a_call,
        make_up_a_call,
        change_a_status,
        lose_the_last_revision,
        publish_twice,
        publish_another,
    ],
)
def test_what_is_wrong_is_noticed(whole: World, go_wrong: Callable[[World], None]) -> None:
    """Each single loss, doubling, invention or error is a problem."""
    go_wrong(whole)
    assert whole.totals().problems
