"""What the send function does: lets one sender at a time work for each destination.

A message that wakes a sender is done when somebody has seen to what it is about, or certainly will. While a destination
waits for its next attempt, one message waits for it in the queue, hidden until then (SQS, ChangeMessageVisibility).
docs/engineering/decisions/0089-destinations.md has the argument why nothing is forgotten.
"""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.destinations import clock
from hookswitch.destinations.deliver import Deliverer
from hookswitch.destinations.formats.samples import test_event
from hookswitch.destinations.leases import Lease, Leases, Standing
from hookswitch.destinations.meanwhile import Meanwhile
from hookswitch.destinations.record import Destination
from hookswitch.destinations.requests import Test, Tested
from hookswitch.destinations.rows import LIVE, Owed
from hookswitch.destinations.table import DestinationTable
from hookswitch.destinations.turn import Next, Turn
from hookswitch.destinations.waking import FAULT_WAIT, WakeUp, fault_wait, hide, is_prompt, wake
from hookswitch.destinations.waking import send as wake_up
from hookswitch.errors import NotTakenError, UnavailableServiceError, UnknownDestinationError
from hookswitch.observability.log import log_fault, logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import SendSettings

SOON = 3  # seconds after which a message is looked at again that another sender may not have seen to
SKEW = 2_000  # milliseconds by which the clocks of two functions may differ
OVERDUE = 600_000  # milliseconds after which the message that should have come for an attempt counts as lost


@dataclass(frozen=True, slots=True)
class Waits:
    """What a message does instead of being done: it stays in the queue, hidden for some seconds."""

    seconds: int


