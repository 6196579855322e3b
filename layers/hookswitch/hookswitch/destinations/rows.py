"""The layout of every row of the table of destinations, in both directions.

A row is found by its partition, `owner`, and its place there, `sort`. docs/engineering/decisions/0089-destinations.md
explains why deliveries wait in this table and not in a queue.

| owner | sort | what it is |
|---|---|---|
| destinations | name | a destination, how it is doing, and who sends to it at the moment |
| owed/<id> | lane#moment#key | a delivery that the destination has yet to get |
| attempts/<id> | time#key | what an attempt met |
| sent/<id> | key | a call that it got, which it must not get again |
| dead/<id> | time#key | a delivery that it refused to the end |
| version | version | changes whenever a destination is added, changed or removed |
| removed | id | a destination whose other rows are still to be deleted |
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, cast

from hookswitch.destinations.record import Destination, Filter, Health, Options, State, Type

DESTINATIONS, VERSION, REMOVED = "destinations", "version", "removed"
type Lane = Literal["0", "1"]

LIVE: Lane = "0"
PAST: Lane = "1"
"""Lanes of deliveries: what happens now goes before what is caught up with."""

ATTEMPT_DAYS = 30  # for which attempts are kept
SENT_DAYS = 60  # for which a call that comes again is known


def owed(destination_id: str) -> str:
    """Return the partition of the deliveries that a destination has yet to get."""
    return f"owed/{destination_id}"


def attempts(destination_id: str) -> str:
    """Return the partition of what was attempted with a destination."""
    return f"attempts/{destination_id}"


def sent(destination_id: str) -> str:
    """Return the partition of the calls that a destination must not get again."""
    return f"sent/{destination_id}"


def dead(destination_id: str) -> str:
    """Return the partition of the deliveries that a destination refused to the end."""
    return f"dead/{destination_id}"


def key_of_event(event_id: str) -> str:
    """Return the key of the item that a published event was made from: a call's has one for all its revisions."""
    return event_id.rpartition("-")[0] if event_id.startswith("call-") else event_id


def destination_row(destination: Destination) -> dict[str, object]:
    """Return the attributes of a destination's row, without what says who sends to it."""
    return {
        "owner": DESTINATIONS,
        "sort": destination.name,
        "id": destination.id,
        "type": destination.type,
        "shown": destination.shown,
        "sealed": destination.sealed,
        "filter": destination.filter.to_attributes(),
        "options": options_attribute(destination.options),
        "state": destination.state,
        "state_reason": destination.state_reason,
        "state_since": destination.state_since,
        "created_at": destination.created_at,
        "descendants": destination.descendants,
        **asdict(destination.health),
    }


def options_attribute(options: Options) -> dict[str, object]:
    """Return the attribute that holds how a destination's messages are written."""
    return {**asdict(options), "per_second": str(options.per_second)}


def destination_from_row(row: Mapping[str, Any]) -> Destination:
    """Return the destination in a row, as plain values."""
    options = row["options"]
    return Destination(
        name=row["sort"],
        id=row["id"],
        type=cast("Type", row["type"]),
        shown=row["shown"],
        sealed=bytes(row["sealed"]),
        filter=Filter.from_attributes(row["filter"]),
        options=Options(
            zone=options["zone"],
            fields=options["fields"],
            ordered=options["ordered"],
            per_second=float(options["per_second"]),
        ),
        state=cast("State", row["state"]),
        state_reason=row["state_reason"],
        state_since=int(row["state_since"]),
        created_at=int(row["created_at"]),
        health=health_from_row(row),
        descendants=tuple(row.get("descendants", ())),
    )


def health_from_row(row: Mapping[str, Any]) -> Health:
    """Return how the destination in a row is doing."""
    found: dict[str, Any] = {
        each.name: value if isinstance(value := row[each.name], bool | str) else int(value)
        for each in fields(Health)
        if each.name in row
    }
    return Health(**found)


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that a destination has yet to get.

    Attributes:
        key: The key of the event's or the call's item in the table of events.
        lane: Whether it happens now, or is caught up with.
        moment: What it is sorted by: when it happened, and for calls when they began.
        subject: What it is about: among these alone the order counts.
        once: Whether it is a call that is sent when it is final, and only once.
        again: Whether it is sent also if it was sent before.
        replay: Whether it is marked as a replay.
        since: Since when it is owed, in Unix milliseconds.
        stamp: Differs each time that the row is written: it is deleted only if nobody wrote it since it was read.
        attempts: How many attempts have failed.
        next_at: Before when it is not attempted again, in Unix milliseconds.
    """

    key: str
    lane: Lane
    moment: str
    subject: str
    since: int
    stamp: str
    once: bool = False
    again: bool = False
    replay: bool = False
    attempts: int = 0
    next_at: int = 0

    @property
    def sort(self) -> str:
        """Its place among the others of its destination."""
        return f"{self.lane}#{self.moment}#{self.key}"

    def to_row(self, destination_id: str) -> dict[str, object]:
        """Return the attributes of its row; those that are None are left out."""
        return {
            "owner": owed(destination_id),
            "sort": self.sort,
            "subject": self.subject,
            "since": self.since,
            "stamp": self.stamp,
            "once": self.once or None,
            "again": self.again or None,
            "replay": self.replay or None,
            "attempts": self.attempts or None,
            "next_at": self.next_at or None,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Return the delivery in a row, as plain values."""
        lane, _, rest = row["sort"].partition("#")
        moment, _, key = rest.rpartition("#")
        return cls(
            key=key,
            lane=lane,
            moment=moment,
            subject=row["subject"],
            since=int(row["since"]),
            stamp=row["stamp"],
            once=bool(row.get("once")),
            again=bool(row.get("again")),
            replay=bool(row.get("replay")),
            attempts=int(row.get("attempts", 0)),
            next_at=int(row.get("next_at", 0)),
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt met: the evidence that `ATTEMPTS` shows.

    Attributes:
        at: When it began, in Unix milliseconds.
        key: The key of the event's or the call's item.
        event_id: The id that the destination saw.
        number: The how many-th attempt of this delivery it was, from 1.
        outcome: taken, retry, refused, gone, or expired for an event that was no longer in the table.
        status: The status code of HTTP; 0 if there was none.
        answer: The beginning of the answer, masked, or why there was none.
        milliseconds: How long it took.
        is_test: Whether it was a test.
    """

    at: int
    key: str
    event_id: str
    number: int
    outcome: str
    status: int
    answer: str
    milliseconds: int
    is_test: bool = False

    def to_row(self, destination_id: str) -> dict[str, object]:
        """Return the attributes of its row."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            "owner": attempts(destination_id),
            "sort": f"{self.at:013}#{self.key}#{self.number}",
            **values,
            "expires_at": self.at // 1000 + ATTEMPT_DAYS * 86_400,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Return the attempt in a row, as plain values."""
        return cls(
            at=int(row["at"]),
            key=row["key"],
            event_id=row["event_id"],
            number=int(row["number"]),
            outcome=row["outcome"],
            status=int(row["status"]),
            answer=row["answer"],
            milliseconds=int(row["milliseconds"]),
            is_test=bool(row.get("is_test")),
        )
