"""SNS topics as destinations of events, and of test deliveries."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, override

from hookswitch.aws import clients
from hookswitch.aws.backoff import jittered
from hookswitch.aws.clients import CALL_ERRORS, PATIENT, Limits, error_code
from hookswitch.events.kinds import CALL, EVENT, IMPORTED
from hookswitch.observability.log import logger
from hookswitch.publishing.destination import Destination, Result, Status, StoredEvent
from hookswitch.publishing.sns_message import batches, to_entry, without_data
from hookswitch.receiving.requests import SNS

if TYPE_CHECKING:
    from types_boto3_sns.type_defs import BatchResultErrorEntryTypeDef

    from hookswitch.publishing.sns_message import Entry

# Kinds of items that are published on the topic of events. The stream's filter leaves imported ones out.
PUBLISHED = (EVENT, CALL, IMPORTED)
TRIES = 3  # for an event that SNS fails to accept from a batch
_RETRY_SECONDS = 0.3

# Errors of a whole call that are about its content, not about the topic, the key, the role or SNS itself (SNS,
# PublishBatch, "Errors"): one of the entries is the cause, and the others can be published.
_ABOUT_CONTENT = {"BatchRequestTooLong", "InvalidBatchEntryId", "InvalidParameter", "InvalidParameterValue"}
_ABOUT_CONTENT |= {"MessageTooLong", "ParameterValueInvalid", "ValidationException"}

# Parts of error codes that SNS may call the sender's fault, but that are temporary or that an operator can fix.
_NOT_ABOUT_CONTENT = ("KMS", "Throttl", "TooManyRequests", "Authorization", "Security", "Disabled", "NotFound")


class SnsDestination(Destination):
    """A topic: by default that of events.

    An event that SNS rejects because of its content is sent once more without its data. If SNS rejects that too, no
    retry will help. When a whole call fails because of its content, its events are sent one by one. An event that SNS
    fails to accept for another reason is retried a few times. When a whole call fails for another reason, after the
    SDK's own retries, SNS counts as unavailable, and the remaining events are not sent.
    """

    def __init__(
        self, topic_arn: str, table: str, limits: Limits = PATIENT, *, name: str = SNS, kinds: Iterable[str] = PUBLISHED
    ) -> None:
        """Prepare to publish events from a table to a topic, within these time limits per call."""
        self.table = table
        self.name, self.kinds = name, frozenset(kinds)
        self._topic_arn, self._limits = topic_arn, limits

    @override
    def publish(self, events: Iterable[StoredEvent], stop_at: float) -> Iterator[Result]:
        publication = _Publication(self, stop_at)
        yield from publication.prepare(events)
        yield from publication.carry_out()

    def send(self, batch: list["Entry"]) -> "Mapping[str, BatchResultErrorEntryTypeDef]":
        """Publish a batch; return the entries that SNS did not accept, by their ids.

        Raises:
            ClientError, BotoCoreError: SNS did not accept any entry.
        """
        client = clients.sns(self._limits)
        response = client.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=batch)
        return {failure["Id"]: failure for failure in response["Failed"]}


class _Publication:
    """The work of one call of `publish`: the events without a result yet, and the batches to send."""

    def __init__(self, destination: SnsDestination, stop_at: float) -> None:
        self._destination, self._stop_at = destination, stop_at
        self._pending: dict[str, StoredEvent] = {}
        self._entries: dict[str, Entry] = {}
        self._batches: deque[list[Entry]] = deque()
        self._without_data: set[str] = set()

    def prepare(self, events: Iterable[StoredEvent]) -> Iterator[Result]:
        """Create the entries; yield a result for each event that can't be an entry."""
        for event in events:
            try:
                self._entries[event.event_id] = to_entry(event.item, self._destination.table)
                self._pending[event.event_id] = event
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                yield self._refused(event, type(error).__name__)

    def carry_out(self) -> Iterator[Result]:
        """Send all entries, and yield a result for each event."""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(jittered(_RETRY_SECONDS * attempt, least=1 / 3))
            self._batches.extend(batches([self._entries[event_id] for event_id in self._pending]))
            while self._batches:
                reason = ""
                if time.monotonic() >= self._stop_at:
                    reason = "too slow"
                else:
                    try:
                        yield from self._publish(self._batches.popleft())
                    except CALL_ERRORS as error:
                        reason = error_code(error)
                if reason:
                    logger.warning("SNS does not accept messages: %s", reason, extra={"left": len(self._pending)})
                    yield from self._not_reached(reason)
                    return
            if not self._pending:
                return
        yield from self._not_reached("failed repeatedly")

    def _publish(self, batch: list["Entry"]) -> Iterator[Result]:
        """Send one batch.

        Raises:
            ClientError, BotoCoreError: SNS accepts nothing.
        """
        failures: Mapping[str, BatchResultErrorEntryTypeDef]
        try:
            failures = self._destination.send(batch)
        except CALL_ERRORS as error:
            code = error_code(error)
            if code not in _ABOUT_CONTENT:
                raise
            if len(batch) > 1:
                self._batches.extendleft([entry] for entry in reversed(batch))
                return
            failures = {batch[0]["Id"]: {"Id": batch[0]["Id"], "Code": code, "SenderFault": True}}
        for entry in batch:
            event_id = entry["Id"]
            failure = failures.get(event_id)
            if not failure:
                yield Result(self._pending.pop(event_id), Status.TAKEN)
            elif _is_about_content(failure):
                yield from self._try_without_data(event_id, failure["Code"])
            else:
                keys = self._pending[event_id].log_keys
                logger.warning("SNS did not accept an event: %s", failure["Code"], extra=keys)

    def _try_without_data(self, event_id: str, code: str) -> Iterator[Result]:
        event = self._pending[event_id]
        entry = without_data(event.item, self._destination.table)
        if event_id in self._without_data or entry == self._entries[event_id]:
            yield self._refused(self._pending.pop(event_id), code)
            return
        logger.warning("SNS rejected an event: %s. It is sent again without its data.", code, extra=event.log_keys)
        self._without_data.add(event_id)
        self._entries[event_id] = entry
        self._batches.append([entry])

    def _not_reached(self, reason: str) -> Iterator[Result]:
        yield from (Result(event, Status.NOT_REACHED, reason) for event in self._pending.values())

    @staticmethod
    def _refused(event: StoredEvent, reason: str) -> Result:
        logger.error("SNS will never accept an event: %s", reason, extra=event.log_keys)
        return Result(event, Status.REFUSED, reason)


def _is_about_content(failure: "BatchResultErrorEntryTypeDef") -> bool:
    """Tell whether SNS rejected an entry because of its content, so that no retry will help."""
    code = failure["Code"]
    return code in _ABOUT_CONTENT or (
        failure["SenderFault"] and not any(part.lower() in code.lower() for part in _NOT_ABOUT_CONTENT)
    )
