"""Listings of documents that Dash keeps in a database for each month (Kazoo, `crossbar_view:load_modb`).

A listing reads the databases of the months that the range touches, one after the other, each over the whole range. A
page begins in the first of them again, at its key. So where a database has entries of another month's time, a page can
repeat entries of the one before, or leave some out.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import dropwhile, islice, takewhile
from typing import Any

from simulator.attempts import UNIX_EPOCH_GREGORIAN
from simulator.paging import created_range, encode_key, page_size, start_key

AFTER_ALL: dict[str, Any] = {}  # sorts behind every number and text in a key

type Key = list[Any]


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of a listing: the month of its database, such as `202611`, the key it is sorted by, and itself."""

    month: str
    key: Key
    entry: Any


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, and the envelope's fields on paging."""

    entries: list[Any]
    paging: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """How a listing is asked for.

    Attributes:
        query: The query of the call.
        now: Gregorian seconds.
        limit: The system's own maximum of a page.
        prefix: What all keys begin with, before their time.
        default_range: The seconds of a range that names no beginning; None for the longest.
    """

    query: Mapping[str, str]
    now: int
    limit: int | None = None
    prefix: tuple[str, ...] = ()
    default_range: int | None = None

    @property
    def descending(self) -> bool:
        """Whether it begins with what is newest."""
        return self.query.get("ascending", "false") != "true"

    def read(self, rows: Iterable[Row]) -> Page:
        """Return the page that the query asks for.

        Raises:
            ApiError: 400 for a range or a page that the API refuses.
        """
        by_month: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_month[row.month].append(row)
        for found in by_month.values():
            found.sort(key=lambda row: _collated(row.key), reverse=self.descending)
        return self.read_sorted(sorted(by_month), lambda month, _: by_month[month])

    def read_sorted(self, months: Iterable[str], rows_from: Callable[[str, int], Iterable[Row]]) -> Page:
        """Return the page that the query asks for.

        Args:
            months: All months with a database.
            rows_from: Returns the rows of a month in the order of the listing. They need not begin before a second.

        Raises:
            ApiError: 400 for a range or a page that the API refuses.
        """
        default = {} if self.default_range is None else {"default": self.default_range}
        created_from, created_to = created_range(self.query, self.now, **default)
        ends: list[Key] = [[*self.prefix, created_from], [*self.prefix, created_to, AFTER_ALL]]
        first, last = reversed(ends) if self.descending else ends
        first = start_key(self.query, list) or first
        touched = [month for month in months if month_of(created_from) <= month <= month_of(created_to)]
        size = page_size(self.query, self.limit)
        found: list[Row] = []
        next_key: Key | None = None
        low, high = sorted((_collated(first), _collated(last)))
        for month in sorted(touched, reverse=self.descending):
            behind = dropwhile(lambda row: not low <= _collated(row.key) <= high, rows_from(month, _second(first)))
            within = takewhile(lambda row: low <= _collated(row.key) <= high, behind)
            left = size - len(found)
            window = list(islice(within, left + 1))
            found += window[:left]
            if len(window) > left:
                next_key = window[left].key
                break
        paging = {"start_key": encode_key(first), "page_size": len(found)}
        if next_key is not None:
            paging["next_start_key"] = encode_key(next_key)
        return Page([row.entry for row in found], paging)


def month_of(timestamp: int) -> str:
    """Return the month of gregorian seconds, such as `202611`."""
    return time.strftime("%Y%m", time.gmtime(timestamp - UNIX_EPOCH_GREGORIAN))


def _collated(key: Key) -> list[tuple[int, Any]]:
    """Return a key as what sorts like it in CouchDB: numbers before texts before objects."""
    return [(2, 0) if isinstance(part, dict) else (int(isinstance(part, str)), part) for part in key]


def _second(key: Key) -> int:
    return next((part for part in key if isinstance(part, int)), 0)
