"""The table's stream as an outbox: publishes its events, and records what is still owed to which destination.

Test deliveries take the same way to a destination of their own.

An event that a destination rejects, or a destination that is unavailable, does not block anything else: after a few
attempts, the event's key goes to the publish dead-letter queue, from which functions/redrive/ has it published later.
Only events that this queue does not accept either are returned to the stream. Whatever a service does, the work ends
before the function's timeout: if Lambda had to end it, everything already published would be published again.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from hookswitch.aws import clients
from hookswitch.aws.clients import PATIENT, QUICK, Limits
from hookswitch.errors import RequestError
from hookswitch.events.attributes import Image
from hookswitch.events.kinds import EVENT, TEST
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.publishing import dead_letter_queue
from hookswitch.publishing.destination import Destination, Result, Status, StoredEvent
from hookswitch.receiving.requests import NoteRequest, NoteResult, PublishRequest, PublishResult, UnpublishedEvent
from hookswitch.settings.publishing import OutboxSettings

# Redrive waits 34 s for the response. After these seconds, publishing named events can take one more read and one more
# call to SNS, and noting keys one more call to the queue.
NAMED_SECONDS = 6
NOTE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """New events from the table's stream.

    Attributes:
        images: The items' attributes, by their records' sequence numbers.
    """

    images: Mapping[str, Image]

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Self:
        """Return what Lambda's stream mapping passes (AWS Lambda, "Using AWS Lambda with Amazon DynamoDB")."""
        changes = [record["dynamodb"] for record in event["Records"]]
        return cls({change["SequenceNumber"]: change["NewImage"] for change in changes})


@dataclass(frozen=True, slots=True)
class StreamBatchResult:
    """The result for a StreamBatch.

    Attributes:
        returned: Sequence numbers of the records for the stream to deliver again.
        owed: Keys of the events that a destination did not take, in whatever way they are kept.
    """

    returned: tuple[str, ...]
    owed: frozenset[str] = frozenset()

    def to_message(self) -> dict[str, Any]:
        """Return the partial batch response for Lambda's stream mapping."""
        return {"batchItemFailures": [{"itemIdentifier": number} for number in self.returned]}


type Request = StreamBatch | PublishRequest | NoteRequest


def read_request(event: Mapping[str, Any]) -> Request:
    """Return the typed request to the publish function, from the stream or from redrive.

    Raises:
        RequestError: The event is none of the three.
    """
    if "Records" in event:
        return StreamBatch.from_event(event)
    if "event_ids" in event:
        return PublishRequest.from_message(event)
    if "note" in event:
        return NoteRequest.from_message(event)
    raise RequestError("Publish expects a batch from the table's stream, or a request from redrive.")


class Outbox:
    """Publishes events to each destination, and notes what a destination did not accept."""

    def __init__(self, destinations: Sequence[Destination], settings: OutboxSettings, metrics: MetricsRecorder) -> None:
        """Prepare to publish; metrics count what a destination accepted."""
        self._settings = settings
        self._destinations = {destination.name: destination for destination in destinations}
        self._metrics = metrics

    def publish_batch(self, batch: StreamBatch, deadline: float) -> StreamBatchResult:
        """Publish new events to every destination, and return what the stream has to deliver again.

        Args:
            batch: The events.
            deadline: When the function times out, in `time.monotonic` seconds.
        """
        # The last call to a destination, and then the last one to the queue, have to end before the deadline.
        last_note = deadline - PATIENT.seconds
        stop_at = last_note - PATIENT.seconds
        owed = []
        for destination in self._destinations.values():
            images = [image for image in batch.images.values() if _kind(image) in destination.kinds]
            events, unreadable = _read_images(images)
            owed += [UnpublishedEvent(event_id, destination.name) for event_id in unreadable]
            owed += self._publish(events, destination, stop_at)
        lost = self._note(owed, last_note, PATIENT) if owed else []
        returned = {event.event_id for event in lost}
        return StreamBatchResult(
            tuple(number for number, image in batch.images.items() if image["event_id"]["S"] in returned),
            frozenset(event.event_id for event in owed),
        )

    def publish_named(self, request: PublishRequest) -> PublishResult:
        """Publish events from the table to the destination that they are still owed to.

        Raises:
            RequestError: The destination does not exist.
            KeyError: An event is no longer in the table: it expired or was deleted.
        """
        stop_at = time.monotonic() + NAMED_SECONDS
        destination = self._destinations.get(request.destination)
        if not destination:
            raise RequestError(f"This version of hookswitch does not publish to {request.destination}.")
        images = [self._read(event_id, destination) for event_id in request.event_ids]
        events, unreadable = _read_images(image for image in images if image and _kind(image) in destination.kinds)
        owed = self._publish(events, destination, stop_at)
        return PublishResult((*unreadable, *(event.event_id for event in owed)))

    def note(self, request: NoteRequest) -> NoteResult:
        """Note events and test deliveries as owed to every destination, without trying to publish them."""
        keys = {EVENT: request.event_ids, TEST: request.test_ids}
        owed = [
            UnpublishedEvent(event_id, destination.name)
            for destination in self._destinations.values()
            for kind in destination.kinds & keys.keys()
            for event_id in keys[kind]
        ]
        lost = self._note(owed, time.monotonic() + NOTE_SECONDS, QUICK)
        return NoteResult(tuple(dict.fromkeys(event.event_id for event in lost)))

    def _note(self, owed: Sequence[UnpublishedEvent], stop_at: float, limits: Limits) -> list[UnpublishedEvent]:
        return dead_letter_queue.add(owed, self._settings.publish_dead_letter_queue, stop_at, clients.sqs(limits))

    def _read(self, event_id: str, destination: Destination) -> Image | None:
        """Return an item; None for a test delivery that is gone, since nobody waits for it any more."""
        response = clients.dynamodb().get_item(
            TableName=self._settings.events_table, Key={"event_id": {"S": event_id}}, ConsistentRead=True
        )
        return response.get("Item") if TEST in destination.kinds else response["Item"]

    def _publish(
        self, events: Iterable[StoredEvent], destination: Destination, stop_at: float
    ) -> list[UnpublishedEvent]:
        """Publish events to one destination; return what it did not accept."""
        owed = []
        is_counted = EVENT in destination.kinds  # test deliveries and calls count nowhere
        if is_counted:
            self._metrics.add("unpublishable", 0)
        for result in destination.publish(events, stop_at):
            if result.status is Status.TAKEN:
                logger.info("Event published.", extra=result.event.log_keys)
            else:
                owed.append(UnpublishedEvent(result.event.event_id, destination.name))
            if is_counted:
                self._count(result)
        return owed

    def _count(self, result: Result) -> None:
        if result.status is Status.REFUSED:
            self._metrics.add("unpublishable")
        elif result.status is Status.TAKEN:
            self._metrics.add("published")
            if result.event.occurred_at is not None:
                self._metrics.add_delay("delay_to_published", result.event.occurred_at)


def _kind(image: Image) -> str:
    return image["kind"]["S"]


def _read_images(images: Iterable[Image]) -> tuple[list[StoredEvent], list[str]]:
    """Return the events in images, and the keys of images that are not events and must not block others."""
    events, unreadable = [], []
    for image in images:
        try:
            events.append(StoredEvent.from_image(image))
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            event_id = image["event_id"]["S"]
            logger.error("An item is not an event: %s", type(error).__name__, extra={"event_id": event_id})
            unreadable.append(event_id)
    return events, unreadable
