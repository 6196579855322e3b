"""What a table has of many calls, for measurements: a hundred thousand of them take minutes to write, not hours."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from devtools.console.records import items_of, record_of
from hookswitch.calls.items import CallItem, parties, party_item
from hookswitch.calls.record import Call
from hookswitch.events.attributes import item
from hookswitch.events.items import timestamp
from simulator.calls.office import Office
from simulator.steps import Step

A_DAY = 1_000  # calls
KINDS = 200  # different calls that all others are copies of, at other times
INDEXED = 20  # of so many calls one is indexed by its parties, which take most of the time to write
IN_PROGRESS = 5  # calls
MANY_LEGS = 3
DAY = 86_400  # seconds
AGO = 600  # seconds since the call began that is looked at with its events

type Item = Mapping[str, Any]
"""Typed attributes, as DynamoDB takes them."""


@dataclass(frozen=True)
class StoredCalls:
    """Calls of an office until a moment, a thousand a day; the same for the same moment.

    Attributes:
        count: How many have ended, besides the one with its events.
        now: The moment, in UTC.
    """

    count: int
    now: datetime

    def started_at(self, number: int) -> datetime:
        """Return when a call began; number 0 is the last one."""
        return self.now - timedelta(seconds=60 + number * DAY / A_DAY)

    def key(self, number: int) -> str:
        """Return a call's key."""
        return hashlib.sha256(str(number).encode()).hexdigest()[:32]

    def items(self) -> Iterator[Item]:
        """Yield the items of all calls, and some of the entries that lead to them from a party."""
        office = Office()
        kinds = [found for _ in range(KINDS) if (found := record_of(office.call(0), DAY))]
        for number in range(self.count):
            moved = {"call": self.key(number), "started_at": timestamp(self.started_at(number))}
            kind = kinds[(number + number // INDEXED) % len(kinds)]  # so that all of them are indexed
            call = cast("Call", kind | moved)
            yield _call(call)
            if number % INDEXED == 0:
                yield from (item(party_item(key, call, None)) for key in sorted(parties(call)))
        yield from self._in_progress(Office(2))
        steps, call = self.with_events()
        yield _call(call)
        yield from map(item, items_of(steps))

    def with_events(self) -> tuple[list[Step], Call]:
        """Return a call of several legs whose events are there, too."""
        office, began = Office(3), self.now.timestamp() - AGO
        while True:
            steps = office.call(began)
            call = record_of(steps, began + DAY)
            if call and call["final"] and len(call["legs"]) >= MANY_LEGS:
                return steps, call

    def _in_progress(self, office: Office) -> Iterator[Item]:
        found, now = 0, self.now.timestamp()
        while found < IN_PROGRESS:
            call = record_of(office.call(now - 8 * (found + 1)), now)
            if call and call["state"] != "ended":
                found += 1
                yield _call(call)


def _call(call: Call) -> Item:
    stored = CallItem(call, evidence="", caused_by=frozenset())
    at = call["started_at"]
    return item(stored.to_item(at=at, received_at=at, expires_at=None))
