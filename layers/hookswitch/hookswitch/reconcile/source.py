"""The failed deliveries in Dash's attempt log, one piece of time after the other."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hookswitch.errors import DashError, DeadlineError, NoAttemptsError, TooManyError
from hookswitch.reconcile.attempt import Attempt
from hookswitch.reconcile.attempt_log import AttemptLog
from hookswitch.reconcile.recognition import FailedDelivery, Recognition
from hookswitch.reconcile.state import Gap

MAX_RANGE = 86_400  # seconds, the longest piece; Dash accepts up to 31 days


class OutOfTimeError(Exception):
    """The run's time is used up."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The contents of a piece of the log.

    Attributes:
        start: Its first second.
        end: Its last second.
        failures: The deliveries that failed for good, oldest first.
        undecided: What can't be decided yet: Dash may still retry it, or its owner is unknown.
        overflowed: Seconds for which Dash does not show all attempts, and how many it shows.
        malformed: How many entries are not attempts.
    """

    start: int
    end: int
    failures: list[FailedDelivery] = field(default_factory=list)
    undecided: list[Gap] = field(default_factory=list)
    overflowed: dict[int, int] = field(default_factory=dict)
    malformed: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """The source of failed deliveries.

    Attributes:
        log: Dash's attempt log.
        recognition: Tells which attempts are ours.
        stop_at: When to start nothing new, in `time.monotonic` seconds.
    """

    log: AttemptLog
    recognition: Recognition
    stop_at: float

    def pieces(self, whole: Gap, leave_out: Callable[[Gap, DashError], None] | None = None) -> Iterator[Piece]:
        """Yield a range piece by piece, oldest first; pieces with many attempts are shorter.

        Args:
            whole: The range; if it has a hook, only failures of that hook count.
            leave_out: Called with a piece that can't be read; by default the error is raised.

        Raises:
            OutOfTimeError: The run's time is used up.
            DashError: The log can't be read.
        """
        start, length = whole.start, MAX_RANGE
        while start <= whole.end:
            self.check_time()
            part = Gap(start, min(whole.end, start + length - 1), whole.hook)
            try:
                piece = self._read(part)
            except TooManyError:
                length = max(1, (part.end - start + 1) // 2)
                continue
            except (NoAttemptsError, DeadlineError):
                raise
            except DashError as error:
                if not leave_out:
                    raise
                leave_out(part, error)
                piece = Piece(part.start, part.end)
            yield piece
            start, length = part.end + 1, min(MAX_RANGE, length * 2)

    def check_time(self) -> None:
        """Raise OutOfTimeError once the run's time is used up."""
        if time.monotonic() >= self.stop_at:
            raise OutOfTimeError

    def _read(self, part: Gap) -> Piece:
        now = time.time()
        reading = self.log.read(part.start, part.end)
        attempts = reading.attempts
        overflowed = {second: sum(attempt.at == second for attempt in attempts) for second in reading.overflowed}
        piece = Piece(part.start, part.end, overflowed=overflowed, malformed=reading.malformed)
        for attempt in _last_tries(attempts):
            hook = self.recognition.find_hook(attempt)
            doubtful = "" if hook else self.recognition.find_doubtful_hook(attempt)
            if attempt.succeeded or not (hook or doubtful) or part.hook not in {"", hook or doubtful}:
                continue
            if doubtful or attempt.may_be_retried(now):
                piece.undecided.append(Gap(attempt.at, attempt.at, hook or doubtful))
            else:
                failure = self.recognition.failed_delivery(attempt, hook, datetime.fromtimestamp(now, UTC))
                piece.failures.append(failure)
        return piece


def _last_tries(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Return the last attempt of each delivery, oldest first: earlier attempts no longer count."""
    last: dict[object, Attempt] = {}
    for number, attempt in enumerate(attempts):
        key = (attempt.hook_id, attempt.event_id, attempt.body) if attempt.event_id else number
        if key not in last or last[key].rank <= attempt.rank:
            last[key] = attempt
    return sorted(last.values(), key=lambda attempt: attempt.at)
