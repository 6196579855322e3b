"""Delivers one event to one destination, and keeps the evidence.

A delivery is deleted only after it was taken. Whoever is ended in between leaves it, and it is sent again under its id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookswitch.destinations import clock
from hookswitch.destinations.answers import Answer
from hookswitch.destinations.filters import matches
from hookswitch.destinations.record import Destination
from hookswitch.destinations.rows import Attempt, Owed
from hookswitch.destinations.stored import read_image, to_event
from hookswitch.destinations.table import DestinationTable
from hookswitch.destinations.transports import send
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import SendSettings

EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a delivery.

    Attributes:
        delivery: The delivery.
        answer: What came of the attempt; None if there was nothing to send.
    """

    delivery: Owed
    answer: Answer | None = None

    @property
    def is_done(self) -> bool:
        """Whether the destination is no longer owed it."""
        return not self.answer or self.answer.meaning == "taken"


class Deliverer:
    """Delivers events. Every method raises ClientError or BotoCoreError if a service does not do its part."""

    def __init__(self, table: DestinationTable, settings: SendSettings, metrics: MetricsRecorder) -> None:
        """Prepare to deliver."""
        self._table, self._settings, self._metrics = table, settings, metrics

    def deliver(self, destination: Destination, delivery: Owed) -> Settled:
        """Send the event of a delivery, unless there is nothing to send any more."""
        event = self._event(destination, delivery)
        if event is None:
            self._table.settle(destination.id, delivery)
            return Settled(delivery)
        answer = self.attempt(destination, event, delivery)
        if answer.meaning == "taken":
            if delivery.once:
                self._table.note_sent(destination.id, delivery.key, clock.now())
            self._table.settle(destination.id, delivery)
        return Settled(delivery, answer)

    def attempt(
        self, destination: Destination, event: Mapping[str, Any], delivery: Owed, *, is_test: bool = False
    ) -> Answer:
        """Send an event once, and keep what came of it."""
        started = clock.now()
        answer = send(destination, event, self._settings.events_table, self._settings.test_hosts)
        number = 1 if is_test else max(destination.health.failures, delivery.attempts) + 1
        attempt = Attempt(
            at=started,
            key=delivery.key,
            event_id=str(event["id"]),
            number=number,
            outcome=answer.meaning,
            status=answer.status,
            answer=str(answer),
            milliseconds=round(answer.seconds * 1000),
            is_test=is_test,
        )
        self._table.note_attempt(destination.id, attempt)
        keys = {"destination": destination.name, "event_id": event["id"], "outcome": answer.meaning}
        logger.info("An event was sent to a destination.", extra=keys | {"status": answer.status})
        if not is_test:
            self._metrics.add("destination_deliveries" if answer.meaning == "taken" else "destination_failures")
        return answer

    def _event(self, destination: Destination, delivery: Owed) -> Mapping[str, Any] | None:
        """Return the event as it is now; None if it is not to be sent."""
        image = read_image(self._settings.events_table, delivery.key)
        if image is None:
            gone = Attempt(
                clock.now(), delivery.key, delivery.key, 1, EXPIRED, 0, "No longer in the table of events", 0
            )
            self._table.note_attempt(destination.id, gone)
            return None
        event = to_event(image, is_replay=delivery.replay)
        if not delivery.once or delivery.again:
            return event
        # A call may have become another one since: answered after all, a part of another call, or not over yet. It is
        # owed again when it is final.
        if not matches(destination.whole_filter, event) or self._table.was_sent(destination.id, delivery.key):
            return None
        return event
