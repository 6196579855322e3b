"""Finds a stack's calls by whatever names them; hookswitch.calls.log reads those of a period or a number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from devtools.errors import LaptopError
from devtools.feeds import Feeds
from hookswitch.calls import log
from hookswitch.calls.items import call_id, leg_id
from hookswitch.calls.log import Item, Period
from hookswitch.calls.record import Call

MERGES = 20  # calls that became parts of others, followed from one to the next
SHORT = 6  # hexadecimal digits of a call's key that tables show
LOOKBACK = timedelta(days=400)  # in which a call is looked for by the beginning of its key
STRETCH = timedelta(days=20)  # that is looked at before going on to what is older
SHOWN_CANDIDATES = 5

_KEY = re.compile(r"(?:call-)?([0-9a-f]{32})(?:-\d{1,9})?", re.ASCII)
_BEGINNING = re.compile(r"(?:call-)?([0-9a-f]{4,31})", re.ASCII)


@dataclass(frozen=True)
class CallLog(log.CallLog):
    """The calls of one account, and how to find one."""

    @classmethod
    def of(cls, feeds: Feeds) -> Self:
        """Return the calls of the account whose feeds these are."""
        return cls(feeds.client, feeds.table, feeds.account)

    def find(self, text: str, period: Period | None = None) -> Call:
        """Return a call by what names it.

        Args:
            text: A call's key or the beginning of one, the id of its CloudEvent, the `call_id` of one of its legs, or
                the id of one of its events.
            period: Where to look for the beginning of a key; None for the last 400 days, in which the newest counts.

        Raises:
            LaptopError: There is no such call, or several calls begin like that.
        """
        call = self._by_key(text) or self._by_leg(self.account, text) or self._by_event(text)
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

    def _by_key(self, text: str) -> Call | None:
        key = _KEY.fullmatch(text.lower())
        return next(self.records([call_id(key[1])]), None) if key else None

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
            entries = (str(entry["event_id"]) for entry in self.entries_of_period(stretch))
            keys = [key for key in entries if key.startswith(started)]
            found |= {call["call"]: call for call in self.records(keys)}
            if len(found) > 1:
                raise LaptopError(_ambiguous(beginning, list(found.values())))
            if found:
                break
        return next(iter(found.values()), None)

    def _item(self, key: str) -> Item:
        return next(self.items([key]), {})


def _stretches(end: datetime) -> Iterator[Period]:
    oldest = end - LOOKBACK
    while end > oldest:
        yield end - STRETCH, end
        end -= STRETCH


def _ambiguous(beginning: str, found: list[Call]) -> str:
    some = "".join(f"\n  {call['call']}  {call['summary']}" for call in found[:SHOWN_CANDIDATES])
    return f"{len(found)} calls begin with {beginning}. Give more of the id, or the day as DAY=:{some}"
