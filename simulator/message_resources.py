"""The API's voicemail messages and faxes (Kazoo, `cb_vmboxes` and `cb_faxes`; docs/dash-protocol.md, section 5)."""

from collections.abc import Sequence
from typing import Any

from simulator.attempts import gregorian
from simulator.cdr_resources import refuse_closed
from simulator.dash import Dash
from simulator.envelope import Answer, ApiError, Call, bad_identifier, invalid_method
from simulator.messages import listed_message, whole_message
from simulator.months import Listing, Row
from simulator.records import Record

RETENTION = 28 * 24 * 3600  # seconds: the range of messages that names no beginning
FOLDERS = ("inbox", "outbox")


class VoicemailBoxes:
    """The messages below `/accounts/{account_id}/vmboxes`."""

    def __init__(self, dash: Dash) -> None:
        self._dash = dash

    def answer(self, call: Call, account_id: str, path: Sequence[str]) -> Answer:
        """Answer a call that is authorized.

        Raises:
            ApiError: Whatever the API refuses: 403 or 404 where it is not open.
        """
        _refuse_unserved(self._dash, call, account_id, "vmboxes", path)
        match path:
            case ["messages"]:
                return self._list(call, account_id, None)
            case [box_id, "messages"]:
                return self._list(call, account_id, box_id)
            case [box_id, "messages", message_id]:
                found = self._dash.records.one("messages", account_id, message_id, self._dash.clock())
                if found and found.document.get("source_id") == box_id:
                    return Answer(whole_message(found.document))
        raise _unknown("vmboxes", path)

    def _list(self, call: Call, account_id: str, box_id: str | None) -> Answer:
        rows = []
        for record in self._dash.records.all("messages", account_id, self._dash.clock()):
            box, timestamp = record.document.get("source_id", ""), record.document["timestamp"]
            entry = listed_message(record.document)
            if box_id is None:
                rows.append(Row(record.month, [timestamp, box], {box: entry}))
            elif box == box_id:
                rows.append(Row(record.month, [box, timestamp], entry))
        return _read(self._dash, call, rows, (box_id,) if box_id else (), RETENTION)


class Faxes:
    """The faxes below `/accounts/{account_id}/faxes`."""

    def __init__(self, dash: Dash) -> None:
        self._dash = dash

    def answer(self, call: Call, account_id: str, path: Sequence[str]) -> Answer:
        """Answer a call that is authorized.

        Raises:
            ApiError: Whatever the API refuses: 403 or 404 where it is not open.
        """
        _refuse_unserved(self._dash, call, account_id, "faxes", path)
        match path:
            case [folder] if folder in FOLDERS:
                rows = [
                    Row(it.month, [folder, it.created, it.document["id"]], it.document)
                    for it in self._read(account_id, folder)
                ]
                return _read(self._dash, call, rows, (folder,))
            case [folder, fax_id] if folder in FOLDERS:
                for record in self._read(account_id, folder):
                    if record.document["id"] == fax_id:
                        return Answer(record.document)
        raise _unknown("faxes", path)

    def _read(self, account_id: str, folder: str) -> list[Record]:
        found = self._dash.records.all("faxes", account_id, self._dash.clock())
        return [record for record in found if record.document["folder"] == folder]


def _refuse_unserved(dash: Dash, call: Call, account_id: str, resource: str, path: Sequence[str]) -> None:
    """Refuse what is no GET, what an older system lacks, and what the API does not open."""
    if call.method != "GET":
        raise invalid_method()
    if dash.legacy:
        raise _unknown(resource, path)
    refuse_closed(dash, account_id, resource)


def _unknown(resource: str, path: Sequence[str]) -> ApiError:
    return bad_identifier(path[-1] if path else resource)


def _read(dash: Dash, call: Call, rows: list[Row], prefix: tuple[str, ...], default_range: int | None = None) -> Answer:
    listing = Listing(
        query=call.query,
        now=gregorian(dash.clock()),
        limit=dash.page_limit,
        prefix=prefix,
        default_range=default_range,
    )
    page = listing.read(rows)
    entries: list[Any] = page.entries
    return Answer(entries, paging=page.paging)
