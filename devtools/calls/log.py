"""Reads a stack's calls by the keys of its table: those of a period, of a number, in progress, or a single one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import TYPE_CHECKING, Any, cast

from devtools.errors import LaptopError
from devtools.feeds import BATCH, Feeds, Item
from devtools.since import rfc3339
from hookswitch.calls.items import OPEN_FEED, call_id, leg_id, parties, party_key
from hookswitch.calls.record import Call
from hookswitch.events.attributes import plain
from hookswitch.events.envelope import CALL
from hookswitch.events.items import feed_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MERGES = 20  # calls that became parts of others, followed from one to the next
SHORT = 6  # hexadecimal digits of a call's key that tables show
LOOKBACK = timedelta(days=400)  # in which a call is looked for by the beginning of its key
STRETCH = timedelta(days=20)  # that is looked at before going on to what is older
SHOWN_CANDIDATES = 5

_KEY = re.compile(r"(?:call-)?([0-9a-f]{32})(?:-\d{1,9})?", re.ASCII)
_BEGINNING = re.compile(r"(?:call-)?([0-9a-f]{4,31})", re.ASCII)

type Period = tuple[datetime, datetime]
"""When it begins, and the first moment after it."""


@dataclass(frozen=True)
class CallLog:
    """The calls of one account.

    Attributes:
        feeds: The account's feeds.
    """

    feeds: Feeds

    def of_period(self, period: Period) -> Iterator[Call]:
        """Yield the calls that began in a period and are final, newest first."""
        return self._records(self._keys_of_period(period))

    def of_number(self, number: str, period: Period) -> Iterator[Call]:
        """Yield the calls that have ended and in which a number took part, in any role, newest first."""
        subject = party_key(self.feeds.account, "number", number)
        entries = self._query("subjects", "subject_key", subject, period)
        return self._records(call_id(str(entry["call"])) for entry in entries if "call" in entry)

    def not_final(self) -> list[Call]:
        """Return the calls in progress, and those that ended a moment ago and may still change, newest first."""
        always = (datetime(1970, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1))
        keys = (str(entry["event_id"]) for entry in self._query("feeds", "feed", OPEN_FEED, always))
        return [call for call in self._records(keys) if call["account_id"] == self.feeds.account]

    def find(self, text: str, period: Period | None = None) -> Call:
        """Return a call by what names it.

        Args:
            text: A call's key or the beginning of one, the id of its CloudEvent, the `call_id` of one of its legs, or
                the id of one of its events.
            period: Where to look for the beginning of a key; None for the last 400 days, in which the newest counts.

        Raises:
            LaptopError: There is no such call, or several calls begin like that.
        """
        call = self._by_key(text) or self._by_leg(self.feeds.account, text) or self._by_event(text)
        if call is None and (beginning := _BEGINNING.fullmatch(text.lower())):
            call = self._by_beginning(beginning[1], period)
        if call is None:
            raise LaptopError(
                f"There is no call {text}. `make calls` lists those of today, each with its id; ID= also takes the "
                "call_id of a leg. Calls of a descendant of the Dash account need ACCOUNT=<its id>."
            )
        return call

    def merged(self, call: Call) -> Call:
        """Return the call that a call turned out to be a part of, or else the call itself."""
        for _ in range(MERGES):
            if not (into := self._by_key(call.get("merged_into", ""))):
                break
            call = into
        return call

    def events(self, call: Call) -> list[Item]:
        """Return the events that a call was made from, oldest first; those that have expired are left out."""
        items = self.feeds.full([{"event_id": event_id} for event_id in dict.fromkeys(call["events"])])
        return sorted(items, key=lambda item: str(item.get("timeline_key", item.get("occurred_at", ""))))

    def _by_key(self, text: str) -> Call | None:
        key = _KEY.fullmatch(text.lower())
        return next(self._records([call_id(key[1])]), None) if key else None

    def _by_leg(self, account: str, leg: str) -> Call | None:
        item = self._item(leg_id(account, leg))
        return self._by_key(str(item.get("call", "")))

    def _by_event(self, text: str) -> Call | None:
        if not (key := _KEY.fullmatch(text.lower())):
            return None
        item = self._item(key[1])
        return self._by_leg(str(item.get("account_id", "")), str(item["call_id"])) if item.get("call_id") else None

    def _by_beginning(self, beginning: str, period: Period | None) -> Call | None:
        started = call_id(beginning)
        found = {call["call"]: call for call in self.not_final() if call["call"].startswith(beginning)}
        for stretch in [period] if period else _stretches(datetime.now(UTC) + timedelta(days=1)):
            keys = [key for key in self._keys_of_period(stretch) if key.startswith(started)]
            found |= {call["call"]: call for call in self._records(keys)}
            if len(found) > 1:
                raise LaptopError(_ambiguous(beginning, list(found.values())))
            if found:
                break
        return next(iter(found.values()), None)

    def _item(self, key: str) -> Item:
        return next(self.feeds.full([{"event_id": key}]), {})

    def _records(self, keys: Iterable[str]) -> Iterator[Call]:
        for some in batched(keys, BATCH, strict=False):
            for item in self.feeds.full([{"event_id": key} for key in dict.fromkeys(some)]):
                if "payload" in item:
                    yield record(item)

    def _keys_of_period(self, period: Period) -> Iterator[str]:
        day, first = period[1].astimezone(UTC).date(), period[0].astimezone(UTC).date()
        while day >= first:
            feed = feed_key(self.feeds.account, CALL, day.isoformat())
            for entry in self._query("feeds", "feed", feed, period):
                yield str(entry["event_id"])
            day -= timedelta(days=1)

    def _query(self, index: str, attribute: str, key: str, period: Period) -> Iterator[Item]:
        client: DynamoDBClient = self.feeds.client
        pages = client.get_paginator("query").paginate(
            TableName=self.feeds.table,
            IndexName=index,
            # A timeline key begins with the time, and is longer than it.
            KeyConditionExpression=f"{attribute} = :key AND timeline_key BETWEEN :start AND :end",
            ExpressionAttributeValues={
                ":key": {"S": key},
                ":start": {"S": rfc3339(period[0])},
                ":end": {"S": rfc3339(period[1])},
            },
            ScanIndexForward=False,
        )
        for page in pages:
            for item in page["Items"]:
                yield {name: plain(value) for name, value in item.items()}


def record(item: Mapping[str, Any]) -> Call:
    """Return the record in a call's item, with its numbers as integers."""
    return cast("Call", _integers(item["payload"]))


def is_listed(call: Call) -> bool:
    """Tell whether a call stands for itself: one that was merged into another does not."""
    return "merged_into" not in call


def takes_part(call: Call, number: str) -> bool:
    """Tell whether a number is one of a call's parties, as the index has them once the call has ended."""
    return party_key(call["account_id"], "number", number) in parties(call)


def _integers(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value)
        case Mapping():
            return {name: _integers(inner) for name, inner in value.items()}
        case list():
            return [_integers(inner) for inner in value]
    return value


def _stretches(end: datetime) -> Iterator[Period]:
    oldest = end - LOOKBACK
    while end > oldest:
        yield end - STRETCH, end
        end -= STRETCH


def _ambiguous(beginning: str, found: list[Call]) -> str:
    some = "".join(f"\n  {call['call']}  {call['summary']}" for call in found[:SHOWN_CANDIDATES])
    return f"{len(found)} calls begin with {beginning}. Give more of the id, or the day as DAY=:{some}"
