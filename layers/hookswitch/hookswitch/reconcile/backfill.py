"""The backfill: reads failed deliveries from Dash's attempt log and sends them through the hook functions.

The log is read in pieces of time, the oldest first. The position is saved after each piece, and after each batch
within one, so the next run continues a run that was cut short. What can't be read or decided yet, or what a hook
function does not accept, becomes a gap that later runs retry; newer deliveries do not wait for it.
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

OVERLAP = 300  # seconds to read again: clocks differ, and Dash writes its log with a delay
BATCH = 20  # deliveries between two checks of the time left
SMALL_RANGE = 600  # seconds; a shorter range is not divided when it can't be read

type Recovered = Callable[[FailedDelivery, str], None]


class Backfill:
    """One run's backfill.

    Attributes:
        malformed: How many entries of the log were not attempts.
        overflowed: Seconds for which Dash does not show all attempts.
    """

    def __init__(self, source: Source, redeliverer: Redeliverer, progress: Progress, recovered: Recovered) -> None:
        """Prepare.

        Args:
            source: Where to read failed deliveries.
            redeliverer: Where to send them.
            progress: Updated along the way.
            recovered: Called with each failed delivery that was sent, and its outcome.
        """
        self.malformed = 0
        self.overflowed: set[int] = set()
        self._deferred: set[int] = set()  # seconds of deliveries that a hook function did not accept
        self._source, self._redeliverer, self._progress, self._recovered = source, redeliverer, progress, recovered

    def run(self, until: int) -> bool:
        """Recover what failed up to a time (Unix seconds), then the gaps; tell whether there was enough time.

        Raises:
            NoAttemptsError: This Dash has no attempt log.
            DashError: None of the log can be read at the moment.
            HookswitchError: The stack's functions, or the table, can't be reached.
        """
        position = self._progress.position
        start = position - OVERLAP + 1
        try:
            # The previous run has already counted what is read again.
            self._recover(Gap(start, until), lambda second: self._progress.advance(start, second), position)
            while gap := self._progress.next_gap:
                self._close(gap)
        except (OutOfTimeError, DeadlineError):
            logger.info("The time is used up; the next run continues.")
            return False
        return True

    def _close(self, gap: Gap) -> None:
        """Recover a gap, which shrinks along the way; what fails again becomes a new gap."""
        self._recover(gap, lambda second: self._progress.close(Gap(gap.start, second, gap.hook)))

    def _recover(self, gap: Gap, done: Callable[[int], None], counted_until: int = 0) -> None:
        """Recover a range; call `done` with each second up to which everything is recovered or in a gap."""
        for piece in self._source.pieces(gap, self._leave_out):
            self._progress.leave(*piece.undecided)
            for batch in batched(self._failures(piece), BATCH, strict=False):
                self._source.check_time()
                self._send(batch, counted_until)
                done(batch[-1].at - 1)
            self._remember(piece)
            done(piece.end)

    def _failures(self, piece: Piece) -> list[FailedDelivery]:
        """Return what to send: for an overflowed second, nothing that an earlier run has sent."""
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
        """Leave a range that can't be read to later runs, in halves; raise the error if nothing at all can be read."""
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
    """Count the failed deliveries in some ranges, without changing anything.

    Returns:
        Whether there was enough time; and, by hook, how many would be sent (`Fate.FAILED`) or have no body.

    Raises:
        NoAttemptsError: This Dash has no attempt log.
        DashError: The log can't be read.
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
