"""Redrives one message of a queue: what could not be stored or published at once is tried again.

The redrive queue holds deliveries that DynamoDB did not take; each goes through its own hook function again, which
knows how to decode, check and store it. The publish dead-letter queue names events that a destination did not take;
those go through the publish function. Where that function itself failed, the queue has Lambda's pointer to a stretch of
the table's stream instead, which becomes one message for each of its events, so that none waits for another or is
published again because of it.

A message that fails becomes visible again after a wait that doubles up to 15 minutes, and moves to the dead-letter
queue after a hundred receives, which takes about a day. Whatever a service does, the work ends by itself: if Lambda had
to end it, the messages that were done would come again.
"""

import math
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.aws import clients
from hookswitch.aws.backoff import jittered
from hookswitch.aws.clients import CALL_ERRORS, INVOKE_ANY, error_reason
from hookswitch.errors import NotTakenError
from hookswitch.events.kinds import EVENT, TEST
from hookswitch.observability.log import log_fault, logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import ALIAS, invoke
from hookswitch.receiving.redelivery import Redelivery, RedeliveryResult
from hookswitch.receiving.requests import (
    FailedStreamBatch,
    NoteRequest,
    NoteResult,
    PublishRequest,
    PublishResult,
    QueuedDelivery,
    UnpublishedEvent,
    read_queue_message,
)
from hookswitch.receiving.stream import new_items
from hookswitch.settings.publishing import RedriveSettings

FIRST_WAIT = 5  # seconds
LONGEST_WAIT = 900
MESSAGE_SECONDS = 85  # that a message takes at most, with the calls of SQS for five messages that have to wait


def redrive(metrics: MetricsRecorder, record: SQSRecord, lambda_context: LambdaContext) -> None:
    """Redrive a message of the redrive queue or the publish dead-letter queue.

    Raises:
        NotTakenError: It can't be done now; the message stays in its queue, and how long it waits is set.
        LookupError, TypeError, ValueError: The message is not one of ours.
    """
    try:
        message = read_queue_message(record.body)
        with logger.append_context_keys(**_log_keys(message)):
            try:
                _require_time(lambda_context)
                _carry_out(message, metrics)
            except NotTakenError as error:
                wait = wait_seconds(int(record.attributes.approximate_receive_count or 1))
                logger.warning("Not yet: %s Next try in %s s.", error, wait)
                _delay(record, wait)
                raise
    except NotTakenError:
        raise
    except Exception as error:
        log_fault(error)  # nobody else does: the batch processor catches it
        raise


def wait_seconds(receive_count: int) -> int:
    """Return how long a message waits that has been received so often: at least half of a doubling time."""
    return math.ceil(jittered(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(receive_count - 1, 10))))


def _log_keys(message: QueuedDelivery | UnpublishedEvent | FailedStreamBatch) -> dict[str, Any]:
    match message:
        case QueuedDelivery():
            keys = {"hook": message.delivery.hook, "correlation_id": message.delivery.correlation_id}
            return {name: value for name, value in keys.items() if value}
        case UnpublishedEvent():
            return {"event_id": message.event_id}
        case FailedStreamBatch():
            return {"shard": message.shard}


def _require_time(context: LambdaContext) -> None:
    if context.get_remaining_time_in_millis() < MESSAGE_SECONDS * 1000:
        raise NotTakenError("Other messages took too long.")


def _carry_out(message: QueuedDelivery | UnpublishedEvent | FailedStreamBatch, metrics: MetricsRecorder) -> None:
    match message:
        case QueuedDelivery():
            _redeliver(message)
            metrics.add("redriven")
        case UnpublishedEvent():
            _publish(message)
            metrics.add("redriven")
        case FailedStreamBatch():
            _divide(message)


def _redeliver(message: QueuedDelivery) -> None:
    """Have a hook function store a delivery."""
    response = invoke(f"{message.function}:{ALIAS}", Redelivery(message.delivery).to_message(), INVOKE_ANY)
    result = RedeliveryResult.from_response(response)
    logger.info("Delivery redelivered.", extra=result.to_message())


def _publish(message: UnpublishedEvent) -> None:
    """Have the publish function publish an event."""
    response = _invoke_publish(PublishRequest((message.event_id,), message.destination))
    if PublishResult.from_message(response).unpublished:
        raise NotTakenError(f"{message.destination} does not take the event.")
    logger.info("Event published at last.", extra={"event_id": message.event_id})


def _divide(batch: FailedStreamBatch) -> None:
    """Have the publish function make one message of each event in a stretch of the stream."""
    try:
        new = [_key_and_kind(image) for image in new_items(batch)]
    except CALL_ERRORS as error:
        raise NotTakenError(f"The table's stream can't be read ({error_reason(error)}).") from error
    event_ids, test_ids = (tuple(key for key, kind in new if kind == wanted) for wanted in (EVENT, TEST))
    response = _invoke_publish(NoteRequest(event_ids, test_ids))
    if NoteResult.from_message(response).unnoted:
        raise NotTakenError("The publish dead-letter queue does not take the events' keys.")
    logger.info("A failed batch is divided.", extra={"events": len(event_ids) + len(test_ids)})


def _invoke_publish(request: PublishRequest | NoteRequest) -> dict[str, Any]:
    return invoke(RedriveSettings.from_environment().publish_function, request.to_message(), INVOKE_ANY)


def _key_and_kind(image: Mapping[str, Any]) -> tuple[str, str]:
    return image["event_id"]["S"], image.get("kind", {}).get("S", "")  # the state of reconcile has no kind


def _delay(record: SQSRecord, seconds: int) -> None:
    """Keep a message invisible for some seconds, instead of for as long as its queue says."""
    try:
        clients.sqs().change_message_visibility(
            QueueUrl=_queue_url(record.event_source_arn),
            ReceiptHandle=record.receipt_handle,
            VisibilityTimeout=seconds,
        )
    except CALL_ERRORS as error:
        logger.warning(
            "The message waits as long as its queue says: SQS did not take a delay (%s).", error_reason(error)
        )


def _queue_url(arn: str) -> str:
    name = arn.rpartition(":")[2]
    settings = RedriveSettings.from_environment()
    urls = (settings.redrive_queue, settings.publish_dead_letter_queue)
    return next(url for url in urls if url.rpartition("/")[2] == name)
