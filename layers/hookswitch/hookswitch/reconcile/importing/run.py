"""One slice of an import: as much of it as a command waits for at a time."""

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

from hookswitch.dash.history import DashHistory
from hookswitch.errors import TooManyError
from hookswitch.receiving.redelivery import Outcome
from hookswitch.reconcile.accounting.index import EventIndex
from hookswitch.reconcile.accounting.kinds import Entry, Legs
from hookswitch.reconcile.accounting.listing import Reader
from hookswitch.reconcile.importing.job import MAX_LENGTH, Job, Place
from hookswitch.reconcile.importing.outlet import Outlet
from hookswitch.reconcile.importing.storage import JobStorage

BATCH = 50  # legs after which the position is written
LATE = 60  # seconds after a leg's end in which Dash writes its record, as a rule
MANY = 500  # legs of an account in a piece, which is then divided: an interruption makes the next slice list them again


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of an import.

    Attributes:
        job: The import, which is changed.
        legs: The kind of records.
        history: What Dash keeps.
        index: What the table has.
        is_over: Tells whether the time is used up.
    """

    job: Job
    legs: Legs
    history: DashHistory
    index: EventIndex
    is_over: Callable[[], bool]

    def count(self) -> tuple[int, int]:
        """Return how many legs Dash has and how many of them are here, of as many pieces as there is time for.

        Raises:
            DashError, StorageUnavailableError: Dash or DynamoDB did not answer.
        """
        job, on_dash, here = self.job, 0, 0
        job.length = MAX_LENGTH
        for entries in self._accounts(most=sys.maxsize):
            counted = [entry for entry in entries if self._is_of_piece(entry)]
            on_dash += len(counted)
            here += len(self.legs.here(self.index, job.account, counted))
            job.end_account(len(entries))
            if self.is_over():
                break
        return on_dash, here

    def carry_out(self, storage: JobStorage, outlet: Outlet) -> None:
        """Import until the time is used up, one batch at least, and write the position after each.

        Raises:
            OvertakenError: Another invocation is at work on the same import.
            HookswitchError: Dash, a function or the table failed; what was done before is done.
        """
        for batch, here in self._batches():
            if batch:
                self._bring_in(batch, here, storage, outlet)
            storage.write(self.job)

    def _batches(self) -> Iterator[tuple[Sequence[Entry], Collection[str]]]:
        """Yield legs in their order, with the ids of those that are here; no legs where an account is done."""
        job = self.job
        for entries in self._accounts():
            left = [entry for entry in entries if job.place is None or _place(entry) > job.place]
            here = self.legs.here(self.index, job.account, left)
            left = [entry for entry in left if entry.id not in here or self._is_of_piece(entry)]
            for batch in batched(left, BATCH, strict=False):
                yield batch, here
                if self.is_over():
                    return
            job.end_account(len(entries))
            yield (), here
            if self.is_over():
                return

    def _accounts(self, most: int = MANY) -> Iterator[list[Entry]]:
        """Yield the legs of the account at work in the piece at work, in their order, until nothing is left to do.

        Args:
            most: The most legs of an account in a piece, unless it is short.
        """
        job = self.job
        while not job.is_complete:
            start, end = job.begin_piece()
            try:
                entries = self.legs.read(Reader(self.history), job.account, start, end)
            except TooManyError:
                if not job.shorten_piece():
                    raise
                continue
            if len(entries) <= most or not job.shorten_piece():
                yield sorted((entry for entry in entries if entry.at >= job.since), key=_place)

    def _is_of_piece(self, entry: Entry) -> bool:
        """Return whether a leg ended in the piece at work, and was not listed before.

        Dash lists records by the time at which it wrote them. Those of a call that went on over the end of a month are
        listed in all pieces of the next days.
        """
        start, _ = self.job.begin_piece()
        return entry.at >= start - LATE

    def _bring_in(self, batch: Sequence[Entry], here: Collection[str], storage: JobStorage, outlet: Outlet) -> None:
        """Store the legs that are not here, and make their calls.

        An invocation that was ended may have stored the first ones without what follows, so all of those are stored
        again, which says their keys.
        """
        job = self.job
        new = [entry for entry in batch if job.is_begun or entry.id not in here]
        stored: list[str] = []
        missing: list[str] = []
        if new:
            job.is_begun = True
            storage.write(job)
            results = outlet.store([*self.legs.complete(self.history, new)])
            missing = [entry.id for entry, result in results if not result.event_id]
            stored = [entry.id for entry, result in results if result.outcome is Outcome.STORED]
            event_ids = [result.event_id for _, result in results if result.event_id]
            if job.publishes:
                outlet.publish(event_ids)
                job.published += len(event_ids)
            outlet.make_calls(event_ids, publishes=job.publishes)
        job.end_batch(_place(batch[-1]), len(batch), len(stored), missing)


def _place(entry: Entry) -> Place:
    return entry.at, entry.id
