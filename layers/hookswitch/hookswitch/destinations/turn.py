"""A turn of sending to one destination, under its lease: what is due, oldest first, until the time is used up.

One sender at a time for each destination is what keeps its order and its pace, and what keeps one that hangs from
occupying more than one sender.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.destinations import clock, notices
from hookswitch.destinations.answers import Answer
from hookswitch.destinations.deliver import Deliverer, Settled
from hookswitch.destinations.leases import Lease, Leases
from hookswitch.destinations.quiet_hours import quiet_until
from hookswitch.destinations.record import Destination, Health
from hookswitch.destinations.rows import LIVE, PAST, Owed
from hookswitch.destinations.schedule import REFUSED_ATTEMPTS, retry_at
from hookswitch.destinations.table import DestinationTable
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import SendSettings

TURN_SECONDS = 10.0  # after which others have their turn
LONGEST_PAUSE = 5.0  # seconds between two messages, for the sake of the pace, that a sender waits; else a message does
AT_ONCE = 5  # messages on their way to a destination that asks for no order and no pace
SOME = 50  # deliveries that are looked at together
REFUSALS = 5  # one after the other: then it is the destination that is out of order
SLOW_SECONDS, QUICK_SECONDS = 2.0, 1.0  # of an answer: from where on a destination is slow, and where no longer


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done after a turn.

    Attributes:
        at: When something is due again, in Unix milliseconds; 0 if nothing is owed.
        is_due: Whether something is due already, so that another turn should follow.
        is_past: Whether that is only the past, which the quick queue does not catch up with.
    """

    at: int = 0
    is_due: bool = False
    is_past: bool = False


