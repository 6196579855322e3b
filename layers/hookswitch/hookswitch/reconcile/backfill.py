"""The backfill: what Dash could not deliver is read from its attempt log and sent through the hook functions.

Time is read in pieces, the oldest first. After each piece, and within one after each batch, the position is saved: a
run that is cut short is continued by the next. What can't be read or decided yet, or what a hook function does not
take, becomes a gap that later runs try again; what is newer does not wait for it.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import batched

from hookswitch.errors import DashError, DeadlineError
from hookswitch.observability.log import logger
from hookswitch.reconcile.progress import Progress
from hookswitch.reconcile.recognition import FailedDelivery
from hookswitch.reconcile.redeliverer import Fate, Redeliverer
from hookswitch.reconcile.source import OutOfTimeError, Piece, Source
from hookswitch.reconcile.state import Gap

OVERLAP = 300  # seconds that are read again: clocks differ, and the log is written a little later
BATCH = 20  # deliveries between two checks of the time left
SMALL_RANGE = 600  # seconds of a range that is not divided further when it can't be read

type Recovered = Callable[[FailedDelivery, str], None]


class Backfill:
    """One run's backfill.

    Attributes:
        malformed: How many entries of the log were no attempts.
        overflowed: Seconds of which Dash does not show all attempts.
    """

    def __init__(self, source: Source, redeliverer: Redeliverer, progress: Progress, recovered: Recovered) -> None:
        """Prepare.

        Args:
            source: Where to read.
            redeliverer: Where to send what is read.
            progress: Is kept up to date.
            recovered: Gets each failed delivery that was sent, and its outcome.
        """
        self.malformed = 0
        self.overflowed: set[int] = set()
        self._deferred: set[int] = set()  # seconds of deliveries that a hook function did not take
        self._source, self._redeliverer, self._progress, self._recovered = source, redeliverer, progress, recovered

    def run(self, until: int) -> bool:
        """Recover what failed up to a moment (Unix seconds), then what is in the gaps; tell whether time sufficed.

        Raises:
            NoAttemptsError: This Dash has no attempt log.
            DashError: It can't be read at all at the moment.
            HookswitchError: The stack's functions, or the table, can't be reached.
        """
        position = self._progress.position
        start = position - OVERLAP + 1
        try:
            # What is read again was counted by the run before.
            self._recover(Gap(start, until), lambda second: self._progress.advance(start, second), position)
            while gap := self._progress.next_gap:
                self._close(gap)
        except (OutOfTimeError, DeadlineError):
            logger.info("The time is used up; the next run continues.")
            return False
        return True

    def _close(self, gap: Gap) -> None:
        """Recover what is in a gap, which becomes smaller on the way; what fails again is a gap of its own."""
        self._recover(gap, lambda second: self._progress.close(Gap(gap.start, second, gap.hook)))

    def _recover(self, gap: Gap, done: Callable[[int], None], counted_until: int = 0) -> None:
        """Recover what is in a range; `done` gets each second up to which everything is recovered, or in a gap."""
        for piece in self._source.pieces(gap, self._leave_out):
            self._progress.leave(*piece.undecided)
            for batch in batched(self._failures(piece), BATCH, strict=False):
                self._source.check_time()
                self._send(batch, counted_until)
                done(batch[-1].at - 1)
            self._remember(piece)
            done(piece.end)

    def _failures(self, piece: Piece) -> list[FailedDelivery]:
        """Return what is to be sent: of an overflowed second nothing that an earlier run has sent."""
        self.malformed += piece.malformed
        self.overflowed |= piece.overflowed.keys()
        sent_before = {
            second for second, found in piece.overflowed.items() if not self._progress.overflow(second, found)
        }
        return [failure for failure in piece.failures if failure.at not in sent_before]

    def _remember(self, piece: Piece) -> None:
        deferred = {gap.start for gap in piece.undecided} | self._deferred
        for second, found in piece.overflowed.items():
            if second not in deferred:
                self._progress.remember_overflow(second, found)

    def _leave_out(self, piece: Gap, error: DashError) -> None:
        """Leave a range that can't be read to later runs, in halves; raise the error if nothing can be read."""
        now = int(time.time())
        try:
            self._source.log.read(now, now)
        except DashError:
            raise error from None
        logger.warning("A range of Dash's attempts can't be read. %s", error, extra={"from": piece.start})
        if piece.end - piece.start <= SMALL_RANGE:
            self._progress.leave(piece)
            return
        middle = (piece.start + piece.end) // 2
        self._progress.leave(Gap(piece.start, middle, piece.hook), Gap(middle + 1, piece.end, piece.hook))

    def _send(self, batch: Sequence[FailedDelivery], counted_until: int) -> None:
        for failure in batch:
            if failure.delivery is None and failure.at > counted_until:
                self._redeliverer.outcomes[failure.hook, Fate.NOT_RECOVERABLE] += 1
        for failure, outcome in self._redeliverer.send([failure for failure in batch if failure.delivery]):
            if outcome == Fate.DEFERRED:
                self._deferred.add(failure.at)
                self._progress.leave(Gap(failure.at, failure.at, failure.hook))
            self._recovered(failure, outcome)


def survey(source: Source, gaps: Sequence[Gap]) -> tuple[bool, Counter[tuple[str, str]]]:
    """Count the failed deliveries in some ranges, and change nothing.

    Returns:
        Whether time sufficed; and how many would be sent (`Fate.FAILED`) or have no body, by hook.

    Raises:
        NoAttemptsError: This Dash has no attempt log.
        DashError: It can't be read.
    """
    outcomes: Counter[tuple[str, str]] = Counter()
    try:
        for gap in gaps:
            for piece in source.pieces(gap):
                for failure in piece.failures:
                    outcomes[failure.hook, Fate.FAILED if failure.delivery else Fate.NOT_RECOVERABLE] += 1
    except (OutOfTimeError, DeadlineError):
        return False, outcomes
    return True, outcomes
