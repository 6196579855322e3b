"""The API's CDRs (Kazoo, `cb_cdrs`; docs/dash-protocol.md, section 5)."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.attempts import gregorian
from simulator.cdrs import listed
from simulator.dash import Dash
from simulator.envelope import Answer, ApiError, Call, bad_identifier, forbidden, invalid_method
from simulator.months import Listing, Page, Row, month_of
from simulator.paging import page_size
from simulator.records import Record

DOCUMENT_ID = re.compile(r"\d{6}-.")
INTERACTION_ID = re.compile(r"(\d{11})-.")


class Cdrs:
    """Everything below `/accounts/{account_id}/cdrs`, and `/accounts/{account_id}/users/{user_id}/cdrs`."""

    def __init__(self, dash: Dash) -> None:
        self._dash = dash

    def answer(self, call: Call, account_id: str, path: Sequence[str], owner_id: str | None = None) -> Answer:
        """Answer a call that is authorized.

        Args:
            call: The call.
            account_id: The account.
            path: What follows `cdrs`.
            owner_id: The user whose legs are asked for; None for those of all.

        Raises:
            ApiError: Whatever the API refuses: 403 or 404 where it is not open.
        """
        if call.method != "GET":
            raise invalid_method()
        match path:
            case []:
                refuse_closed(self._dash, account_id, "cdrs")
                return self._list(call, account_id, owner_id)
            case ["interaction"] if not self._dash.legacy:
                refuse_closed(self._dash, account_id, "cdrs", "cdrs/interaction")
                return self._interactions(call, account_id, owner_id)
            case ["legs", found_id] if owner_id is None and not self._dash.legacy:
                refuse_closed(self._dash, account_id, "cdrs", "cdrs/legs")
                return self._legs(call, account_id, found_id)
            case [cdr_id] if owner_id is None:
                refuse_closed(self._dash, account_id, "cdrs", "cdrs/document")
                return Answer(self._one(account_id, cdr_id, "could not find cdr with supplied id"))
        raise bad_identifier(path[-1])

    def _list(self, call: Call, account_id: str, owner_id: str | None) -> Answer:
        listing, records, now = self._listing(call, owner_id), self._dash.records, self._dash.clock()

        def rows_from(month: str, second: int) -> Iterator[Row]:
            for record in records.walk("cdrs", account_id, month, now, second=second, descending=listing.descending):
                if _is_of(record, owner_id):
                    key = [record.created] if self._dash.legacy else [record.created, record.document["id"]]
                    yield _row(record, key, owner_id)

        return self._listed(listing.read_sorted(records.months("cdrs", account_id), rows_from))

    def _interactions(self, call: Call, account_id: str, owner_id: str | None) -> Answer:
        """List the first leg of each call, by the time at which the call began."""
        calls: dict[str, list[Record]] = {}
        for record in self._read(account_id, owner_id):
            calls.setdefault(f"{record.month} {record.document['interaction_id']}", []).append(record)
        rows = []
        for legs in calls.values():
            first = min(legs, key=_began)
            key = [int(first.document["interaction_time"]), first.document["interaction_key"]]
            rows.append(_row(first, key, owner_id))
        return self._listed(self._listing(call, owner_id).read(rows))

    def _legs(self, call: Call, account_id: str, found_id: str) -> Answer:
        if DOCUMENT_ID.match(found_id):
            found_id = self._one(account_id, found_id, "could not find legs for supplied id")["interaction_id"]
        found = INTERACTION_ID.match(found_id)
        if not found:
            raise bad_identifier(found_id)
        legs = [it for it in self._read(account_id) if it.document["interaction_id"] == found_id]
        in_month = [it for it in legs if it.month == month_of(int(found[1]))]
        size = page_size(call.query, self._dash.page_limit)
        documents = [it.document for it in sorted(in_month, key=_began)][:size]
        return Answer(documents, paging={"page_size": len(documents)})

    def _one(self, account_id: str, cdr_id: str, unknown: str) -> dict[str, Any]:
        if not DOCUMENT_ID.match(cdr_id):
            raise ApiError(404, unknown)
        record = self._dash.records.one("cdrs", account_id, cdr_id, self._dash.clock())
        if record is None:
            raise bad_identifier(cdr_id)
        return record.document

    def _read(self, account_id: str, owner_id: str | None = None) -> list[Record]:
        found = self._dash.records.all("cdrs", account_id, self._dash.clock())
        return [record for record in found if _is_of(record, owner_id)]

    def _listing(self, call: Call, owner_id: str | None) -> Listing:
        prefix = (owner_id,) if owner_id else ()
        return Listing(query=call.query, now=gregorian(self._dash.clock()), limit=self._dash.page_limit, prefix=prefix)

    def _listed(self, page: Page) -> Answer:
        # The API sends these listings in chunks, and what follows the last one are texts, if there was any at all.
        paging = {name: str(value) for name, value in page.paging.items()} if page.entries else {}
        return Answer([listed(it, is_older=self._dash.legacy) for it in page.entries], paging=paging)


def refuse_closed(dash: Dash, account_id: str, *names: str) -> None:
    """Refuse a call for what the API does not open.

    Args:
        dash: The system.
        account_id: The account.
        names: What is asked for, as in `Records.closed`.

    Raises:
        ApiError: 403 or 404.
    """
    match dash.records.closed_with(account_id, *names):
        case None:
            return
        case 404:
            raise bad_identifier(names[0])
        case _:
            raise forbidden()


def _is_of(record: Record, owner_id: str | None) -> bool:
    return owner_id in {None, record.document["custom_channel_vars"].get("owner_id")}


def _row(record: Record, key: list[Any], owner_id: str | None) -> Row:
    return Row(record.month, [owner_id, *key] if owner_id else key, record.document)


def _began(record: Record) -> tuple[int, str]:
    return int(record.document["channel_created_time"]), str(record.document["id"])
