"""The backfill: what Dash gave up is read from its attempt log and sent through the hook functions.

Time is read in ranges, the oldest first. After each range, and within one after each batch, the position is
saved: a run that ends half-way is continued by the next. What can't be read, or what a hook function does not take,
becomes a gap that later runs try again; what is newer does not wait for it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import batched

from hookswitch.errors import DashError, DeadlineError, NoAttemptsError, NotTakenError, TooManyError
from hookswitch.observability.log import logger
from hookswitch.receiving.hook_functions import WORKERS, HookFunctions, Taken
from hookswitch.reconcile.attempt_log import AttemptLog, Failure, Recognition
from hookswitch.reconcile.state import Brought, Gap, State, merged

SPAN = 86_400  # seconds of a range at most; Dash takes up to 31 days
OVERLAP = 300  # seconds that are read again: clocks differ, and the log is written a little later
BATCH = 20  # deliveries between two looks at the time
PATIENCE = 3  # deliveries in a row that a hook function may refuse before the rest of this run is spared it
SMALL = 600  # seconds of a range that is not divided further when it can't be read

IN = {"stored", "queued"}  # outcomes by which an event comes into the table that was not there
LOST, LEFT, FAILED = "not_recoverable", "not_yet", "failed"  # what else may become of a failed delivery


class OutOfTimeError(Exception):
    """The run's time is used up."""


