"""An import and how far it has come: an item of the table, so that a second start goes on where the first one ended."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from hookswitch.reconcile.accounting.listing import last_second_of_month
from hookswitch.reconcile.importing.request import ImportRequest
from hookswitch.reconcile.state import iso

MAX_LISTED = 20  # legs that a report names
FIRST_LENGTH = 21_600  # seconds of the first piece
MIN_LENGTH, MAX_LENGTH = 60, 604_800  # seconds of a piece; Dash lists 31 days at most
FEW = 100  # legs of an account in a piece, so that the next piece is longer

type Place = tuple[int, str]
"""The end of a leg in Unix seconds, and the id of its record: the order in which legs are imported."""


class Job(BaseModel):
    """An import.

    Its period is divided into pieces, oldest first, and each piece is done account by account, in the order of places.

    Attributes:
        asked_since: The beginning of the period that was asked for, in Unix seconds.
        asked_until: Its end; None for the last moment that could be imported.
        publishes: Whether the events and their calls are published.
        since: The first second that can be imported.
        until: The last one.
        accounts: The Dash accounts whose legs are imported.
        legs: How many legs were counted before; 0 if they were not.
        done_until: Everything that ended up to this second is done.
        end: The last second of the piece at work; 0 between two pieces.
        accounts_done: How many accounts are done in that piece.
        place: The last leg that is done of the account at work; None for none.
        is_begun: Whether legs after that place may have been stored whose calls were not made.
        length: Seconds of the next piece.
        done: How many legs are done.
        stored: How many of them were new.
        missing: How many of them could not be stored.
        missing_legs: The ids of the first of those, of their records.
        published: How many events were published.
    """

    asked_since: int
    asked_until: int | None
    publishes: bool
    since: int
    until: int
    accounts: list[str]
    legs: int = 0
    done_until: int = 0
    end: int = 0
    accounts_done: int = 0
    place: Place | None = None
    is_begun: bool = False
    length: int = FIRST_LENGTH
    done: int = 0
    stored: int = 0
    missing: int = 0
    missing_legs: list[str] = []
    published: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.done_until >= self.until

    @property
    def account(self) -> str:
        """The account at work."""
        return self.accounts[self.accounts_done]

    def is_for(self, request: ImportRequest) -> bool:
        """Return whether a request asks for the same period and the same publishing."""
        until = None if request.until is None else int(request.until.timestamp())
        asked = int(request.since.timestamp()), until, request.publish
        return (self.asked_since, self.asked_until, self.publishes) == asked

    def begin_piece(self) -> tuple[int, int]:
        """Return the first and the last second of the piece at work, within a month; begin the next one if need be."""
        start = self.done_until + 1
        self.end = self.end or min(self.until, start + self.length - 1, last_second_of_month(start))
        return start, self.end

    def shorten_piece(self) -> bool:
        """Halve the piece at work, unless it is short or a part of it is done; return whether it was halved."""
        length = self.end - self.done_until
        if length <= MIN_LENGTH or self.accounts_done or self.place:
            return False
        self.length = length // 2
        self.end = self.done_until + self.length
        return True

    def end_account(self, legs: int) -> None:
        """Note that an account of the piece at work is done; after the last one, so is the piece."""
        self.accounts_done += 1
        self.place = None
        if self.accounts_done == len(self.accounts):
            self.done_until, self.end, self.accounts_done = self.end, 0, 0
            self.length = min(MAX_LENGTH, self.length * 2) if legs <= FEW else self.length

    def end_batch(self, place: Place, legs: int, stored: int, missing: Sequence[str]) -> None:
        """Note that legs up to a place are done, that some of them were new, and which ones could not be stored."""
        self.place, self.is_begun = place, False
        self.done += legs
        self.stored += stored
        self.missing += len(missing)
        self.missing_legs = [*self.missing_legs, *missing][:MAX_LISTED]

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON types."""
        return {
            "from": iso(self.since),
            "until": iso(self.until),
            "publish": self.publishes,
            "done_until": iso(self.done_until),
            "complete": self.is_complete,
            "accounts": len(self.accounts),
            "legs": self.legs,
            "done": self.done,
            "stored": self.stored,
            "missing": self.missing,
            "missing_legs": self.missing_legs,
            "published": self.published,
        }
