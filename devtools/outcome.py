"""Compares what was sent with what is in the table and what was published."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from boto3.dynamodb.types import TypeDeserializer

from devtools.inbox import Message
from devtools.sending import Answer, Sent
from hookswitch.calls.items import LEG, PARTY
from hookswitch.dash.hooks import HOOKS
from hookswitch.events.envelope import TYPE_PREFIX
from hookswitch.events.kinds import CALL, EVENT, PLACEHOLDER

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

OK = 200
type Item = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of the events that were sent.

    Attributes:
        items: The table's items of kind `event`, by their id.
        calls: The items of calls, by their key.
        others: All other items, such as quarantined deliveries; not those that stand for other items.
        published: How often each event id was published.
        types: The CloudEvents type of each published event id.
        revisions: The record in each published revision of a call, by the id of its CloudEvent.
    """

    items: Mapping[str, Item]
    others: Sequence[Item]
    published: Counter[str]
    types: Mapping[str, str]
    calls: Mapping[str, Item] = field(default_factory=dict)
    revisions: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[Item], messages: Iterable[Message]) -> Self:
        """Return it from all items of the table and all messages that were published."""
        kinds: dict[object, list[Item]] = defaultdict(list)
        for item in items:
            kinds[item.get("kind")].append(item)
        events = [message for message in messages if not _is_call(message)]
        return cls(
            items={item["event_id"]: item for item in kinds.pop(EVENT, [])},
            calls={item["event_id"]: item for item in kinds.pop(CALL, [])},
            others=[item for kind, items in kinds.items() if kind not in {LEG, PARTY, PLACEHOLDER} for item in items],
            published=Counter(message.id for message in events),
            types={message.id: str(message.event["type"]) for message in events},
            revisions={message.id: message.event["data"] for message in messages if _is_call(message)},
        )


def read_table(dynamodb: "DynamoDBClient", table: str) -> list[Item]:
    """Return all items of a table, with plain values."""
    plain = TypeDeserializer()
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [
        {name: plain.deserialize(value) for name, value in item.items()} for page in pages for item in page["Items"]
    ]


def problems(sent: Sequence[Sent], found: Outcome) -> list[str]:
    """Return everything that is wrong, a sentence each."""
    expected = {event.event_id: event for event in sent if event.answers}
    return [
        *(said for event in sent for said in _of_answers(event)),
        *(said for event in sent if event.event_id for said in _of_event(event, found)),
        *(
            f"{event_id} ({item['hook']}) is in the table but was never sent."
            for event_id, item in found.items.items()
            if event_id not in expected
        ),
        *(f"{event_id} was published but never sent." for event_id in found.published.keys() - expected.keys()),
        *(f"An item of kind {item.get('kind')!r} is in the table: {item}" for item in found.others),
        *_of_ids(sent),
        *_of_calls(found),
    ]


def complete_hooks(sent: Iterable[Sent], found: Outcome) -> list[str]:
    """Return the hooks of which at least one event was sent, and every one stored and published exactly once."""
    events = [event for event in sent if event.answers]
    return [
        hook
        for hook in HOOKS
        if any(event.hook == hook for event in events)
        and all(is_complete(event, found) for event in events if event.hook == hook)
    ]


def stored_once(event: Sent) -> bool:
    """Tell whether one webhook stored an event, its hook's or the catch-all's, and the other found it there."""
    answers = (*event.answers[:1], *event.elsewhere)
    return Counter(answer.status for answer in answers) == Counter(["stored"] + ["duplicate"] * (len(answers) - 1))


def is_complete(event: Sent, found: Outcome) -> bool:
    """Tell whether an event was stored and published exactly once, and every delivery of it answered accordingly."""
    return not _of_answers(event) and not _of_event(event, found)


def _of_answers(event: Sent) -> list[str]:
    if not event.answers:
        return []
    name = f"{event.hook} by {event.encoding}"
    first, *again = event.answers
    said: list[str] = []
    if first.code != OK or not first.event_id or not stored_once(event):
        said.append(f"{name} was not stored but answered {_describe(first)}.")
    if len(again) != 1:
        said.append(f"{name} was delivered {len(event.answers)} times instead of twice.")
    said += [
        f"{name}, delivered again, was not recognised as a duplicate but answered {_describe(answer)}."
        for answer in again
        if answer.code != OK or answer.status != "duplicate" or answer.event_id != first.event_id
    ]
    said += [
        f"{name} should be the same event to the catch-all, which answered {_describe(answer)}."
        for answer in event.elsewhere
        if answer.code != OK or answer.status not in {"stored", "duplicate"} or answer.event_id != first.event_id
    ]
    return said


def _of_event(event: Sent, found: Outcome) -> list[str]:
    name = f"{event.hook} by {event.encoding} ({event.event_id})"
    item = found.items.get(event.event_id)
    said: list[str] = []
    if item is None:
        said.append(f"{name} is not in the table.")
    elif item["hook"] != event.hook:
        said.append(f"{name} is in the table as {item['hook']}.")
    times = found.published[event.event_id]
    if times != 1:
        said.append(f"{name} was published {times} times." if times else f"{name} was not published.")
    elif not found.types[event.event_id].endswith(f".{event.hook}"):
        said.append(f"{name} was published as {found.types[event.event_id]}.")
    return said


def _of_ids(sent: Iterable[Sent]) -> list[str]:
    ids = Counter(event.event_id for event in sent if event.event_id)
    return [f"{times} different events have the same id {event_id}." for event_id, times in ids.items() if times > 1]


def _of_calls(found: Outcome) -> Iterator[str]:
    """Yield what is wrong with the calls: the last revision of each has to be published as it is in the table."""
    for key, item in found.calls.items():
        last = f"{key}-{item['revision']}"
        was_told = any(revision.rpartition("-")[0] == key for revision in found.revisions)
        if item["state"] == "ended" and not item["final"]:
            yield f"{key} has ended but is not final: {item['summary']}"
        if last in found.revisions:
            if found.revisions[last] != item["payload"]:
                yield f"{last} was published otherwise than it is in the table: {item['summary']}"
        elif was_told or "merged_into" not in item["payload"]:  # which nobody needs to know of a call never told
            yield f"{last} is in the table but was not published: {item['summary']}"
    for revision in found.revisions:
        if revision.rpartition("-")[0] not in found.calls:
            yield f"{revision} was published, but there is no such call in the table."


def _is_call(message: Message) -> bool:
    return str(message.event["type"]) == f"{TYPE_PREFIX}{CALL}"


def _describe(answer: Answer) -> str:
    return f"{answer.code}: {answer.text[:200]}" if answer.code else f"nothing ({answer.text[:200]})"
