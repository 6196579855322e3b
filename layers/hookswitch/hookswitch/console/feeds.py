"""Reads the index `feeds`: an account's events of several hooks together, or a feed that is not divided by days.

An entry has what the index has: the event's key, hook, times, summary and subject.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, Self

from hookswitch.aws import clients
from hookswitch.calls.index import entries
from hookswitch.calls.log import Item, Period, rfc3339
from hookswitch.events.items import feed_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

AT_ONCE = 8  # reads; botocore's client has ten connections
LAST = "9"  # sorts after the key of every time


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an event stands among all others of its account: no two have the same place.

    Attributes:
        timeline_key: The key by which the index sorts; it begins with when the event happened.
        event_id: Tells events of the same moment apart.
    """

    timeline_key: str
    event_id: str

    @classmethod
    def of(cls, entry: Item) -> Self:
        """Return the place of an event."""
        return cls(str(entry["timeline_key"]), str(entry["event_id"]))

    @property
    def at(self) -> datetime:
        """When the event happened."""
        return datetime.fromisoformat(self.timeline_key.partition("#")[0])


@dataclass(frozen=True)
class Feeds:
    """The feeds of one account in one table.

    Attributes:
        client: Of DynamoDB.
        table: The table's name.
        account: The account's id.
        page: How many entries of a feed are read at once: about as many as are needed.
    """

    client: "DynamoDBClient"
    table: str
    account: str
    page: int

    def newest(self, hooks: Sequence[str], period: Period, before: Place | None = None) -> Iterator[Item]:
        """Yield the entries of events of some hooks in a period, newest first.

        Args:
            hooks: The hooks.
            period: In which the events happened.
            before: A place; only what follows it, which is older, is yielded.

        Raises:
            ClientError, BotoCoreError: DynamoDB does not answer.
        """
        last = period[1] - timedelta(microseconds=1)  # a day that ends at midnight needs no query of the next one
        if before:
            last = min(last, before.at)
        day, first = last.astimezone(UTC).date(), period[0].astimezone(UTC).date()
        while day >= first:
            feeds = [self._feed(feed_key(self.account, hook, day.isoformat()), period, before) for hook in hooks]
            yield from merge(*_begun(feeds), key=Place.of, reverse=True)
            day -= timedelta(days=1)

    def _feed(self, feed: str, period: Period, before: Place | None) -> Iterator[Item]:
        start, end = rfc3339(period[0]), rfc3339(period[1])
        end = min(end, before.timeline_key) if before else end
        found = entries(self.client, self.table, "feeds", feed, start=start, end=end, page=self.page)
        for _, together in groupby(found, lambda entry: str(entry["timeline_key"])):
            # The index sorts what has the same key as it likes.
            same = sorted(together, key=Place.of, reverse=True)
            yield from (entry for entry in same if not before or Place.of(entry) < before)


def newest(table: str, feed: str, since: datetime, page: int = 1_000) -> Iterator[Item]:
    """Yield the entries since a time of a feed that is not divided by days, newest first.

    Args:
        table: The table of events.
        feed: The feed's key, of the quarantine or of what people did.
        since: The earliest time.
        page: How many entries are read at once: about as many as are needed.

    Raises:
        ClientError, BotoCoreError: DynamoDB does not answer.
    """
    return entries(clients.dynamodb(), table, "feeds", feed, start=rfc3339(since), end=LAST, page=page)


def _begun(feeds: Iterable[Iterator[Item]]) -> list[Iterator[Item]]:
    """Return the same, with the first page of each read, at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = pool.map(lambda feed: (list(islice(feed, 1)), feed), feeds)
        return [chain(first, rest) for first, rest in begun]
