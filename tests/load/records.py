"""Checks whether calls in = calls out, each record is the expected one, and each revision was published once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devtools.inbox import Message
from hookswitch.events.kinds import CALL
from tests.load.calls import PlayedCall
from tests.unit.calls.expected import EXPECTED
from tests.unit.calls.test_scenarios import expected_row, row_of

TYPE = f"com.virtualpbx.dash.{CALL}"
RECORDS = {"conference_room": 3}  # that a kind of call has if not one: everybody who dials in has a call of their own
PARKED = {"parked_retrieved", "parked_abandoned"}

type Record = Mapping[str, Any]


@dataclass(frozen=True)
class CallTotals:
    """The sums of a day's calls, and what is wrong with them.

    Attributes:
        calls: Records that the calls of the day must give.
        records: Records in the table that are not a part of another.
        merged: Records that turned out to be a part of another.
        legs: Of all calls.
        events: Of all calls.
        messages: Revisions that a subscriber got.
        kinds: How many calls of each kind there were.
        right: How many of these have the expected record.
        problems: What is not as it should be, a sentence each.
    """

    calls: int
    records: int
    merged: int
    legs: int
    events: int
    messages: int
    kinds: Mapping[str, int]
    right: Mapping[str, int]
    problems: tuple[str, ...]


def are_final(calls: Iterable[PlayedCall], messages: Iterable[Message]) -> bool:
    """Tell whether the last published record of every call is final."""
    last = {call: records[max(records)] for call, records in _revisions(messages).items()}
    known = {leg["leg"] for record in last.values() for leg in record["legs"]}
    return all(call.legs <= known for call in calls) and all(record["final"] for record in last.values())


def tally_calls(
    calls: Sequence[PlayedCall], items: Iterable[Mapping[str, Any]], messages: Sequence[Message]
) -> CallTotals:
    """Compare what happened with the records in the table, and with those that were published.

    Args:
        calls: All that happened.
        items: The table's.
        messages: That a subscriber got.
    """
    stored = {item["payload"]["call"]: item["payload"] for item in items if item.get("kind") == CALL}
    merged = {call for call, record in stored.items() if "merged_into" in record}
    found: dict[int, list[Record]] = defaultdict(list)
    owners = {leg: number for number, call in enumerate(calls) for leg in call.legs}
    for record in (stored[call] for call in stored.keys() - merged):
        for number in {owners.get(leg["leg"], -1) for leg in record["legs"]}:
            found[number].append(record)
    wrong = {number: [*_wrong(call, found[number])] for number, call in enumerate(calls)}
    expected = sum(RECORDS.get(call.scenario, 1) for call in calls)
    return CallTotals(
        calls=expected,
        records=len(stored) - len(merged),
        merged=len(merged),
        legs=len(owners),
        events=sum(len(call.happenings) for call in calls),
        messages=sum(message.event["type"] == TYPE for message in messages),
        kinds=dict(Counter(call.scenario for call in calls)),
        right=dict(Counter(calls[number].scenario for number, said in wrong.items() if not said)),
        problems=(
            *(f"{calls[number].scenario}: {what}" for number, said in wrong.items() for what in said),
            *(f"Call {record['call']} is none that happened." for record in found[-1]),
            *_unpublished(stored, messages),
        ),
    )


def _wrong(call: PlayedCall, records: Sequence[Record]) -> Iterator[str]:
    """Yield what is wrong with the records of a call."""
    wanted = RECORDS.get(call.scenario, 1)
    if len(records) != wanted:
        yield f"There are {len(records)} records, not {wanted}."
    if not records:
        return
    oldest = min(records, key=lambda record: str(record["started_at"]))
    if not oldest["final"]:
        yield "The record is not final."
    found, expected = _rows(call.scenario, oldest)
    yield from (
        f"{name.rstrip('_')} is {value!r}, not {expected[name]!r}."
        for name, value in found.items()
        if value != expected[name]
    )


def _rows(scenario: str, record: Record) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what is compared of a record, and what is expected of it."""
    expected = EXPECTED[scenario]
    found = row_of(record)  # type: ignore[arg-type] # as plain values
    if not expected.complete:  # how long it took is not known, so the table does not say
        found |= {"duration_seconds": None, "talk_seconds": None, "wait_seconds": expected.wait_seconds}
    if scenario in PARKED and "parking" in found["via"]:
        # Parking has no time of its own, so in fast motion it happens after all else, and in any order.
        found |= {"via": expected.via, "complete": expected.complete}
    return found, expected_row(expected)


def _unpublished(stored: Mapping[str, Record], messages: Iterable[Message]) -> Iterator[str]:
    """Yield which revisions were not published, or more than once."""
    messages = [message for message in messages if message.event["type"] == TYPE]
    revisions = _revisions(messages)
    yield from (f"Call {call} was published and not stored." for call in revisions.keys() - stored.keys())
    for call, record in stored.items():
        published = revisions.get(call, {})
        if "merged_into" in record and record["revision"] == 1 and not published:
            continue  # it became a part of another before anybody had heard of it
        if sorted(published) != [*range(1, int(record["revision"]) + 1)]:
            yield f"Call {call} has revision {record['revision']}; published were {sorted(published)}."
        elif published[max(published)] != record:
            yield f"Call {call} is not what was published last."
    twice = [key for key, count in Counter(message.id for message in messages).items() if count > 1]
    if twice:
        yield f"{len(twice):,} revisions were published twice or more."


def _revisions(messages: Iterable[Message]) -> Mapping[str, Mapping[int, Record]]:
    """Return the published records of each call by their revisions."""
    found: dict[str, dict[int, Record]] = defaultdict(dict)
    for message in messages:
        if message.event["type"] == TYPE:
            record = message.event["data"]
            found[record["call"]][int(record["revision"])] = record
    return found
