"""Reads a stack's events by the index `feeds` of its table: each account's events of one hook on one day in UTC.

See docs/engineering/decisions/0002-event-table-and-outbox.md.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from devtools.since import rfc3339
from devtools.target import Target
from hookswitch.dash.hooks import HOOKS
from hookswitch.events.attributes import plain
from hookswitch.events.items import feed_key
from hookswitch.events.kinds import QUARANTINE
from hookswitch.reconcile.announcement import ANNOUNCEMENTS

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NAMES = (*HOOKS, *ANNOUNCEMENTS)
"""The hooks that have feeds, those of hookswitch's own announcements included."""

SKEW = timedelta(minutes=10)  # Dash's clock may be ahead of this machine's, and so be the day of an event
AT_ONCE = 8  # queries; boto3's client has ten connections
BATCH = 100  # keys of a BatchGetItem
PAUSE = 0.2  # seconds before what DynamoDB left out is asked for again

type Item = Mapping[str, Any]


@dataclass(frozen=True)
class Feeds:
    """The feeds of one account in one table."""

    client: "DynamoDBClient"
    table: str
    account: str

    @classmethod
    def of(cls, target: Target, account: str = "") -> Self:
        """Return those of a stack, by default of its own Dash account."""
        table = target.output("EventsTableName")
        return cls(target.client("dynamodb"), table, account or target.parameters["DashAccountId"])

    def newest(self, hooks: Iterable[str], since: datetime, limit: int) -> list[Item]:
        """Return the newest events of some hooks, newest first, with the attributes that the index has."""
        hooks, found = tuple(hooks), list[Item]()
        for day in days(since):
            of_day = _in_parallel(partial(self._events, day=day, since=since, limit=limit), hooks)
            merged = sorted((item for items in of_day for item in items), key=_position, reverse=True)
            found += merged[: limit - len(found)]
            if len(found) == limit:
                break
        return found

    def count(self, hooks: Iterable[str], since: datetime) -> Counter[str]:
        """Return how many events each of some hooks has; those without events are absent."""
        asked = [(hook, day) for hook in hooks for day in days(since)]
        numbers = _in_parallel(lambda pair: self._count(*pair, since), asked)
        counts: Counter[str] = Counter()
        for (hook, _), number in zip(asked, numbers, strict=True):
            counts[hook] += number
        return +counts

    def of_day(self, hooks: Iterable[str], day: date) -> list[Item]:
        """Return all events of some hooks on a day in UTC, oldest first, with the attributes that the index has."""
        start = datetime.combine(day, datetime.min.time(), UTC)
        found = _in_parallel(
            lambda hook: list(self._query(feed_key(self.account, hook, day.isoformat()), start)), hooks
        )
        return sorted((item for items in found for item in items), key=_position)

    def count_of_days(self, hook: str, of_days: Iterable[date]) -> int:
        """Return how many events of a hook there are on some days in UTC."""
        start = datetime(1970, 1, 1, tzinfo=UTC)
        return sum(_in_parallel(lambda day: self._count(hook, day, start), of_days))

    def quarantined(self, since: datetime) -> Counter[str]:
        """Return how many deliveries of each hook are quarantined, whatever their account."""
        return Counter(str(item["hook"]) for item in self._query(QUARANTINE, since))

    def full(self, items: Sequence[Item]) -> Iterator[Item]:
        """Yield whole items in the same order; those that no longer exist are left out."""
        for start in range(0, len(items), BATCH):
            ids = [str(item["event_id"]) for item in items[start : start + BATCH]]
            found = self._batch(ids)
            yield from (found[event_id] for event_id in ids if event_id in found)

    def _events(self, hook: str, day: date, since: datetime, limit: int) -> list[Item]:
        return list(islice(self._query(feed_key(self.account, hook, day.isoformat()), since, Limit=limit), limit))

    def _count(self, hook: str, day: date, since: datetime) -> int:
        feed = feed_key(self.account, hook, day.isoformat())
        return sum(page["Count"] for page in self._pages(feed, since, Select="COUNT"))

    def _query(self, feed: str, since: datetime, **more: Any) -> Iterator[Item]:
        for page in self._pages(feed, since, **more):
            for item in page["Items"]:
                yield {name: plain(value) for name, value in item.items()}

    def _pages(self, feed: str, since: datetime, **more: Any) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": "feeds",
            "KeyConditionExpression": "feed = :feed AND timeline_key >= :since",  # which begins with the time
            "ExpressionAttributeValues": {":feed": {"S": feed}, ":since": {"S": rfc3339(since)}},
            "ScanIndexForward": False,
            **more,
        }
        while True:
            page = self.client.query(**asked)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _batch(self, ids: Sequence[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        asked: Any = {self.table: {"Keys": [{"event_id": {"S": event_id}} for event_id in ids]}}
        while True:
            answer = self.client.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(self.table, []):
                values = {name: plain(value) for name, value in item.items()}
                found[values["event_id"]] = values
            asked = answer.get("UnprocessedKeys")
            if not asked:
                return found
            time.sleep(PAUSE)


def days(since: datetime, now: datetime | None = None) -> list[date]:
    """Return the days in UTC whose feeds may have events since a time, newest first."""
    first, last = since.astimezone(UTC).date(), ((now or datetime.now(UTC)) + SKEW).astimezone(UTC).date()
    return [last - timedelta(days=back) for back in range((last - first).days + 1)]


def _position(item: Item) -> str:
    return str(item["timeline_key"])


def _in_parallel[A, B](ask: Callable[[A], B], all_of: Iterable[A]) -> list[B]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, all_of))