class Turn:
    """A turn. Its methods raise what `DestinationTable` and `Deliverer` raise: then what is left stays owed."""

    def __init__(
        self, lease: Lease, leases: Leases, table: DestinationTable, settings: SendSettings, metrics: MetricsRecorder
    ) -> None:
        """Prepare to send under a lease."""
        self._lease, self._leases, self._table = lease, leases, table
        self._settings, self._metrics = settings, metrics
        self._destination: Destination = lease.standing.destination
        self._deliverer = Deliverer(table, settings, metrics)
        self._ends = time.monotonic() + TURN_SECONDS
        self._next_message = 0.0  # in time.monotonic seconds
        self._paused_until = 0  # in Unix milliseconds
        self._seconds: list[float] = []
        self.health: Health = self._destination.health
        self.new_state: dict[str, object] = {}

    def carry_out(self, *, with_past: bool) -> Next:
        """Send what is due, and return what is to be done next.

        Args:
            with_past: Whether to catch up with the past, too: that is not the business of the quick queue.
        """
        waits_until = max(self.health.next_attempt, self._quiet_until())
        if waits_until > clock.now():
            return Next(waits_until)
        following = None
        while following is None:
            due, later = self._due(with_past=with_past)
            following = self._go_on(due) if due else later
        return following

    def _go_on(self, due: Sequence[Owed]) -> Next | None:
        """Send what is due; return what is to be done next if the turn is over."""
        is_open = self._send(due)
        if self.new_state:
            return Next()
        if not is_open:
            return Next(self.health.next_attempt)
        if self._paused_until:
            return Next(self._paused_until)
        destination = self._leases.renew(self._lease, clock.now())
        if not destination:
            return Next()
        self._destination = destination
        return Next(is_due=True) if time.monotonic() >= self._ends else None

    def _quiet_until(self) -> int:
        zone = ZoneInfo(self._destination.options.zone)
        until = quiet_until(self._destination.filter, zone, datetime.now(UTC))
        return int(until.timestamp() * 1000) if until else 0

    def _due(self, *, with_past: bool) -> tuple[list[Owed], Next]:
        """Return deliveries that are due, and when the next one is if none are."""
        now, later = clock.now(), 0
        for lane in (LIVE, PAST):
            due: list[Owed] = []
            waiting: set[str] = set()
            for delivery in self._table.owed(self._destination.id, lane):
                if delivery.next_at > now:
                    waiting.add(delivery.subject)
                    later = min(later or delivery.next_at, delivery.next_at)
                elif not self._destination.options.ordered or delivery.subject not in waiting:
                    due.append(delivery)
                if len(due) >= SOME:
                    break
            if due and (lane == LIVE or with_past):
                return due, Next()
            if due:
                return [], Next(is_due=True, is_past=True)
        return [], Next(later)

    def _send(self, due: Sequence[Owed]) -> bool:
        """Send deliveries; return False if the destination is out of order and the others have to wait.

        The first one goes alone: if nobody answers, no more than that waits for it.
        """
        options = self._destination.options
        if options.ordered or options.per_second:
            return self._send_in_order(due)
        if not self._note([self._deliver(due[0])]):
            return False
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(1, len(due), AT_ONCE):
                if time.monotonic() >= self._ends:
                    return True
                if not self._note([*pool.map(self._deliver, due[start : start + AT_ONCE])]):
                    return False
        return True

    def _send_in_order(self, due: Sequence[Owed]) -> bool:
        waiting: set[str] = set()
        for delivery in due:
            if delivery.subject in waiting:
                continue
            if time.monotonic() >= self._ends:
                return True
            pause = self._pause()
            if pause > LONGEST_PAUSE:
                self._paused_until = clock.now() + round(pause * 1000)
                return True
            time.sleep(pause)
            settled = self._deliver(delivery)
            if not self._note([settled]):
                return False
            if not settled.is_done and self._destination.options.ordered:
                waiting.add(delivery.subject)
        return True

    def _pause(self) -> float:
        """Return how many seconds the pace asks for before the next message."""
        per_second = self._destination.options.per_second
        if not per_second:
            return 0.0
        if not self._next_message:  # another sender may have sent one just now
            self._next_message = (
                time.monotonic() + 1 / per_second - max(0, clock.now() - self.health.last_success) / 1000
            )
        pause = max(0.0, self._next_message - time.monotonic())
        self._next_message = time.monotonic() + pause + 1 / per_second
        return pause

    def _deliver(self, delivery: Owed) -> Settled:
        return self._deliverer.deliver(self._destination, delivery)

    def _note(self, results: Sequence[Settled]) -> bool:
        """Note how the destination is doing after some attempts; return False if the others have to wait."""
        for settled in results:
            if settled.answer:
                self._judge(settled, settled.answer)
        return self.health.next_attempt <= clock.now() and not self.new_state

    def _judge(self, settled: Settled, answer: Answer) -> None:
        now = clock.now()
        match answer.meaning:
            case "taken":
                self._seconds.append(answer.seconds)
                self.health = Health(last_success=now, last_answer=str(answer), is_slow=self._is_slow())
            case "gone":
                self._tell(notices.gone(self._destination, self._settings.stack))
                self.new_state = {**notices.off("It answered 410 Gone.", now)}
            case meaning:
                failures = self.health.failures + 1
                is_out_of_order = meaning == "retry" or failures >= REFUSALS
                next_attempt = retry_at(failures, now, answer.retry_after) if is_out_of_order else 0
                self.health = replace(
                    self.health,
                    failing_since=self.health.failing_since or now,
                    failures=failures,
                    next_attempt=max(next_attempt, self.health.next_attempt),
                    last_answer=str(answer),
                )
                self._warn(now)
                if meaning == "refused":
                    self._refuse(settled, answer, now)

    def _refuse(self, settled: Settled, answer: Answer, now: int) -> None:
        """Have a delivery wait that the destination does not want; after the last attempt it is a dead letter."""
        attempts = settled.delivery.attempts + 1
        if attempts >= REFUSED_ATTEMPTS:
            self._table.bury(self._destination.id, settled.delivery, now, str(answer))
            self._metrics.add("destination_dead_letters")
            return
        next_at = retry_at(attempts, now, answer.retry_after)
        self._table.postpone(self._destination.id, settled.delivery, attempts, next_at)

    def _warn(self, now: int) -> None:
        notice = notices.due(self._destination, self.health, now, self._settings.stack)
        if not notice or not self._tell(notice):
            return
        if notice.percent == notices.SWITCHED_OFF:
            reason = f"It took nothing for {notices.SWITCH_OFF.days} days."
            self.new_state = {**notices.off(reason, now)}
        else:
            self.health = replace(self.health, told=notice.percent)

    def _tell(self, notice: notices.Notice) -> bool:
        """Tell operators; return whether that was possible."""
        try:
            notices.publish(notice, self._settings.operations_topic)
        except CALL_ERRORS as error:
            logger.warning("Operators could not be told of a destination: %s", error_reason(error))
            return False
        keys = {"destination": self._destination.name, "percent": notice.percent}
        logger.warning("Operators were told that a destination takes nothing.", extra=keys)
        return True

    def _is_slow(self) -> bool:
        mean = sum(self._seconds) / len(self._seconds)
        return mean > (QUICK_SECONDS if self.health.is_slow else SLOW_SECONDS)
