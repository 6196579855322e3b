"""What Dash remembers of the calls of an account, whether a webhook was enabled or not."""

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator import cdrs, messages
from simulator.attempts import gregorian
from simulator.months import month_of
from simulator.steps import LegFacts

type Kind = Literal["cdrs", "messages", "faxes"]
type Document = dict[str, Any]
type Seconds = float | Callable[[Document], float]

DELAY = 1.0
VOICEMAIL = "voicemail_new"


@dataclass(frozen=True, slots=True)
class Record:
    """A document.

    Attributes:
        month: The database that it is in, such as `202611`.
        created: Gregorian seconds at which it was written. Listings of CDRs and faxes are sorted by this.
        visible: Unix seconds from which on it can be read.
        document: The document, with its `id`.
    """

    month: str
    created: int
    visible: float
    document: Document


@dataclass(kw_only=True)
class Records:
    """The records of all accounts of a system. Thread-safe.

    Each setting can be changed at any time, and holds for what happens from then on; `closed` holds at once.

    Attributes:
        delay: Seconds from the end of a leg until its CDR is written, or a function of the document that gives them.
        lag: Seconds from then on until it can be read, in the same way. Its place in a listing doesn't tell of these.
        filed_by: Which time decides on the id and the database of a CDR: that at which the call, the *interaction*,
            began (as in 4.3 and newer), or that at which the leg ended (as in 3.22). By default it depends on `legacy`.
        skips_loopbacks: Leave out internal legs that end normally, as a system does on which loopbacks bow out.
        closed: The status, 403 or 404, of what the API does not open: `cdrs`, or only `cdrs/document`,
            `cdrs/interaction` or `cdrs/legs`; `vmboxes`; `faxes`. With an account's id and a slash before it, it is
            for that account.
        legacy: Write CDRs as an older system does.
    """

    delay: Seconds = DELAY
    lag: Seconds = 0.0
    filed_by: Literal["interaction", "end"] | None = None
    skips_loopbacks: bool = False
    closed: dict[str, int] = field(default_factory=dict)
    legacy: bool = False
    _records: defaultdict[tuple[Kind, str], dict[str, Record]] = field(
        default_factory=lambda: defaultdict(dict), init=False, repr=False
    )
    _order: defaultdict[tuple[Kind, str], dict[str, list[tuple[int, str]]]] = field(
        default_factory=lambda: defaultdict(dict), init=False, repr=False
    )
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def note(self, account_id: str, hook: str, event: Mapping[str, Any], leg: LegFacts | None, now: float) -> None:
        """Write what the system remembers of an event, if it is of a kind that it remembers.

        Args:
            account_id: The account of the event.
            hook: The event's hook.
            event: Its payload.
            leg: What the payload does not tell of its leg.
            now: Unix seconds.
        """
        name = event.get("event_name", hook)
        if hook == "channel_destroy" and cdrs.is_end(event):
            self._add_cdr(account_id, cdrs.document(account_id, event, leg, now))
        elif name == VOICEMAIL and "voicemail_id" in event:
            document = messages.message(event, now)
            self._add("messages", account_id, document, document["timestamp"])
        elif name in messages.FAX_EVENTS and "fax_id" in event:
            document = messages.fax(event, leg, now)
            self._add("faxes", account_id, document, document["created"])

    def all(self, kind: Kind, account_id: str, now: float) -> list[Record]:
        """Return all documents of a kind in an account that can be read at a time in Unix seconds."""
        with self._lock:
            return [it for it in self._records[kind, account_id].values() if it.visible <= now]

    def months(self, kind: Kind, account_id: str) -> list[str]:
        """Return the months that an account has documents of a kind in."""
        with self._lock:
            return sorted(self._order[kind, account_id])

    def walk(
        self, kind: Kind, account_id: str, month: str, now: float, *, second: int, descending: bool
    ) -> Iterator[Record]:
        """Yield what `all` returns of one month, by time and id, beginning at a second in gregorian seconds."""
        with self._lock:
            order = self._order[kind, account_id].get(month, [])
            at = bisect_left(order, (second + descending, ""))
            keys = order[:at][::-1] if descending else order[at:]
            records = self._records[kind, account_id]
        for _, document_id in keys:
            if (record := records[document_id]).visible <= now:
                yield record

    def one(self, kind: Kind, account_id: str, document_id: str, now: float) -> Record | None:
        """Return a document of an account, if it can be read at a time in Unix seconds."""
        with self._lock:
            found = self._records[kind, account_id].get(document_id)
        return found if found and found.visible <= now else None

    def closed_with(self, account_id: str, *names: str) -> int | None:
        """Return the status with which the API refuses the first of these that it does not open, if there is one."""
        keys = [key for name in names for key in (f"{account_id}/{name}", name)]
        return next((self.closed[key] for key in keys if key in self.closed), None)

    def _add_cdr(self, account_id: str, document: Document) -> None:
        if self.skips_loopbacks and document.get("channel_is_loopback") and _ended_normally(document):
            return
        ended = document["timestamp"]
        filed_by = self.filed_by or ("end" if self.legacy else "interaction")
        month = month_of(document["interaction_time"] if filed_by == "interaction" else ended)
        document = {"id": f"{month}-{document['call_id']}"} | document
        created = ended + round(_seconds(self.delay, document))
        visible = created + _seconds(self.lag, document) - gregorian(0)
        stored = cdrs.older(document) if self.legacy else document
        self._store("cdrs", account_id, Record(month, created, visible, stored))

    def _add(self, kind: Kind, account_id: str, document: Document, created: int) -> None:
        """Add a document that Dash writes before it tells of it."""
        self._store(kind, account_id, Record(month_of(created), created, 0.0, document))

    def _store(self, kind: Kind, account_id: str, record: Record) -> None:
        """Add a document, unless there is one with its id."""
        document_id = record.document["id"]
        with self._lock:
            if document_id not in self._records[kind, account_id]:
                self._records[kind, account_id][document_id] = record
                insort(self._order[kind, account_id].setdefault(record.month, []), (record.created, document_id))


def some(share: float, seconds: float, *, otherwise: float = DELAY) -> Callable[[Document], float]:
    """Return a delay or lag that a share of the documents has, the same ones in every run.

    Args:
        share: Between 0 and 1.
        seconds: The delay of these.
        otherwise: The delay of all others.
    """
    return lambda document: seconds if _fraction(str(document["id"])) < share else otherwise


def _fraction(text: str) -> float:
    return cdrs.digest(text) / 2**32


def _seconds(seconds: Seconds, document: Document) -> float:
    return seconds(document) if callable(seconds) else seconds


def _ended_normally(document: Document) -> bool:
    return str(document.get("hangup_cause", "NORMAL")).startswith("NORMAL")
