"""The backfill: what Dash could not deliver is read from its attempt log and sent through the hook functions.

Time is read in ranges, the oldest first. After each range, and within one after each batch, the position is saved: a
run that is cut short is continued by the next. What can't be read, or what a hook function does not take, becomes a
gap that later runs try again; what is newer does not wait for it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched

from hookswitch.errors import DashError, DeadlineError, NoAttemptsError, TooManyError
from hookswitch.observability.log import logger
from hookswitch.reconcile.attempt_log import AttemptLog
from hookswitch.reconcile.progress import Progress
from hookswitch.reconcile.recognition import FailedDelivery, Recognition
from hookswitch.reconcile.redeliverer import Fate, Redeliverer
from hookswitch.reconcile.state import Gap

RANGE = 86_400  # seconds of a range at most; Dash takes up to 31 days
OVERLAP = 300  # seconds that are read again: clocks differ, and the log is written a little later
BATCH = 20  # deliveries between two looks at the time
SMALL_RANGE = 600  # seconds of a range that is not divided further when it can't be read

type Recovered = Callable[[FailedDelivery, str], None]


class OutOfTimeError(Exception):
    """The run's time is used up."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where failed deliveries are read.

    Attributes:
        log: Dash's attempt log.
        recognition: Which attempts are ours.
        stop_at: When to begin nothing new, as `time.monotonic` counts.
    """

    log: AttemptLog
    recognition: Recognition
    stop_at: float

    def ranges(
        self, whole: Gap, leave_out: Callable[[Gap, DashError], None] | None = None
    ) -> Iterator[tuple[int, list[FailedDelivery]]]:
        """Yield a range's failures piece by piece, the oldest first, each piece with its last second.

        Args:
            whole: The range.
            leave_out: What becomes of a piece that can't be read; by default the error is raised.

        Raises:
            OutOfTimeError: The run's time is used up.
            DashError: The log can't be read.
        """
        at, length = whole.start, RANGE
        while at <= whole.end:
            self.check_time()
            piece = Gap(at, min(whole.end, at + length - 1), whole.hook)
            failures: list[FailedDelivery] = []
            try:
                failures = self._failures(piece)
            except TooManyError:
                length = max(1, (piece.end - at + 1) // 2)
                continue
            except (NoAttemptsError, DeadlineError):
                raise
            except DashError as error:
                if not leave_out:
                    raise
                leave_out(piece, error)
            yield piece.end, failures
            at, length = piece.end + 1, min(RANGE, length * 2)

    def check_time(self) -> None:
        """Raise OutOfTimeError once the run's time is used up."""
        if time.monotonic() >= self.stop_at:
            raise OutOfTimeError

    def _failures(self, piece: Gap) -> list[FailedDelivery]:
        now = datetime.fromtimestamp(time.time(), UTC)
        found = (self.recognition.failure(entry, now) for entry in self.log.read(piece.start, piece.end))
        return [failure for failure in found if failure and piece.hook in {"", failure.hook}]


class Backfill:
    """One run's backfill."""

    def __init__(self, source: Source, redeliverer: Redeliverer, progress: Progress, recovered: Recovered) -> None:
        """Prepare.

        Args:
            source: Where to read.
            redeliverer: Where to send what is read.
            progress: Is kept up to date.
            recovered: Gets each failed delivery that was sent, and its outcome.
        """
        self._source, self._redeliverer, self._progress, self._recovered = source, redeliverer, progress, recovered

    def run(self, until: int) -> bool:
        """Recover what failed up to a moment (Unix seconds), then what is in the gaps; tell whether time sufficed.

        Raises:
            NoAttemptsError: This Dash has no attempt log.
            DashError: It can't be read at all at the moment.
            HookswitchError: The stack's functions, or the table, can't be reached.
        """
        position = self._progress.position
        try:
            # What is read again was counted by the run before.
            self._recover(Gap(position - OVERLAP + 1, until), self._progress.advance, counted_until=position)
            for gap in self._progress.open_gaps:
                self._close(gap)
        except (OutOfTimeError, DeadlineError):
            logger.info("The time is used up; the next run goes on.")
            return False
        return True

    def _close(self, gap: Gap) -> None:
        """Recover what is in a gap, which becomes smaller on the way; what fails again is a gap of its own."""
        rest: Gap | None = gap

        def done(second: int) -> None:
            nonlocal rest
            rest = self._progress.shrink(rest, second) if rest else None

        self._recover(gap, done)

    def _recover(self, gap: Gap, done: Callable[[int], None], counted_until: int = 0) -> None:
        """Recover what is in a range; `done` gets each second up to which everything is recovered, or in a gap."""
        for last, failures in self._source.ranges(gap, self._leave_out):
            for batch in batched(failures, BATCH, strict=False):
                self._source.check_time()
                self._send(batch, counted_until)
                done(batch[-1].at - 1)
            done(last)

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
            for _, failures in source.ranges(gap):
                for failure in failures:
                    outcomes[failure.hook, Fate.FAILED if failure.delivery else Fate.NOT_RECOVERABLE] += 1
    except (OutOfTimeError, DeadlineError):
        return False, outcomes
    return True, outcomes
