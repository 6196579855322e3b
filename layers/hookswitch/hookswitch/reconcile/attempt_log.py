"""Dash's attempt log, read back: the deliveries that it gave up (docs/dash-protocol.md, section 5)."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hookswitch.dash.client import DashClient, Document
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.deliveries.delivery import FORM, MAX_BODY, Delivery
from hookswitch.errors import NoAttemptsError, TooManyError, UnknownWebhookError
from hookswitch.observability.log import logger
from hookswitch.payloads.base import GREGORIAN_EPOCH
from hookswitch.webhooks.ownership import Ownership

PAGE = 100  # entries that are asked for at once
LARGEST_PAGE = 6_400  # the same, for a second that has more entries than a page
MANY = 1_000  # entries of one range, above which a smaller range is to be read

JSON = "application/json"
KEPT_HEADERS = frozenset({"x-hook-id", "x-account-id", "content-type"})

_HOOK = re.compile(r"/hooks/([a-z_]+)/[^/]*$")
_WORD = re.compile(r"[a-z_]{1,40}")  # what follows may repeat an address, and what is in it


@dataclass(frozen=True, slots=True)
class Failure:
    """A delivery to one of our webhooks that Dash gave up.

    Attributes:
        hook: The hook that it was for, by its address.
        at: When Dash tried, the last time; Unix seconds.
        reason: What Dash met with, such as `answered 500` or `failed_connect`.
        delivery: The delivery as it would have arrived; None if the log does not have its body.
    """

    hook: str
    at: int
    reason: str
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Recognition:
    """Tells which attempts were deliveries to this stack.

    Attributes:
        ownership: Of the stack's webhooks; an address of theirs makes an attempt ours, whatever its token.
        webhook_ids: Ids of the webhooks that are there: what went to an address that they had before is ours too.
        account_id: The account whose attempts are read.
    """

    ownership: Ownership
    webhook_ids: Collection[str]
    account_id: str

    def failure(self, entry: Document, now: datetime) -> Failure | None:
        """Return what an attempt means to us; None if it is not ours, went well, or is going to be repeated.

        Args:
            entry: As the log has it.
            now: What becomes the time of receipt.
        """
        hook = self._hook(entry)
        if not hook or not is_final(entry):
            return None
        at = second_of(entry)
        return Failure(hook, at, _reason(entry), self._delivery(entry, hook, at, now))

    def _hook(self, entry: Document) -> str:
        uri = str(entry.get("uri") or "")
        hook = self.ownership.find_hook({"uri": uri})
        if not hook and entry.get("hook_id") in self.webhook_ids and (found := _HOOK.search(uri)):
            hook = found[1]
        return hook if hook in CATALOGUE else ""

    def _delivery(self, entry: Document, hook: str, at: int, now: datetime) -> Delivery | None:
        body = str(entry.get("req_body") or "").encode("utf-8", "replace")
        if not body:
            return None
        sent = {str(name).lower(): str(value) for name, value in (entry.get("req_headers") or {}).items()}
        headers = {"x-account-id": self.account_id} | {n: value for n, value in sent.items() if n in KEPT_HEADERS}
        return Delivery(
            hook=hook,
            received_at=now,
            content_type=headers.get("content-type") or (JSON if body.lstrip().startswith(b"{") else FORM),
            headers=headers,
            body=body[:MAX_BODY],
            body_size=len(body),
            body_sha256=hashlib.sha256(body).hexdigest(),
            attempted_at=datetime.fromtimestamp(at, UTC),
        )


def is_final(entry: Document) -> bool:
    """Tell whether an attempt failed and is not going to be repeated.

    Dash repeats nothing that was answered, whatever `retries_left` says; without an answer that field is a number
    as long as tries are left.
    """
    if entry.get("result") == "success":
        return False
    if entry.get("resp_status_code"):
        return True
    left = str(entry.get("retries_left", ""))
    return not left.isdecimal() or int(left) == 0


def second_of(entry: Document) -> int:
    """Return when an attempt was made, in Unix seconds."""
    return int(entry["timestamp"]) - GREGORIAN_EPOCH


class AttemptLog:
    """The attempts of an account's webhooks, a range of time at a time."""

    def __init__(self, client: DashClient, account_id: str, webhook_ids: Collection[str] = ()) -> None:
        """Read the attempts of an account; ids of webhooks help where a second can't be read as a whole."""
        self._client = client
        self._account_id = account_id
        self._webhook_ids = webhook_ids

    def between(self, start: int, end: int) -> list[Document]:
        """Return the attempts of a range, in Unix seconds with both ends in it, the oldest first, each once.

        Raises:
            NoAttemptsError: This Dash has none.
            TooManyError: There are more than `MANY`, and the range can be divided.
            DashError: They can't be read.
        """
        found: dict[str, Document] = {}
        key, seen = "", set[str]()
        while True:
            page, following = self._page(start, end, PAGE, key)
            _add(found, page)
            if not following or not page:
                break
            if len(found) > MANY and end > start:
                raise TooManyError("There are too many attempts for one range.")
            if following in seen:
                # More entries share a second than fit on a page: the key stands still there.
                end = min(second_of(entry) for entry in page)
                _add(found, self._second(end))
                key, seen, end = "", set(), end - 1
                if end < start:
                    break
                continue
            seen.add(following)
            key = following
        return sorted(found.values(), key=second_of)

    def _second(self, second: int) -> list[Document]:
        """Return all attempts of a second: with a page that is large enough, or webhook by webhook."""
        if (whole := self._large_page(second)) is not None:
            return whole
        parts = [self._large_page(second, webhook_id) for webhook_id in self._webhook_ids]
        if None in parts or not parts:
            logger.error("More attempts share a second than Dash shows.", extra={"second": second})
        return [entry for part in parts for entry in part or ()]

    def _large_page(self, second: int, webhook_id: str = "") -> list[Document] | None:
        size = PAGE * 4
        while size <= LARGEST_PAGE:
            page, following = self._page(second, second, size, webhook_id=webhook_id)
            if not following:
                return page
            if len(page) < size:
                return None  # this Dash has a limit of its own
            size *= 4
        return None

    def _page(self, start: int, end: int, size: int, key: str = "", webhook_id: str = "") -> tuple[list[Document], str]:
        bounds = {"created_from": start + GREGORIAN_EPOCH, "created_to": end + GREGORIAN_EPOCH, "page_size": size}
        more = {"start_key": key} if key else {}
        try:
            page, following = self._client.attempts(self._account_id, webhook_id, **bounds, **more)
        except UnknownWebhookError as error:
            if webhook_id:
                return [], ""
            raise NoAttemptsError(
                "This Dash keeps no log of attempts, so deliveries that fail can't be brought in."
            ) from error
        return [entry for entry in page if _has_time(entry)], following


def _add(found: dict[str, Document], page: list[Document]) -> None:
    # An entry has no id, and one on the border of two pages is on both.
    found |= {json.dumps(entry, sort_keys=True): entry for entry in page}


def _has_time(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("timestamp", "")).isdecimal()


def _reason(entry: Document) -> str:
    status = str(entry.get("resp_status_code") or "")
    if status.isdecimal():
        return f"answered {status}"
    error = _WORD.match(str(entry.get("client_error") or ""))
    return error[0] if error else "unknown"