class Sender:
    """Sends what destinations are owed."""

    def __init__(self, settings: SendSettings, metrics: MetricsRecorder) -> None:
        """Prepare to send."""
        self._settings, self._metrics = settings, metrics
        self._table = DestinationTable(settings.destinations_table)
        self._leases = Leases(settings.destinations_table)

    def carry_out_several(self, record: SQSRecord) -> None:
        """Do what a message asks for, and what others of its queue ask for while that keeps the sender waiting.

        Raises:
            NotTakenError: See `carry_out`.
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        Meanwhile(self.carry_out, self._queue(record)).carry_out(record)

    def carry_out(self, record: SQSRecord) -> None:
        """Do what a message of one of the queues asks for.

        Raises:
            NotTakenError: The message has to stay in the queue; how long it is hidden is set.
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        try:
            asked = WakeUp.from_body(record.body)
            logger.thread_safe_append_keys(destination=asked.name)
            waits = self._try(asked, record)
        except Exception as error:
            log_fault(error)  # nobody else does: the batch processor catches it
            raise
        finally:
            logger.thread_safe_remove_keys(["destination"])
        if waits:
            hide(record, self._queue(record), waits.seconds)
            raise NotTakenError("The destination is looked at again later.")

    def test(self, request: Test) -> Tested:
        """Send a sample to a destination, whatever its state. If it is taken, what the destination is owed is sent.

        Raises:
            UnknownDestinationError: There is none of that name.
            ClientError, BotoCoreError: A service does not accept a call.
        """
        standing = self._table.find(request.name)
        if not standing:
            raise UnknownDestinationError(f"There is no destination named {request.name}.")
        event = test_event(uuid4().hex, self._settings.account_id, datetime.now(UTC))
        nothing = Owed(str(event["id"]), LIVE, "", "", clock.now(), "")
        deliverer = Deliverer(self._table, self._settings, self._metrics)
        answer = deliverer.attempt(standing.destination, event, nothing, is_test=True)
        if answer.meaning == "taken" and standing.destination.state == "on":
            self._go_on(standing.destination)
        return Tested(
            outcome=answer.meaning,
            status=answer.status,
            answer=str(answer),
            milliseconds=round(answer.seconds * 1000),
        )

    def _go_on(self, destination: Destination) -> None:
        """Note that a destination works, and have somebody send what it is owed."""
        works = replace(destination.health.without_failures(), last_success=clock.now())
        if self._table.change(destination.name, destination.id, {**asdict(works), "changed_at": clock.now()}):
            queues = self._settings.send_queue, self._settings.retry_queue
            wake([replace(destination, health=works)], clock.now(), *queues)

    def _try(self, asked: WakeUp, record: SQSRecord) -> Waits | None:
        try:
            return self._see_to(asked, record.message_id, is_prompt_queue=self._is_prompt_queue(record))
        except CALL_ERRORS as error:
            logger.warning("A service did not do its part: %s", error_reason(error))
        except UnavailableServiceError as error:
            logger.warning("A service did not do its part: %s", error)
        return Waits(fault_wait(record))

    def _see_to(self, asked: WakeUp, message: str, *, is_prompt_queue: bool) -> Waits | None:
        found = self._leases.take(asked.name, asked.destination_id, message, uuid4().hex, clock.now())
        match found:
            case None:  # it was removed
                return None
            case Standing():
                return self._stand_back(found, asked, message)
        return self._work(found, message, is_prompt_queue=is_prompt_queue)

    def _stand_back(self, standing: Standing, asked: WakeUp, message: str) -> Waits | None:
        """Tell what a message does that can't have the lease."""
        now, destination = clock.now(), standing.destination
        if destination.state != "on":
            return None  # whoever switches it on wakes a sender
        if standing.lease_until >= now:
            # Whoever holds the lease reads what is owed until nothing is, or has another turn; if he is ended, the
            # message that he has it from comes again. So that one must stay, and the one that others rely on.
            is_needed = message in {standing.woken_by, standing.kept}
            return Waits(SOON) if is_needed or asked.at + SKEW >= standing.queried_at else None
        if standing.kept and standing.kept != message and standing.kept_until > now - OVERDUE:
            return None  # the message that waits for the attempt sees to this, too
        next_attempt = destination.health.next_attempt
        if not self._leases.keep(destination.name, destination.id, message, next_attempt, standing.kept):
            return Waits(SOON)
        return Waits(_seconds_until(next_attempt))

    def _work(self, lease: Lease, message: str, *, is_prompt_queue: bool) -> Waits | None:
        """Use the lease, and tell what the message does that got it."""
        destination = lease.standing.destination
        turn = Turn(lease, self._leases, self._table, self._settings, self._metrics)
        try:
            if is_prompt_queue and not is_prompt(destination.health):
                following = Next(is_due=True)  # it must not occupy a sender of those that answer quickly
            else:
                following = turn.carry_out(with_past=not is_prompt_queue)
        except (*CALL_ERRORS, UnavailableServiceError):
            self._finish(lease, Next(clock.now() + FAULT_WAIT * 1000), message, turn)
            raise
        if following.is_due:
            is_quick = is_prompt(turn.health) and not following.is_past
            wake_up(self._settings.send_queue if is_quick else self._settings.retry_queue, [destination], clock.now())
        return self._finish(lease, following, message, turn)

    def _finish(self, lease: Lease, following: Next, message: str, turn: Turn) -> Waits | None:
        """End the lease, and decide whether this message waits for what is due later, or another one does."""
        now, standing = clock.now(), lease.standing
        kept, kept_until = "", 0
        waits = None
        if following.at and not following.is_due:
            is_seen_to = standing.kept and standing.kept != message and now < standing.kept_until <= following.at
            kept, kept_until = (standing.kept, standing.kept_until) if is_seen_to else (message, following.at)
            waits = None if is_seen_to else Waits(_seconds_until(following.at))
        if not self._leases.finish(lease, turn.health, kept=kept, kept_until=kept_until, state=turn.new_state):
            logger.warning("A lease ended before its sender did.")
            return Waits(SOON)
        return waits

    def _queue(self, record: SQSRecord) -> str:
        return self._settings.send_queue if self._is_prompt_queue(record) else self._settings.retry_queue

    def _is_prompt_queue(self, record: SQSRecord) -> bool:
        return record.event_source_arn.rpartition(":")[2] == self._settings.send_queue.rpartition("/")[2]


def _seconds_until(at: int) -> int:
    return max(1, -(-(at - clock.now()) // 1000))
