"""What the calls function does: folds new events into calls, looks at calls again when time has passed, and publishes.

The function publishes what it writes by itself, so that a call that rings is told as fast as a raw event. If it fails
in between, its batch or message comes again, and the revision that it made is published then.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, PATIENT, error_reason
from hookswitch.calls.facts import Fact
from hookswitch.calls.items import OPEN_FEED
from hookswitch.calls.measurements import measurements
from hookswitch.calls.requests import BackfillRequest, CheckRequest, read_queue_message
from hookswitch.calls.story import SETTLE_SECONDS
from hookswitch.calls.table import CallTable
from hookswitch.calls.update import CallUpdater, Change, Mode
from hookswitch.errors import NotTakenError, StorageUnavailableError
from hookswitch.events.attributes import Image, item, plain
from hookswitch.events.kinds import CALL, EVENT
from hookswitch.observability.log import log_fault, logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.publishing.outbox import Outbox, StreamBatch, StreamBatchResult
from hookswitch.publishing.sns import SnsDestination
from hookswitch.receiving.requests import FailedStreamBatch
from hookswitch.receiving.stream import new_items
from hookswitch.settings.calls import CallsSettings
from hookswitch.settings.waits import WaitSettings

if TYPE_CHECKING:
    from hookswitch.calls.record import Call

LONGEST_DELAY = 900  # seconds that a message of SQS can wait at its sending (SQS, SendMessage)
MAX_ENTRIES = 10  # of a batch (SQS, SendMessageBatch)
MAX_CHECKS = 1_000  # in one sweep; the next one finds the rest


class Calls:
    """The work of one invocation."""

    def __init__(self, settings: CallsSettings, metrics: MetricsRecorder, deadline: float) -> None:
        """Prepare to work.

        Args:
            settings: The function's settings.
            metrics: Count the calls.
            deadline: When the function times out, in `time.monotonic` seconds.
        """
        self._settings = settings
        self._metrics = metrics
        self._deadline = deadline
        self._now = int(datetime.now(UTC).timestamp())
        self._settle_seconds = int(WaitSettings.from_environment().calls_settle or SETTLE_SECONDS)
        topic = SnsDestination(settings.events_topic, settings.events_table, PATIENT, kinds=[CALL])
        self._outbox = Outbox([topic], settings, metrics)
        self._table = CallTable(settings.events_table)

    def fold_batch(self, batch: StreamBatch) -> StreamBatchResult:
        """Fold new events into calls, and return what the stream has to deliver again."""
        facts = {number: fact for number, image in batch.images.items() if (fact := _fact(image))}
        undone = self._add(facts.values(), self._updater())
        return StreamBatchResult(tuple(number for number, fact in facts.items() if fact.event_id in undone))

    def carry_out(self, record: SQSRecord) -> None:
        """Do what a message of the calls queue asks for.

        Raises:
            NotTakenError: It can't be done now.
            LookupError, TypeError, ValueError: The message is not one of ours.
        """
        try:
            message = read_queue_message(record.body)
            match message:
                case CheckRequest():
                    self._check(message, f"check {record.message_id}")
                case FailedStreamBatch():
                    self._fold_again(message)
        except CALL_ERRORS as error:
            raise NotTakenError(f"A service did not accept a call ({error_reason(error)}).") from error
        except Exception as error:
            log_fault(error)  # nobody else does: the batch processor catches it
            raise

    def sweep(self) -> dict[str, int]:
        """Have all calls checked for which that is due, and return how many these are."""
        due = [
            CheckRequest(call.record["account_id"], call.record["legs"][0]["leg"], call.check_at)
            for call in self._table.calls_in(OPEN_FEED)
            if call.check_at is not None and call.check_at <= self._now
        ]
        self._request(due[:MAX_CHECKS])
        return {"checked": len(due[:MAX_CHECKS])}

    def backfill(self, request: BackfillRequest) -> dict[str, int]:
        """Make calls of stored events; return how many events and revisions that were, and how many are published.

        Raises:
            StorageUnavailableError, ClientError, BotoCoreError: See `CallUpdater.add`.
        """
        facts = [fact for image in self._table.images(request.event_ids) if (fact := _fact(image))]
        changes = [*self._updater("republish" if request.publishes else "backfill").add(facts)]
        lost = self._publish(changes) if request.publishes else set()
        if lost:
            raise StorageUnavailableError("Neither SNS nor the publish dead-letter queue took all calls.")
        self._request_checks(changes)
        return {
            "events": len(facts),
            "revisions": sum(change.is_new for change in changes),
            "published": len(changes) if request.publishes else 0,
        }

    def _updater(self, mode: Mode = "live") -> CallUpdater:
        return CallUpdater(
            self._table,
            self._settings.retention_days,
            self._now,
            settle_seconds=self._settle_seconds,
            mode=mode,
        )

    def _add(self, facts: Iterable[Fact], updater: CallUpdater) -> set[str]:
        """Fold facts, publish what changed, and return the ids of the events that are not done."""
        facts = [*facts]
        changes: list[Change] = []
        undone: set[str] = set()
        try:
            for change in updater.add(facts):
                changes.append(change)  # noqa: PERF402 - what was written is published, whatever follows
        except (*CALL_ERRORS, StorageUnavailableError) as error:
            logger.warning("Not all events could be folded into calls: %s", type(error).__name__)
            undone = {fact.event_id for fact in facts} - {cause for change in changes for cause in change.causes}
        return undone | self._finish(changes)

    def _check(self, request: CheckRequest, cause: str) -> None:
        """Look at a call; if the same message comes again, so does what it made. Another one is another cause."""
        changes = [*self._updater().check(request.account_id, request.leg, cause)]
        if self._finish(changes):
            raise NotTakenError("Neither SNS nor the publish dead-letter queue took the call.")

    def _fold_again(self, batch: FailedStreamBatch) -> None:
        images = [image for image in new_items(batch) if image.get("kind", {}).get("S") == EVENT]
        if self._add([fact for image in images if (fact := _fact(image))], self._updater()):
            raise NotTakenError("Not all events of a failed batch could be folded into calls.")
        logger.info("A failed batch is folded into calls.", extra={"events": len(images)})

    def _finish(self, changes: list[Change]) -> set[str]:
        """Count and publish changes, have calls checked later, and return the causes of what was not published."""
        for change in changes:
            self._metrics.add("call_revisions")
            if change.is_settled_now:
                with MetricsRecorder() as metrics:  # of its own, since a dimension has one value in a recorder
                    for measurement in measurements(cast("Call", change.item["payload"])):
                        metrics.add(measurement.name, measurement.value, **measurement.dimensions)
        lost = self._publish(changes)
        self._request_checks(changes)
        return lost

    def _publish(self, changes: Iterable[Change]) -> set[str]:
        left = {(change.item["event_id"], change.item["revision"]): change for change in changes}
        lost: set[str] = set()
        while left:  # one revision of each call at a time, since messages of a batch have distinct keys
            batch = {str(call): change for (call, _), change in reversed(left.items())}
            images = {call: item(change.item) for call, change in batch.items()}
            result = self._outbox.publish_batch(StreamBatch(images), self._deadline)
            lost |= {cause for call in result.returned for cause in batch[call].causes}
            self._note_alerts(change for call, change in batch.items() if call not in result.owed)
            left = {key: change for key, change in left.items() if batch[str(key[0])] is not change}
        return lost

    def _note_alerts(self, published: Iterable[Change]) -> None:
        """Note to which calls people were alerted. Until that is noted, each further revision alerts once more."""
        for change in published:
            if change.item["alert"]:
                try:
                    self._table.set_alerted(cast("Call", change.item["payload"])["call"])
                except CALL_ERRORS as error:
                    logger.warning("An alert could not be noted (%s). It may be repeated.", error_reason(error))

    def _request_checks(self, changes: Iterable[Change]) -> None:
        """Have calls that have ended checked when they settle. What this can't do, a sweep does."""
        self._request(
            CheckRequest(str(change.item["account_id"]), change.leg, change.check_at)
            for change in changes
            if change.check_at is not None and change.item["state"] == "ended"
        )

    def _request(self, requests: Iterable[CheckRequest]) -> None:
        wanted = [*dict.fromkeys(requests)]
        for start in range(0, len(wanted), MAX_ENTRIES):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": json.dumps(request.to_message()),
                    "DelaySeconds": min(LONGEST_DELAY, max(0, request.due - self._now + 1)),
                }
                for number, request in enumerate(wanted[start : start + MAX_ENTRIES])
            ]
            try:
                clients.sqs().send_message_batch(QueueUrl=self._settings.calls_queue, Entries=cast("Any", entries))
            except CALL_ERRORS as error:
                logger.warning("The calls queue did not accept checks: %s", error_reason(error))
                return


def _fact(image: Image) -> Fact | None:
    """Return the fact in an event's attributes; None if it says nothing about a call, or can't be read."""
    try:
        return Fact.from_item({name: plain(value) for name, value in image.items()})
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        keys: Mapping[str, str] = {"event_id": image["event_id"]["S"]}
        logger.error("An event can't be a part of a call: %s", type(error).__name__, extra=keys)
        return None
