"""Publishes stored events: new ones that the table's stream brings, and those that redrive names."""

import time
from collections.abc import Mapping
from typing import Any

from hookswitch.aws.clients import PATIENT, PATIENT_ONCE
from hookswitch.events.kinds import TEST
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.publishing.outbox import Outbox, StreamBatch, read_request
from hookswitch.publishing.sns import SnsDestination
from hookswitch.receiving.requests import TEST_SNS, PublishRequest
from hookswitch.settings.publishing import PublishSettings


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Publish a batch of the stream, or do what a PublishRequest or a NoteRequest asks for.

    Returns:
        The message of a StreamBatchResult, a PublishResult or a NoteResult.
    """
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    request, settings = read_request(event), PublishSettings.from_environment()
    # Redrive itself tries again, so what it asks for gets one try.
    limits = PATIENT if isinstance(request, StreamBatch) else PATIENT_ONCE
    with MetricsRecorder() as metrics:
        destinations = [
            SnsDestination(settings.events_topic, settings.events_table, limits),
            SnsDestination(settings.test_topic, settings.events_table, limits, name=TEST_SNS, kinds=[TEST]),
        ]
        outbox = Outbox(destinations, settings, metrics)
        match request:
            case StreamBatch():
                return outbox.publish_batch(request, deadline).to_message()
            case PublishRequest():
                return outbox.publish_named(request).to_message()
            case _:
                return outbox.note(request).to_message()
