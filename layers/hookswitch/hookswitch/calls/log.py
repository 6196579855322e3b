"""Reads calls from the table by its keys: those of a period, of a party, in progress, or single ones. Never a scan.

docs/engineering/decisions/0083-calls-in-the-table.md explains the keys. What is read here is read for people, so it may
be a moment old: no read is a consistent one.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import TYPE_CHECKING, Any, cast

from hookswitch.calls.index import Index, entries
from hookswitch.calls.items import OPEN_FEED, call_id, parties, party_key
from hookswitch.calls.record import Call
from hookswitch.errors import StorageUnavailableError
from hookswitch.events.attributes import plain
from hookswitch.events.items import feed_key, timestamp
from hookswitch.events.kinds import CALL

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BATCH = 100  # keys of one call of BatchGetItem
BATCH_TRIES = 8  # one after the other that return nothing
PAUSE = 0.1  # seconds after such a try, times their number

type Item = Mapping[str, Any]
"""The attributes of an item, as plain values."""

type Period = tuple[datetime, datetime]
"""When it begins, and the first moment after it."""


@dataclass(frozen=True)
class CallLog:
    """The calls of one account in one table.

    Its methods raise ClientError or BotoCoreError if DynamoDB does not answer, and StorageUnavailableError if it does
    not return all items.

    Attributes:
        client: Of DynamoDB.
        table: The table's name.
        account: The account's id.
        page: How many calls are read at once: about as many as are needed.
        fields: The only fields of the records that are read; empty for all.
    """

    client: "DynamoDBClient"
    table: str
    account: str
    page: int = BATCH
    fields: Sequence[str] = ()

    def of_period(self, period: Period, before: str = "") -> Iterator[Call]:
        """Yield the calls that began in a period and are final, newest first.

        Args:
            period: The period.
            before: The position of a call; those that follow it, which are older, are yielded.
        """
        return self.records(str(entry["event_id"]) for entry in self.entries_of_period(period, before))

    def of_party(self, subject: str, period: Period, before: str = "") -> Iterator[Call]:
        """Yield the calls that have ended and in which somebody took part, newest first.

        Args:
            subject: Who: what `party_key` returns for the account.
            period: In which the calls began.
            before: As for `of_period`.
        """
        return self.records(call_id(str(entry["call"])) for entry in self.entries_of_party(subject, period, before))

    def of_number(self, number: str, period: Period, before: str = "") -> Iterator[Call]:
        """Yield the calls that have ended and in which a number took part, however it is written, newest first."""
        return self.of_party(party_key(self.account, "number", number), period, before)

    def not_final(self) -> list[Call]:
        """Return the calls in progress, and those that ended a moment ago and may still change, newest first."""
        always = (datetime(1970, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1))
        entries = self._entries("feeds", OPEN_FEED, always)
        keys = (str(entry["event_id"]) for entry in entries if entry.get("account_id") == self.account)
        return [call for call in self.records(keys) if call["account_id"] == self.account]

    def records(self, keys: Iterable[str]) -> Iterator[Call]:
        """Yield the records of calls by the keys of their items; those that no longer exist are left out."""
        for some in batched(keys, min(self.page, BATCH), strict=False):
            for item in self.items([*dict.fromkeys(some)], [f"payload.{name}" for name in self.fields]):
                if "payload" in item:
                    yield record(item)

    def items(self, keys: Sequence[str], attributes: Sequence[str] = ()) -> Iterator[Item]:
        """Yield whole items in the order of their keys, or some attributes of them; what does not exist is left out."""
        for some in batched(keys, BATCH, strict=False):
            found = self._batch(some, attributes)
            yield from (found[key] for key in some if key in found)

    def events(self, call: Call) -> list[Item]:
        """Return the events that a call was made from, oldest first; those that have expired are left out."""
        found = self.items([*dict.fromkeys(call["events"])])
        return sorted(found, key=lambda item: str(item.get("timeline_key", item.get("occurred_at", ""))))

    def entries_of_period(self, period: Period, before: str = "") -> Iterator[Item]:
        """Yield the entries of the index `feeds` of the calls that began in a period and are final, newest first."""
        last = period[1] - timedelta(microseconds=1)  # a day that ends at midnight needs no query of the next one
        if before:
            last = min(last, datetime.fromisoformat(before.partition("#")[0]))
        day, first = last.astimezone(UTC).date(), period[0].astimezone(UTC).date()
        while day >= first:
            feed = feed_key(self.account, CALL, day.isoformat())
            yield from self._entries("feeds", feed, period, before)
            day -= timedelta(days=1)

    def entries_of_party(self, subject: str, period: Period, before: str = "") -> Iterator[Item]:
        """Yield the entries that lead from somebody to calls that have ended, newest first; `call` is each's id."""
        entries = self._entries("subjects", subject, period, before)
        return (entry for entry in entries if "call" in entry)

    def _entries(self, index: Index, key: str, period: Period, before: str = "") -> Iterator[Item]:
        start, end = rfc3339(period[0]), rfc3339(period[1])
        end = min(end, before) if before else end
        found = entries(self.client, self.table, index, key, start=start, end=end, page=self.page)
        return (entry for entry in found if entry["timeline_key"] != before)

    def _batch(self, keys: Sequence[str], attributes: Sequence[str]) -> dict[str, Item]:
        found: dict[str, Item] = {}
        wanted: dict[str, Any] = {"Keys": [{"event_id": {"S": key}} for key in keys]}
        if attributes:
            names = sorted({part for name in attributes for part in name.split(".")} | {"event_id"})
            placeholders = {name: f"#{at}" for at, name in enumerate(names)}
            paths = [".".join(placeholders[part] for part in name.split(".")) for name in ["event_id", *attributes]]
            wanted |= {
                "ProjectionExpression": ", ".join(paths),
                "ExpressionAttributeNames": {placeholder: name for name, placeholder in placeholders.items()},
            }
        asked: Any = {self.table: wanted}
        vain = 0
        while vain < BATCH_TRIES:
            answer = self.client.batch_get_item(RequestItems=asked)
            returned = answer["Responses"].get(self.table, [])
            for item in returned:
                found[item["event_id"]["S"]] = {name: plain(value) for name, value in item.items()}
            asked = answer.get("UnprocessedKeys")
            if not asked:
                return found
            vain = 0 if returned else vain + 1
            time.sleep(PAUSE * vain)
        raise StorageUnavailableError("DynamoDB did not return all items.")


def position(call: Call) -> str:
    """Return where a call stands among all others: the key by which indexes sort it."""
    return f"{call['started_at']}#{call['call']}"


def record(item: Mapping[str, Any]) -> Call:
    """Return the record in a call's item, with its numbers as integers."""
    return cast("Call", integers(item["payload"]))


def is_listed(call: Call) -> bool:
    """Tell whether a call stands for itself: one that was merged into another does not."""
    return "merged_into" not in call


def takes_part(call: Call, subject: str) -> bool:
    """Tell whether somebody is one of a call's parties, as the index has them once the call has ended."""
    return subject in parties(call)


def rfc3339(moment: datetime) -> str:
    """Return a time in UTC, as text."""
    return timestamp(moment.astimezone(UTC))


def integers(value: Any) -> Any:
    """Return a value as DynamoDB has it with whole numbers as integers, and others as floats."""
    match value:
        case str():
            return value
        case dict():
            return {name: integers(inner) for name, inner in value.items()}
        case list():
            return [integers(inner) for inner in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
    return value
