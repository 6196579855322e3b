"""What Dash keeps of calls, messages and faxes, whether or not a webhook told of them (docs/dash-protocol.md).

Whether the API opens it depends on the system and on the account: see NotOpenError.
"""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, urlencode

from hookswitch.dash.client import DashClient
from hookswitch.dash.pace import Pace
from hookswitch.errors import AccountError, DashError, NotOpenError, RateLimitedError, UnknownWebhookError
from hookswitch.payloads.times import GREGORIAN_EPOCH

RATE_LIMIT_TRIES = 6
RATE_LIMIT_SECONDS = 5.0  # between two of them
LEGS_OF_A_CALL = 500  # documents to ask for at once

type Listing = Literal["cdrs", "vmboxes/messages", "faxes/outbox"]
type Page = tuple[list[Any], str]
"""The entries of a page, and the key of the next page; empty after the last one."""


class DashHistory:
    """Reads what one Dash keeps, within its rate limit."""

    def __init__(self, client: DashClient, pace: Pace | None = None) -> None:
        """Use a client.

        Args:
            client: A client of the accounts' Dash.
            pace: Spaces the calls out.
        """
        self.calls = 0
        self._client, self._pace = client, pace or Pace()

    @property
    def clock_ahead(self) -> float:
        """By how many seconds Dash's clock is ahead of ours, as its last response says."""
        return self._client.clock_ahead

    def page(  # noqa: PLR0913 - the parts of a query
        self,
        listing: Listing,
        account_id: str,
        start: int,
        end: int,
        *,
        size: int,
        key: str = "",
        oldest_first: bool = False,
    ) -> Page:
        """Return a page of what was written in a range of time.

        A CDR is written when its leg has ended, or later. It is filed under the month in which the call began, and a
        listing reads the months that its range touches, one after the other.

        Args:
            listing: What to list.
            account_id: The account.
            start: The first second, in Unix seconds of Dash's clock.
            end: The last one; Dash takes 31 days at most.
            size: How many entries to ask for; Dash may have a limit of its own.
            key: The key of the page; empty for the first one.
            oldest_first: Begin with the oldest month and entry, instead of the newest.

        Raises:
            NotOpenError: The API does not open this listing for the account.
            DashError: It can't be read.
        """
        query: dict[str, object] = {
            "created_from": start + GREGORIAN_EPOCH,
            "created_to": end + GREGORIAN_EPOCH,
            "page_size": size,
            **({"start_key": key} if key else {}),
            **({"ascending": "true"} if oldest_first else {}),
        }
        envelope = self._get(account_id, f"{listing}?{urlencode(query)}", f"listing {listing}")
        entries = envelope["data"] or []
        if not isinstance(entries, list):
            raise DashError(f"Dash listed {listing} in an unknown format.")
        return entries, str(envelope.get("next_start_key") or "")

    def document(self, listing: Listing, account_id: str, id_: str) -> Mapping[str, Any] | None:
        """Return the whole document of an entry, such as a CDR; None if Dash does not show it.

        Raises:
            DashError: It can't be read.
        """
        try:
            found = self._get(account_id, f"{listing}/{quote(id_, safe='')}", f"reading one of {listing}")["data"]
        except NotOpenError:
            return None
        return found if isinstance(found, dict) else None

    def legs(self, account_id: str, interaction_id: str) -> list[Any]:
        """Return the whole CDRs of a call's legs; none if Dash does not show them.

        Raises:
            DashError: They can't be read.
        """
        path = f"cdrs/legs/{quote(interaction_id, safe='')}?page_size={LEGS_OF_A_CALL}"
        try:
            found = self._get(account_id, path, "reading the legs of a call")["data"]
        except NotOpenError:
            return []
        return found if isinstance(found, list) else []

    def _get(self, account_id: str, path: str, action: str) -> Mapping[str, Any]:
        tries_left = RATE_LIMIT_TRIES
        while True:
            self._pace.wait()
            self.calls += 1
            try:
                return self._client.get(f"/accounts/{quote(account_id, safe='')}/{path}", action)
            except RateLimitedError:
                tries_left -= 1
                if not tries_left:
                    raise
                self._pace.slow_down(RATE_LIMIT_SECONDS)
            except (AccountError, UnknownWebhookError) as error:
                raise NotOpenError(f"Dash's API refused {action} (403 or 404).") from error
