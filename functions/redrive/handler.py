"""Brings in what could not be kept or published at once, as soon as that is possible again.

Two queues lead here. The redrive queue has deliveries that DynamoDB did not take; each goes through its own hook
function again, which knows how to decode, check and store it. The publish dead-letter queue says which events
SNS did not take, by their keys; those go through the publish function. Where that function itself failed the queue has
Lambda's pointer to a stretch of the table's stream instead, which becomes one message for each of its events, so that
none waits for another, or is published again because of it.

A message that fails becomes visible again after a wait that doubles up to 15 minutes, and moves to the
dead-letter queue after a hundred tries, which is about a day. Whatever a service does, the function ends by itself: if
Lambda had to end it, the messages that it had brought in would come again.

Called with `{"quarantine": {"hook": ..., "since": ..., "until": ..., "dry_run": ...}}` it replays quarantined
deliveries instead: after a payload type was put right, say. See docs/healing.md.
"""

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, INVOKE_ANY, error_code
from hookswitch.backoff import jittered
from hookswitch.observability.log import log_fault, logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import ALIAS, HookFunctions
from hookswitch.reconcile.replay import Quarantine, Replay

FIRST_WAIT = 5  # seconds
LONGEST_WAIT = 900
RESERVE = 30  # seconds of the function's time in which no replay begins: a hook function may take 28
ENOUGH = 85  # seconds that bringing in a message takes at most, and telling SQS for five that they have to wait


class NotYetError(Exception):
    """A message can't be brought in now; it stays in its queue."""


class QueuedDelivery(BaseModel):
    """A delivery that DynamoDB did not take, and the function that is to receive it again."""

    model_config = ConfigDict(extra="forbid")
    function: str
    redelivery: dict[str, Any]


class UnpublishedEvent(BaseModel):
    """The key of an event that SNS did not take."""

    model_config = ConfigDict(extra="forbid")
    event_id: str


class StreamBatch(BaseModel):
    """A stretch of one shard of the table's stream (AWS Lambda, "Retain discarded batches")."""

    shard: str = Field(alias="shardId")
    stream: str = Field(alias="streamArn")
    start: str = Field(alias="startSequenceNumber")
    end: str = Field(alias="endSequenceNumber")


class FailedStreamBatch(BaseModel):
    """What Lambda sends when the publish function failed on a batch more often than it is retried."""

    batch: StreamBatch = Field(alias="DDBStreamBatchInfo")


