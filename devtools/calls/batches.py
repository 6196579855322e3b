"""Divides the events of a day into what the calls function takes at once: legs whole, in the order of their beginnings.

Events of one leg in several invocations give the same call, but each of them writes it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Self

from devtools.feeds import Item
from hookswitch.calls.requests import MOST_EVENTS

CALL = "call/"  # begins the subject of an event of a leg


@dataclass(frozen=True, slots=True, order=True)
class StoredEvent:
    """An event in the index.

    Attributes:
        place: Where it is among all events of all days: in the order of time.
        event_id: Its key.
        leg: The `call_id` of its leg; what it is about, or its key, if the index does not know that.
    """

    place: str
    event_id: str
    leg: str

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the event in an item of the index `feeds`."""
        event_id, subject = str(item["event_id"]), str(item.get("subject", ""))
        leg = subject if subject.startswith(CALL) else event_id
        return cls(f"{item['timeline_key']}#{event_id}", event_id, leg)


@dataclass(frozen=True, slots=True)
class Batch:
    """What the calls function takes at once.

    Attributes:
        event_ids: Keys of events.
        place: Where the backfill is once this batch and all before it are done: all legs are whose first event is not
            after it.
    """

    event_ids: tuple[str, ...]
    place: str


def batches(events: Iterable[StoredEvent], after: str = "") -> Iterator[Batch]:
    """Yield the batches of a day.

    Args:
        events: The day's events, in any order.
        after: The place that an earlier run came to. A leg that has events after it is not taken for done, since it may
            have got an event before it in the meantime.
    """
    legs: dict[str, list[StoredEvent]] = defaultdict(list)
    for event in sorted(events):
        legs[event.leg].append(event)
    taken: list[str] = []
    place = after
    for leg in legs.values():  # in the order of their first events
        if leg[-1].place <= after:
            continue
        if len(taken) + len(leg) > MOST_EVENTS:
            if taken:
                yield Batch(tuple(taken), place)
            *full, last = batched((event.event_id for event in leg), MOST_EVENTS, strict=False)
            yield from (Batch(part, place) for part in full)
            taken = [*last]
        else:
            taken += [event.event_id for event in leg]
        place = leg[0].place
    if taken:
        yield Batch(tuple(taken), place)
