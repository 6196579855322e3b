"""Dash's attempt log, a range of time at a time (docs/dash-protocol.md, section 5)."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from hookswitch.dash.client import DashClient, Document
from hookswitch.errors import NoAttemptsError, TooManyError, UnknownWebhookError
from hookswitch.observability.log import logger
from hookswitch.payloads.times import GREGORIAN_EPOCH

PAGE_SIZE = 100  # entries of a page
LARGEST_PAGE_SIZE = 6_400  # the same, for a second that has more entries than a page
MAX_ENTRIES = 1_000  # of one range, above which a smaller range has to be read


class AttemptLog:
    """The attempts of an account's webhooks."""

    def __init__(self, client: DashClient, account_id: str, webhook_ids: Collection[str] = ()) -> None:
        """Read the attempts of an account; ids of webhooks help where a second can't be read as a whole."""
        self._client = client
        self._account_id = account_id
        self._webhook_ids = webhook_ids

    def read(self, start: int, end: int) -> list[Document]:
        """Return the attempts of a range, in Unix seconds with both ends in it, the oldest first, each once.

        Raises:
            NoAttemptsError: This Dash has no attempt log.
            TooManyError: There are more than `MAX_ENTRIES`, and the range can be divided.
            DashError: They can't be read.
        """
        found: dict[str, Document] = {}
        key, seen = "", set[str]()
        while True:
            page, next_key = self._page(start, end, PAGE_SIZE, key)
            _add(found, page)
            if not next_key or not page:
                break
            if len(found) > MAX_ENTRIES and end > start:
                raise TooManyError("There are too many attempts for one range.")
            if next_key in seen:
                # More entries share a second than fit on a page: the key stands still there.
                end = min(attempted_at(entry) for entry in page)
                _add(found, self._second(end))
                key, seen, end = "", set(), end - 1
                if end < start:
                    break
                continue
            seen.add(next_key)
            key = next_key
        return sorted(found.values(), key=attempted_at)

    def _second(self, second: int) -> list[Document]:
        """Return all attempts of a second: with a page that is large enough, or webhook by webhook."""
        if (whole := self._large_page(second)) is not None:
            return whole
        parts = [self._large_page(second, webhook_id) for webhook_id in self._webhook_ids]
        if None in parts or not parts:
            logger.error("More attempts share a second than Dash shows.", extra={"second": second})
        return [entry for part in parts for entry in part or ()]

    def _large_page(self, second: int, webhook_id: str = "") -> list[Document] | None:
        size = PAGE_SIZE * 4
        while size <= LARGEST_PAGE_SIZE:
            page, next_key = self._page(second, second, size, webhook_id=webhook_id)
            if not next_key:
                return page
            if len(page) < size:
                return None  # this Dash has a limit of its own
            size *= 4
        return None

    def _page(self, start: int, end: int, size: int, key: str = "", webhook_id: str = "") -> tuple[list[Document], str]:
        bounds = {"created_from": start + GREGORIAN_EPOCH, "created_to": end + GREGORIAN_EPOCH, "page_size": size}
        more = {"start_key": key} if key else {}
        try:
            page, next_key = self._client.attempts(self._account_id, webhook_id, **bounds, **more)
        except UnknownWebhookError as error:
            if webhook_id:
                return [], ""
            raise NoAttemptsError(
                "This Dash keeps no attempt log, so deliveries that fail can't be recovered."
            ) from error
        return [entry for entry in page if _has_time(entry)], next_key


def attempted_at(entry: Document) -> int:
    """Return when an attempt was made, in Unix seconds."""
    return int(entry["timestamp"]) - GREGORIAN_EPOCH


def _add(found: dict[str, Document], page: list[Document]) -> None:
    # An entry has no id, and one on the boundary of two pages is on both.
    found |= {json.dumps(entry, sort_keys=True): entry for entry in page}


def _has_time(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("timestamp", "")).isdecimal()
