"""Listings of documents that Dash keeps in a database for each month (Kazoo, `crossbar_view:load_modb`).

A listing reads the databases of the months that the range touches, one after the other, each over the whole range. A
page begins in the first of them again, at its key. So where a database has entries of another month's time, a page can
repeat entries of the one before, or leave some out.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
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

    def read(self, rows: Iterable[Row]) -> Page:
        """Return the page that the query asks for, newest first unless it asks for `ascending`.

        Raises:
            ApiError: 400 for a range or a page that the API refuses.
        """
        default = {} if self.default_range is None else {"default": self.default_range}
        created_from, created_to = created_range(self.query, self.now, **default)
        descending = self.query.get("ascending", "false") != "true"
        ends: list[Key] = [[*self.prefix, created_from], [*self.prefix, created_to, AFTER_ALL]]
        first, last = reversed(ends) if descending else ends
        first = start_key(self.query, list) or first
        size = page_size(self.query, self.limit)
        by_month: dict[str, list[Row]] = {}
        for row in rows:
            if month_of(created_from) <= row.month <= month_of(created_to):
                by_month.setdefault(row.month, []).append(row)
        found: list[Row] = []
        next_key: Key | None = None
        low, high = sorted((_collated(first), _collated(last)))
        for month in sorted(by_month, reverse=descending):
            keyed = [(_collated(row.key), row) for row in by_month[month]]
            window = [(key, row) for key, row in keyed if low <= key <= high]
            window.sort(key=itemgetter(0), reverse=descending)
            left = size - len(found)
            found += [row for _, row in window[:left]]
            if len(window) > left:
                next_key = window[left][1].key
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
