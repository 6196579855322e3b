"""The kinds of records that are compared: legs of calls, messages in mailboxes, and sent faxes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from hookswitch.dash.history import DashHistory, Listing
from hookswitch.errors import UnusableError
from hookswitch.events.event import event_key
from hookswitch.observability.log import logger
from hookswitch.reconcile.accounting.index import EventIndex
from hookswitch.reconcile.accounting.listing import Reader
from hookswitch.reconcile.cdr import Cdr
from hookswitch.reconcile.fax import Fax
from hookswitch.reconcile.voicemail_message import VoicemailMessage

LEG_HOOK, VOICEMAIL_HOOK = "channel_destroy", "voicemail_new"
FAX_HOOKS = ("outbound_fax", "outbound_fax_error")
FAX_LASTS = 7_200  # seconds that sending a fax may take, with all attempts: listings go by when it was handed in
MAX_REFUSALS = 3  # documents in a row that Dash does not show, before listings have to do


@dataclass(frozen=True, slots=True)
class Entry:
    """One of Dash's records.

    Attributes:
        id: Its id on Dash.
        at: When it happened, in Unix seconds.
        hook: The hook that its event is of.
        account_id: The account that it is of.
        record: The record, as its listing or its document tells it.
        row: The record in its listing.
    """

    id: str
    at: int
    hook: str
    account_id: str
    record: Cdr | VoicemailMessage | Fax
    row: Any


class Kind(Protocol):
    """A kind of records.

    Attributes:
        name: Its name in the state and in reports.
        listing: Where Dash lists it.
        hooks: The hooks of its events; it is compared if the stack registers one of them.
        title: Its name for people.
    """

    name: ClassVar[str]
    listing: ClassVar[Listing]
    hooks: ClassVar[tuple[str, ...]]
    title: ClassVar[str]

    def read(self, reader: Reader, account_id: str, start: int, end: int) -> list[Entry]:
        """Return the records of a range, each once."""

    def here(self, index: EventIndex, account_id: str, entries: Sequence[Entry]) -> set[str]:
        """Return the ids of the records whose events are in the table."""

    def complete(self, history: DashHistory, entries: Sequence[Entry]) -> Iterator[Entry]:
        """Yield records with everything that Dash tells of them, as far as it shows that."""


@dataclass(slots=True)
class Legs:
    """Legs of calls, from their CDRs.

    Attributes:
        includes_internal: Whether their webhook tells of legs within the phone system.
        ignored: The time of legs within the phone system of which their webhook does not tell, by the id of the CDR.
    """

    name: ClassVar[str] = "legs"
    listing: ClassVar[Listing] = "cdrs"
    hooks: ClassVar[tuple[str, ...]] = (LEG_HOOK,)
    title: ClassVar[str] = "call detail records"

    includes_internal: bool = True
    ignored: dict[str, int] = field(default_factory=dict)
    _shows_calls: bool = True
    _refusals: int = 0

    def read(self, reader: Reader, account_id: str, start: int, end: int) -> list[Entry]:
        """Return the legs of a range, each once, without ignored ones."""
        rows = [*reader.read(self.listing, account_id, start, end), *reader.read_border(account_id, start, end)]
        entries = _parsed(rows, lambda row: self._entry(Cdr.from_row(account_id, row), row))
        return [entry for entry in entries if entry.id not in self.ignored]

    def here(self, index: EventIndex, account_id: str, entries: Sequence[Entry]) -> set[str]:
        """Return the ids of the legs whose end is in the table.

        The feeds tell nearly all of them with few requests. Those that they don't tell, or not for certain, are looked
        up one by one.
        """
        found = {
            event["subject"]["S"]
            for event in index.feed(account_id, LEG_HOOK, (entry.at for entry in entries))
            if "subject" in event and _tells_an_end(event["summary"]["S"])
        }
        return {entry.id for entry in entries if f"call/{_leg(entry)}" in found or index.has_end(_leg(entry), LEG_HOOK)}

    def complete(self, history: DashHistory, entries: Sequence[Entry]) -> Iterator[Entry]:
        """Yield legs as their documents tell them; those of one call are read at once.

        Legs that their webhook does not tell of are left out, and remembered.
        """
        by_call: dict[str, list[Entry]] = {}
        for entry in entries:
            by_call.setdefault(_interaction(entry) or entry.id, []).append(entry)
        for interaction_id, legs in by_call.items():
            documents = self._read_call(history, interaction_id, legs)
            for entry in legs:
                document = documents.get(entry.id) or self._read_leg(history, entry)
                whole = self._whole(entry, document) if document else entry
                if self.includes_internal or not _is_internal(whole):
                    yield whole
                else:
                    self.ignored[entry.id] = entry.at

    def _read_call(self, history: DashHistory, interaction_id: str, legs: Sequence[Entry]) -> Mapping[str, Any]:
        if len(legs) == 1 or not self._shows_calls or not _interaction(legs[0]):
            return {}
        documents = history.legs(legs[0].account_id, interaction_id)
        self._shows_calls = bool(documents)
        return {str(it.get("id")): it for it in documents if isinstance(it, dict)}

    def _read_leg(self, history: DashHistory, entry: Entry) -> Mapping[str, Any] | None:
        if self._refusals >= MAX_REFUSALS:
            return None
        document = history.document(self.listing, entry.account_id, entry.id)
        self._refusals = 0 if document else self._refusals + 1
        return document

    def _whole(self, entry: Entry, document: Mapping[str, Any]) -> Entry:
        try:
            return self._entry(Cdr.from_document(entry.account_id, document), entry.row)
        except UnusableError as error:
            logger.warning("A document of Dash is unusable, so its listing has to do. %s", error)
            return entry

    @staticmethod
    def _entry(cdr: Cdr, row: object) -> Entry:
        return Entry(cdr.id or cdr.call_id, cdr.ended_at, LEG_HOOK, cdr.account_id, cdr, row)


@dataclass(slots=True)
class Voicemails:
    """Messages that callers left, from the voicemail boxes."""

    name: ClassVar[str] = "voicemails"
    listing: ClassVar[Listing] = "vmboxes/messages"
    hooks: ClassVar[tuple[str, ...]] = (VOICEMAIL_HOOK,)
    title: ClassVar[str] = "messages of voicemail boxes"

    def read(self, reader: Reader, account_id: str, start: int, end: int) -> list[Entry]:
        """Return the messages that were left in a range, each once."""
        return _parsed(reader.read(self.listing, account_id, start, end), lambda row: self._entry(account_id, row))

    def here(self, index: EventIndex, account_id: str, entries: Sequence[Entry]) -> set[str]:
        """Return the ids of the messages whose events are in the table. Their keys are made of these ids alone."""
        times = (entry.at for entry in entries)
        keys = {event["event_id"]["S"] for event in index.feed(account_id, VOICEMAIL_HOOK, times)}
        return {entry.id for entry in entries if event_key(VOICEMAIL_HOOK, entry.id) in keys}

    def complete(self, history: DashHistory, entries: Sequence[Entry]) -> Iterator[Entry]:
        """Yield the messages as they are: the listing tells everything."""
        del history
        yield from entries

    @staticmethod
    def _entry(account_id: str, row: object) -> Entry:
        message = VoicemailMessage.from_row(account_id, row)
        return Entry(message.media_id, message.left_at, VOICEMAIL_HOOK, account_id, message, row)


@dataclass(slots=True)
class Faxes:
    """Faxes that were sent, or failed for good. Received ones have no hook of their own."""

    name: ClassVar[str] = "faxes"
    listing: ClassVar[Listing] = "faxes/outbox"
    hooks: ClassVar[tuple[str, ...]] = FAX_HOOKS
    title: ClassVar[str] = "sent faxes"

    registered: frozenset[str] = frozenset(FAX_HOOKS)
    """Those of the hooks that the stack registers."""

    def read(self, reader: Reader, account_id: str, start: int, end: int) -> list[Entry]:
        """Return the faxes of a range that have ended, each once."""
        rows = reader.read(self.listing, account_id, start - FAX_LASTS, end)
        ended = [row for row in rows if isinstance(row, dict) and row.get("status") in {"completed", "failed"}]
        entries = _parsed(ended, lambda row: self._entry(Fax.from_row(account_id, "outbox", row), row))
        return [entry for entry in entries if entry.hook in self.registered]

    def here(self, index: EventIndex, account_id: str, entries: Sequence[Entry]) -> set[str]:
        """Return the ids of the faxes whose outcome is in the table, whatever time it has there."""
        found = {
            (hook, event["subject"]["S"])
            for hook in {entry.hook for entry in entries}
            for event in index.feed(account_id, hook, (entry.at for entry in entries if entry.hook == hook))
            if "subject" in event
        }
        return {
            entry.id
            for entry in entries
            if (entry.hook, f"fax/{entry.id}") in found or index.has_subject(f"fax/{entry.id}", entry.hook)
        }

    def complete(self, history: DashHistory, entries: Sequence[Entry]) -> Iterator[Entry]:
        """Yield faxes as their documents tell them."""
        for entry in entries:
            document = history.document(self.listing, entry.account_id, entry.id)
            yield self._entry(Fax.from_row(entry.account_id, "outbox", entry.row, document), entry.row)

    @staticmethod
    def _entry(fax: Fax, row: object) -> Entry:
        return Entry(fax.id, fax.at, fax.hook, fax.account_id, fax, row)


def _parsed(rows: Sequence[Any], parse: Callable[[Any], Entry]) -> list[Entry]:
    """Return the entries in rows, each once; a row that is none is logged and left out."""
    entries: dict[str, Entry] = {}
    for row in rows:
        try:
            entry = parse(row)
        except UnusableError as error:
            logger.warning("A record of Dash is unusable. %s", error)
            continue
        entries.setdefault(entry.id, entry)
    return list(entries.values())


def _leg(entry: Entry) -> str:
    return entry.record.call_id or ""


def _interaction(entry: Entry) -> str | None:
    return entry.record.interaction_id if isinstance(entry.record, Cdr) else None


def _is_internal(entry: Entry) -> bool:
    return isinstance(entry.record, Cdr) and bool(entry.record.is_internal_leg)


def _tells_an_end(summary: str) -> bool:
    """Tell whether the summary of a `channel_destroy` says for certain how the leg ended.

    That of a leg whose media server was lost says nothing after *ended*.
    """
    return summary.endswith((" s", ")"))
