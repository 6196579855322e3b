"""Reads Dash's listings of what it keeps: all entries of a range, whatever its pages do (docs/dash-protocol.md)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hookswitch.dash.client import DashClient
from hookswitch.dash.history import DashHistory, Listing
from hookswitch.errors import TooManyError
from hookswitch.reconcile.retention import DAY
from hookswitch.settings.webhooks import ReconcileSettings

PAGE_SIZE = 500  # entries to ask for; a system may have a limit of its own below that
LARGER_PAGE_SIZES = (2_000, 8_000)  # the same, for a second with more entries than fit on a page
MAX_ENTRIES = 20_000  # per range; a range with more has to be divided
BORDER = 3 * DAY  # seconds after the beginning of a month in which a call of the month before may still end


@dataclass(slots=True)
class Reader:
    """Reads the listings of one Dash.

    Attributes:
        history: What Dash keeps.
        overflowed: Seconds with more entries than Dash shows.
    """

    history: DashHistory
    overflowed: set[int] = field(default_factory=set)

    def read(self, listing: Listing, account_id: str, start: int, end: int) -> list[Any]:
        """Return what was written from one second to another, both included; the same entry may be there twice.

        Raises:
            TooManyError: The range has more than `MAX_ENTRIES`, and can be divided.
            NotOpenError: The API does not open this listing for the account.
            DashError: It can't be read.
        """
        entries: list[Any] = []
        key, seen = "", set[str]()
        while True:
            page, next_key = self.history.page(listing, account_id, start, end, size=PAGE_SIZE, key=key)
            entries += page
            if not next_key:
                return entries
            if len(entries) > MAX_ENTRIES and end > start:
                raise TooManyError("The range has too many entries.")
            if next_key in seen or not page:  # a second has more entries than a page, and keys name seconds only
                return self._read_in_parts(listing, account_id, start, end)
            seen.add(next_key)
            key = next_key

    def read_border(self, account_id: str, start: int, end: int) -> list[Any]:
        """Return the CDRs of a range that are filed under the month before, in which their call began.

        A listing reads only the months that its range touches. So this one begins a second before the month, with the
        oldest: the other order would show what is filed under the month before last, and its pages leave some out.

        Raises:
            DashError: They can't be read.
        """
        month = first_second_of_month(start)
        if start - month > BORDER:
            return []
        filed_here = f"{datetime.fromtimestamp(start, UTC):%Y%m}-"
        entries: list[Any] = []
        key, seen = "", set[str]()
        while True:
            page, next_key = self.history.page(
                "cdrs", account_id, month - 1, end, size=PAGE_SIZE, key=key, oldest_first=True
            )
            before = [row for row in page if isinstance(row, dict) and not str(row.get("id")).startswith(filed_here)]
            entries += before
            if not next_key or next_key in seen or len(before) < len(page):
                return entries
            seen.add(next_key)
            key = next_key

    def _read_in_parts(self, listing: Listing, account_id: str, start: int, end: int) -> list[Any]:
        if end > start:
            middle = (start + end) // 2
            later = self.read(listing, account_id, middle + 1, end)
            return [*later, *self.read(listing, account_id, start, middle)]
        page: list[Any] = []
        for size in LARGER_PAGE_SIZES:
            page, next_key = self.history.page(listing, account_id, start, end, size=size)
            if not next_key:
                return page
            if len(page) < size:
                break  # this Dash limits the page size itself
        self.overflowed.add(start)
        return page


def served_accounts(client: DashClient, settings: ReconcileSettings) -> list[str]:
    """Return the ids of the accounts that a stack serves, in their order: its own, and its descendants if it does.

    Raises:
        DashError: Dash does not list the descendants.
    """
    own = settings.account_id
    below = client.descendants(own) if settings.include_subaccounts else []
    return sorted({own, *(str(account["id"]) for account in below)})


def first_second_of_month(second: int) -> int:
    """Return the first second, in UTC, of the month of a second; both in Unix seconds."""
    moment = datetime.fromtimestamp(second, UTC)
    return int(moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())


def last_second_of_month(second: int) -> int:
    """Return the last second, in UTC, of the month of a second; both in Unix seconds."""
    return first_second_of_month(first_second_of_month(second) + 32 * DAY) - 1