class Backfill:
    """One run's backfill.

    Attributes:
        outcomes: How many deliveries had which outcome, by hook and outcome.
    """

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        *,
        log: AttemptLog,
        recognition: Recognition,
        functions: HookFunctions,
        state: State,
        save: Callable[[], None],
        stop_at: float,
    ) -> None:
        """Prepare.

        Args:
            log: Where to read.
            recognition: Which attempts are ours.
            functions: Where to send what is read.
            state: Is kept up to date.
            save: Writes the state down.
            stop_at: When to begin nothing new, as `time.monotonic` counts.
        """
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._log, self._recognition, self._functions = log, recognition, functions
        self._state, self._save, self._stop_at = state, save, stop_at
        self._old = list(state.gaps)
        self._new: list[Gap] = []
        self._refused: Counter[str] = Counter()
        self._counted_until = 0

    def run(self, until: int) -> bool:
        """Bring in what failed up to a moment (Unix seconds), then what is in the gaps; tell whether time sufficed.

        Raises:
            NoAttemptsError: This Dash has no attempt log.
            DashError: It can't be read at all at the moment.
            HookswitchError: The stack's functions, or the table, can't be reached.
        """
        try:
            self._counted_until = self._state.read_until
            self._bring_in(Gap(self._state.read_until - OVERLAP + 1, until), self._advance)
            self._counted_until = 0
            for gap in list(self._old):
                self._close(gap)
        except (OutOfTimeError, DeadlineError):
            logger.info("The time is used up; the next run goes on.")
            return False
        return True

    def survey(self, until: int) -> bool:
        """Count what a run would send, as `FAILED`, and change nothing; tell whether time sufficed.

        Raises:
            NoAttemptsError: This Dash has no attempt log.
            DashError: It can't be read.
        """
        try:
            for gap in [*self._old, Gap(self._state.read_until + 1, until)]:
                for _, failures in self._read(gap):
                    for failure in failures:
                        self.outcomes[failure.hook, FAILED if failure.delivery else LOST] += 1
        except (OutOfTimeError, DeadlineError):
            return False
        return True

    def _advance(self, second: int) -> None:
        self._state.read_until = max(self._state.read_until, second)
        self._keep()

    def _close(self, gap: Gap) -> None:
        """Bring in what is in a gap, which becomes smaller on the way; what fails again is a gap of its own."""

        def done(second: int) -> None:
            rest = [Gap(second + 1, gap.end, gap.hook)] if second < gap.end else []
            self._old = [*rest, *others]
            self._keep()

        others = [other for other in self._old if other != gap]
        self._bring_in(gap, done)

    def _keep(self) -> None:
        self._state.gaps = merged([*self._old, *self._new])
        self._save()

    def _bring_in(self, gap: Gap, done: Callable[[int], None]) -> None:
        """Bring in what is in a range; `done` gets each second up to which everything is in, or in a gap."""
        for last, failures in self._read(gap, self._leave_out):
            for batch in batched(failures, BATCH, strict=False):
                self._mind_the_time()
                self._send(batch)
                done(batch[-1].at - 1)
            done(last)

    def _read(
        self, whole: Gap, leave_out: Callable[[Gap, DashError], None] | None = None
    ) -> Iterator[tuple[int, list[Failure]]]:
        """Yield a range's failures piece by piece, the oldest first, each piece with its last second."""
        at, span = whole.start, SPAN
        while at <= whole.end:
            self._mind_the_time()
            part = Gap(at, min(whole.end, at + span - 1), whole.hook)
            failures: list[Failure] = []
            try:
                failures = self._failures(part)
            except TooManyError:
                span = max(1, (part.end - at + 1) // 2)
                continue
            except (NoAttemptsError, DeadlineError):
                raise
            except DashError as error:
                if not leave_out:
                    raise
                leave_out(part, error)
            yield part.end, failures
            at, span = part.end + 1, min(SPAN, span * 2)

    def _failures(self, part: Gap) -> list[Failure]:
        now = datetime.fromtimestamp(time.time(), UTC)
        found = (self._recognition.failure(entry, now) for entry in self._log.between(part.start, part.end))
        return [failure for failure in found if failure and part.hook in {"", failure.hook}]

    def _leave_out(self, part: Gap, error: DashError) -> None:
        """Leave a range that can't be read to later runs, in halves; raise the error if nothing can be read."""
        now = int(time.time())
        try:
            self._log.between(now, now)
        except DashError:
            raise error from None
        logger.warning("A range of Dash's attempts can't be read. %s", error, extra={"from": part.start})
        middle = (part.start + part.end) // 2
        divided = part.end - part.start > SMALL
        self._new += [Gap(part.start, middle, part.hook), Gap(middle + 1, part.end, part.hook)] if divided else [part]

    def _send(self, batch: Sequence[Failure]) -> None:
        sent: list[Failure] = []
        for failure in batch:
            if failure.delivery is None:
                if failure.at > self._counted_until:  # what is read again was counted by the run before
                    self.outcomes[failure.hook, LOST] += 1
            elif self._refused[failure.hook] >= PATIENCE:
                self._not_yet(failure)
            else:
                sent.append(failure)
        if not sent:
            return
        self._functions.look_up()
        with ThreadPoolExecutor(WORKERS) as pool:
            answers = list(pool.map(self._deliver, sent))
        for failure, taken in zip(sent, answers, strict=True):
            if taken is None:
                self._refused[failure.hook] += 1
                self._not_yet(failure)
                continue
            self._refused[failure.hook] = 0
            self.outcomes[failure.hook, taken.outcome] += 1
            if taken.outcome in IN:
                self._note(failure)

    def _deliver(self, failure: Failure) -> Taken | None:
        if failure.delivery is None:
            raise AssertionError  # none such is sent
        try:
            return self._functions.deliver(failure.hook, failure.delivery, queue=True)
        except NotTakenError as error:
            logger.warning("A missed delivery waits for a later run. %s", error, extra={"hook": failure.hook})
            return None

    def _not_yet(self, failure: Failure) -> None:
        self.outcomes[failure.hook, LEFT] += 1
        self._new.append(Gap(failure.at, failure.at, failure.hook))

    def _note(self, failure: Failure) -> None:
        brought = self._state.news.brought.setdefault(failure.hook, Brought(0, failure.at, []))
        brought.events += 1
        brought.first = min(brought.first, failure.at)
        if failure.reason not in brought.reasons:
            brought.reasons.append(failure.reason)

    def _mind_the_time(self) -> None:
        if time.monotonic() >= self._stop_at:
            raise OutOfTimeError
