"""Checks whether sent = stored = published, and none twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.load.day import Delivery

OK = 200
OF_CALLS = {"call", "leg", "party"}  # kinds of items that are made from the events
QUEUED = "queued"  # an answer that names no event yet: redrive brings it in, and table and topic tell


@dataclass(frozen=True)
class Answer:
    """What one delivery of an event came to.

    Attributes:
        number: Which event of the day it was.
        late: Seconds from when the day's clock had it happen until it was sent.
        tries: Connections that were made.
        status: Of the last answer; None if there was none.
        outcome: What the receiver said became of it.
        event_id: The id that it named.
        milliseconds: From the last connection to the whole answer.
        at: When its last connection began, in Unix seconds.
    """

    number: int
    late: float
    tries: int
    status: int | None
    outcome: str
    event_id: str
    milliseconds: float
    at: float = 0.0


@dataclass(frozen=True)
class Totals:
    """The sums of a day, and what is wrong with them.

    Attributes:
        events: That happened.
        deliveries: With those that were made twice.
        connections: With those that broke.
        stored: Items in the table.
        published: Messages that a subscriber got.
        problems: What is not as it should be, a sentence each.
    """

    events: int
    deliveries: int
    connections: int
    stored: int
    published: int
    problems: tuple[str, ...]


def tally(
    day: Sequence[Delivery],
    answers: Sequence[Answer],
    items: Sequence[Mapping[str, Any]],
    published: Counter[str],
) -> Totals:
    """Compare what happened with what was answered, is in the table, and was published.

    Args:
        day: All that was to be delivered.
        answers: To each delivery.
        items: The table's, whole or with event_id, kind, hook and account_id.
        published: How often each event id reached a subscriber. Those of calls are left out: a day has no plan of them.
    """
    sent: dict[int, set[str]] = {}
    for answer in answers:
        sent.setdefault(answer.number, set()).update({answer.event_id} - {""})
    ids = {event_id for named in sent.values() for event_id in named}
    unnamed = sum(not named for named in sent.values())
    stored = {str(item["event_id"]) for item in items if item.get("kind") == "event"}
    expected = Counter((one.happening.hook, one.happening.account) for one in day)
    of_calls = sum(item.get("kind") in OF_CALLS for item in items)
    messages = Counter({event_id: count for event_id, count in published.items() if not event_id.startswith("call-")})
    found = Counter((str(item["hook"]), str(item["account_id"])) for item in items if item.get("kind") == "event")
    wrong = [
        (sum(answer.status != OK for answer in answers), "deliveries were not answered 200"),
        (len(answers) - sum(1 + one.twice for one in day), "more deliveries were made than planned"),
        (sum(number not in sent for number in range(len(day))), "events were not sent"),
        (sum(len(named) > 1 for named in sent.values()), "events got two ids"),
        (sum(map(len, sent.values())) - len(ids), "events share an id with another"),
        (len(ids - stored), "events that were answered are not in the table"),
        (abs(len(stored - ids) - unnamed), "events are in the table that were not answered, or the other way round"),
        (sum(not one.event_id and one.outcome != QUEUED for one in answers), "answers name no event"),
        (sum((expected - found).values()), "events are missing in the table, by hook and account"),
        (sum((found - expected).values()), "events are too many in the table, by hook and account"),
        (len(items) - len(stored) - of_calls, "items are no events, such as quarantined deliveries"),
        (len(stored - messages.keys()), "events were stored and not published"),
        (len(messages.keys() - stored), "events were published and not stored"),
        (sum(count > 1 for count in messages.values()), "events were published twice or more"),
    ]
    return Totals(
        events=len(day),
        deliveries=len(answers),
        connections=sum(answer.tries for answer in answers),
        stored=len(stored),
        published=messages.total(),
        problems=tuple(f"{count:,} {what}." for count, what in wrong if count),
    )