_MESSAGE: TypeAdapter[QueuedDelivery | UnpublishedEvent | FailedStreamBatch] = TypeAdapter(
    QueuedDelivery | UnpublishedEvent | FailedStreamBatch
)
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Bring in a batch of SQS messages; what fails is reported alone and stays in its queue.

    Returns:
        The partial batch response of Lambda's queue mappings; for a replay what `Quarantine.replay` returns.
    """
    with MetricsRecorder() as measures:
        if "quarantine" in event:
            stop_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVE
            functions = HookFunctions(os.environ["STACK_ID"])
            quarantine = Quarantine(os.environ["EVENTS_TABLE"], functions, stop_at, measures)
            return quarantine.replay(Replay.of(event["quarantine"]))
        return process_partial_response(
            event=event, record_handler=partial(_bring_in, measures), processor=_processor, context=context
        )


def _bring_in(measures: MetricsRecorder, record: SQSRecord, lambda_context: LambdaContext) -> None:
    try:
        _try_to_bring_in(measures, record, lambda_context)
    except NotYetError:
        raise
    except Exception as error:
        log_fault(error)  # nobody else does: the batch processor catches it
        raise


def _try_to_bring_in(measures: MetricsRecorder, record: SQSRecord, lambda_context: LambdaContext) -> None:
    message = _MESSAGE.validate_json(record.body)
    with logger.append_context_keys(**_told(message)):
        try:
            _require_time(lambda_context)
            match message:
                case QueuedDelivery():
                    _deliver(message, measures)
                case UnpublishedEvent():
                    _publish(message.event_id, measures)
                case FailedStreamBatch():
                    _divide(message.batch)
        except NotYetError as error:
            wait = _wait(int(record.attributes.approximate_receive_count or 1))
            logger.warning("Not yet: %s Next try in %s s.", error, wait)
            _make_wait(record, wait)
            raise


def _told(message: QueuedDelivery | UnpublishedEvent | FailedStreamBatch) -> dict[str, Any]:
    """Return by what the lines about a message are found in the log."""
    match message:
        case QueuedDelivery():
            return {name: message.redelivery[name] for name in ("hook", "correlation_id") if name in message.redelivery}
        case UnpublishedEvent():
            return {"event_id": message.event_id}
        case FailedStreamBatch():
            return {"shard": message.batch.shard}


def _require_time(context: LambdaContext) -> None:
    if context.get_remaining_time_in_millis() < ENOUGH * 1000:
        raise NotYetError("others took too long.")


def _make_wait(record: SQSRecord, seconds: int) -> None:
    try:
        clients.sqs().change_message_visibility(
            QueueUrl=_queue_url(record.event_source_arn),
            ReceiptHandle=record.receipt_handle,
            VisibilityTimeout=seconds,
        )
    except CALL_ERRORS as error:
        logger.warning("It waits as long as its queue says: SQS can't be told (%s).", error_code(error))


def _deliver(message: QueuedDelivery, measures: MetricsRecorder) -> None:
    answer = _invoke(f"{message.function}:{ALIAS}", {"redelivery": message.redelivery})
    if answer["statusCode"] != 200:  # noqa: PLR2004 - what Dash would call a success
        raise NotYetError("the hook function could not keep the delivery.")
    logger.info("Delivery brought in.", extra=json.loads(answer["body"]))
    measures.add("redriven")


def _publish(event_id: str, measures: MetricsRecorder) -> None:
    if _invoke(os.environ["PUBLISH_FUNCTION"], {"event_ids": [event_id]})["unpublished"]:
        raise NotYetError("SNS does not take the event.")
    logger.info("Event published at last.", extra={"event_id": event_id})
    measures.add("redriven")


def _divide(batch: StreamBatch) -> None:
    """Have one message made of each event in a stretch of the stream."""
    try:
        event_ids = list(_events_in(batch))
    except CALL_ERRORS as error:
        raise NotYetError(f"the table's stream can't be read ({error_code(error)}).") from error
    if _invoke(os.environ["PUBLISH_FUNCTION"], {"note": event_ids})["unnoted"]:
        raise NotYetError("the queue does not take the events' keys.")
    logger.info("A failed batch is divided.", extra={"events": len(event_ids)})


def _invoke(function: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    try:
        answer = clients.lambda_(INVOKE_ANY).invoke(FunctionName=function, Payload=json.dumps(payload))
    except CALL_ERRORS as error:
        raise NotYetError(f"{function} can't be invoked ({error_code(error)}).") from error
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise NotYetError(f"{function} failed with {result.get('errorType', 'an error')}.")
    return result


def _events_in(batch: StreamBatch) -> Iterator[str]:
    """Yield the keys of the events in a stretch of the stream, which keeps its records for a day."""
    iterator: str | None = clients.dynamodb_streams().get_shard_iterator(
        StreamArn=batch.stream,
        ShardId=batch.shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch.start,
    )["ShardIterator"]
    while iterator:
        answer = clients.dynamodb_streams().get_records(ShardIterator=iterator)
        for record in answer["Records"]:
            change = record["dynamodb"]
            if record["eventName"] == "INSERT" and change["NewImage"]["kind"]["S"] == "event":
                yield change["NewImage"]["event_id"]["S"]
            if change["SequenceNumber"] == batch.end:
                return
        iterator = answer.get("NextShardIterator")


def _wait(receive_count: int) -> int:
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(receive_count - 1, 10))
    return math.ceil(jittered(longest))


def _queue_url(arn: str) -> str:
    name = arn.rpartition(":")[2]
    urls = (os.environ["REDRIVE_QUEUE_URL"], os.environ["PUBLISH_DEAD_LETTER_QUEUE_URL"])
    return next(url for url in urls if url.rpartition("/")[2] == name)
