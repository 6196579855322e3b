"""Dash's attempt log, read one time range after the other (docs/dash-protocol.md, section 5)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from hookswitch.dash.client import DashClient
from hookswitch.errors import DashError, NoAttemptsError, TooManyError, UnknownWebhookError
from hookswitch.payloads.times import GREGORIAN_EPOCH
from hookswitch.reconcile.attempt import Attempt
from hookswitch.reconcile.recognition import Recognition

PAGE_SIZE = 100  # entries per page
LARGEST_PAGE_SIZE = 6_400  # the same, for a second with more entries than fit on a page
MAX_ENTRIES = 1_000  # per range; a range with more has to be divided


@dataclass(slots=True)
class Reading:
    """The entries of a range.

    Attributes:
        overflowed: Seconds with more attempts than Dash shows; some of those attempts are missing here.
    """

    overflowed: list[int] = field(default_factory=list)
    _entries: dict[str, Attempt | None] = field(default_factory=dict)

    def add(self, page: list[object]) -> None:
        """Add the entries of a page; a repeated one, as on the boundary of two pages, counts once."""
        # Entries have no ids.
        self._entries |= {json.dumps(entry, sort_keys=True): Attempt.from_entry(entry) for entry in page}

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._entries)

    @property
    def attempts(self) -> list[Attempt]:
        """The attempts, the oldest first."""
        return sorted(filter(None, self._entries.values()), key=lambda attempt: attempt.at)

    @property
    def malformed(self) -> int:
        """How many entries are not attempts."""
        return sum(attempt is None for attempt in self._entries.values())


class AttemptLog:
    """The attempts of an account's webhooks."""

    def __init__(self, client: DashClient, recognition: Recognition) -> None:
        """Prepare to read.

        Args:
            client: A client of the account's Dash.
            recognition: Knows which webhooks to read one by one if a second can't be read as a whole.
        """
        self._client, self._recognition = client, recognition

    def read(self, start: int, end: int) -> Reading:
        """Return the attempts of a range, in Unix seconds, both ends included.

        Raises:
            NoAttemptsError: This Dash has no attempt log.
            TooManyError: The range has more than `MAX_ENTRIES`, and can be divided.
            DashError: The attempts can't be read.
        """
        reading = Reading()
        while end >= start:
            full_second = self._read_pages(start, end, reading)
            if full_second is None:
                break
            self._read_second(full_second, reading)
            end = full_second - 1
        return reading

    def _read_pages(self, start: int, end: int, reading: Reading) -> int | None:
        """Read a range page by page; return the second at which the next page's key stops advancing, if it does.

        This happens when a second has more entries than fit on a page.
        """
        key, seen = "", set[str]()
        while True:
            page, next_key = self._page(start, end, PAGE_SIZE, key)
            reading.add(page)
            if not next_key:
                return None
            if len(reading) > MAX_ENTRIES and end > start:
                raise TooManyError("The range has too many attempts.")
            if next_key in seen:
                seconds = [attempt.at for attempt in map(Attempt.from_entry, page) if attempt]
                if not seconds and end > start:
                    raise TooManyError("A page of attempts has only malformed entries, and there is no next page.")
                return min(seconds, default=start)
            seen.add(next_key)
            key = next_key

    def _read_second(self, second: int, reading: Reading) -> None:
        """Read all attempts of a second: with a sufficiently large page, or webhook by webhook."""
        if self._read_whole(second, reading):
            return
        ids = {*self._recognition.webhook_ids, *self._ids_in(second, reading)}
        read = [self._read_whole(second, reading, webhook_id) for webhook_id in sorted(ids)]
        if not (ids and all(read) and self._recognition.knows_all):
            reading.overflowed.append(second)

    def _ids_in(self, second: int, reading: Reading) -> Iterator[str]:
        for attempt in reading.attempts:
            if attempt.at == second and attempt.hook_id and self._recognition.find_hook(attempt):
                yield attempt.hook_id

    def _read_whole(self, second: int, reading: Reading, webhook_id: str = "") -> bool:
        """Read a second with increasingly large pages; tell whether one of them held all entries."""
        size = PAGE_SIZE * 4
        while size <= LARGEST_PAGE_SIZE:
            try:
                page, next_key = self._page(second, second, size, webhook_id=webhook_id)
            except UnknownWebhookError:
                return False  # Dash does not show the attempts of a deleted webhook
            reading.add(page)
            if not next_key:
                return True
            if len(page) < size:
                return False  # this Dash limits the page size itself
            size *= 4
        return False

    def _page(self, start: int, end: int, size: int, key: str = "", webhook_id: str = "") -> tuple[list[object], str]:
        bounds = {"created_from": start + GREGORIAN_EPOCH, "created_to": end + GREGORIAN_EPOCH, "page_size": size}
        more = {"start_key": key} if key else {}
        try:
            page, next_key = self._client.attempts(self._recognition.account_id, webhook_id, **bounds, **more)
        except UnknownWebhookError as error:
            if webhook_id:
                raise
            raise NoAttemptsError(
                "This Dash keeps no attempt log, so deliveries that fail can't be recovered."
            ) from error
        if not isinstance(page, list):
            raise DashError("Dash listed its attempts in an unknown format.")
        return list(page), next_key
