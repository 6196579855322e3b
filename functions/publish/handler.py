"""Publishes what is written to the table: stream records in, SNS messages out.

The stream is the outbox. SNS refusing an event, or being away, holds up no other: what SNS did not take after a
few tries is noted, by its key, in the publish dead-letter queue, from which functions/redrive/ has it published
later. Only what that queue does not take either is given back to the stream. Whatever a service does, the function
ends by itself: if Lambda had to end it, all that it had published would be published again.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from boto3.dynamodb.types import TypeDeserializer

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, PATIENT, PATIENT_ONCE, Limits, error_code
from hookswitch.backoff import jittered
from hookswitch.events.cloudevent import MAX_MESSAGE, entry_of, size_of
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder

if TYPE_CHECKING:
    from types_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef
    from types_boto3_sqs.client import SQSClient

MAX_ENTRIES = 10  # of one batch, for SNS and SQS alike
TRIES = 3

READ_FOR = 6  # seconds in which named events are read, and SNS is asked, so that redrive (34 s) gets an answer
NOTE_FOR = 20  # the same for keys that are only noted: a call of the queue takes seven more

_DESERIALIZE = TypeDeserializer().deserialize


@dataclass(frozen=True, slots=True)
class About:
    """What is logged and measured of an event.

    Attributes:
        keys: By which its lines in the log are found.
        occurred_at: In Unix seconds; None for one that was recovered, whose delay is not of our making.
    """

    keys: dict[str, str]
    occurred_at: float | None

    @classmethod
    def of(cls, image: Mapping[str, Any]) -> Self:
        """Return what is in an item, given as DynamoDB attribute values.

        Raises:
            LookupError, ValueError: The item does not say when the event occurred.
        """
        keys = {name: image[name]["S"] for name in ("event_id", "hook", "call_id", "correlation_id") if name in image}
        occurred_at = datetime.fromisoformat(image["occurred_at"]["S"]).timestamp()
        return cls(keys, None if "recovered" in image else occurred_at)

    def published(self, measures: MetricsRecorder) -> None:
        """Log and count that it is published."""
        logger.info("Event published.", extra=self.keys)
        measures.add("published")
        if self.occurred_at is not None:
            measures.add_delay("delay_to_published", self.occurred_at)


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Publish stream records, `{"Records": [...]}`, or events that redrive names, `{"event_ids": [...]}`.

    With `{"note": [...]}` it only puts those keys into the publish dead-letter queue, one a message.

    Returns:
        For records the partial batch response of Lambda's stream mappings; for named events
        `{"unpublished": [...]}`, the keys that SNS did not take this time either; for keys to be noted
        `{"unnoted": [...]}`.
    """
    now = time.monotonic()
    if "event_ids" in event:
        images = [_read(event_id) for event_id in event["event_ids"]]
        with MetricsRecorder() as measures:
            unpublished = publish(images, measures, now + READ_FOR, PATIENT_ONCE)  # redrive is what tries again
        return {"unpublished": unpublished}
    if "note" in event:
        return {"unnoted": _note(event["note"], now + NOTE_FOR, clients.sqs())}
    # The last call of SNS, and then the last one of the queue, have to end before the function's time does.
    last_note = now + context.get_remaining_time_in_millis() / 1000 - PATIENT.seconds
    records = {record["dynamodb"]["NewImage"]["event_id"]["S"]: record["dynamodb"] for record in event["Records"]}
    with MetricsRecorder() as measures:
        unpublished = publish(
            [record["NewImage"] for record in records.values()], measures, last_note - PATIENT.seconds
        )
    return {
        "batchItemFailures": [
            {"itemIdentifier": records[event_id]["SequenceNumber"]}
            for event_id in (_note(unpublished, last_note, clients.sqs(PATIENT)) if unpublished else ())
        ]
    }


def publish(
    images: Iterable[Mapping[str, Any]], measures: MetricsRecorder, stop_at: float, limits: Limits = PATIENT
) -> list[str]:
    """Publish items and return the keys of those that are not published.

    What SNS refuses out of a batch is tried again alone. When a whole call fails, after the SDK's own retries,
    SNS is taken to be away, and the rest is not tried. An item that can't be made a message holds up no other.

    Args:
        images: As DynamoDB attribute values.
        measures: Take what is published.
        stop_at: When to begin no other call, as `time.monotonic` counts.
        limits: How long SNS may take, and how often the SDK tries a call.
    """
    pending: dict[str, PublishBatchRequestEntryTypeDef] = {}
    about: dict[str, About] = {}
    unpublished: list[str] = []
    for image in images:
        event_id = image["event_id"]["S"]
        try:
            about[event_id] = About.of(image)
            pending[event_id] = entry_of({name: _DESERIALIZE(value) for name, value in image.items()})
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            logger.error("An item is no event: %s", type(error).__name__, extra={"event_id": event_id})
            unpublished.append(event_id)
    return [*unpublished, *_published_but(pending, about, measures, stop_at, limits)]


def _published_but(
    pending: dict[str, "PublishBatchRequestEntryTypeDef"],
    about: Mapping[str, About],
    measures: MetricsRecorder,
    stop_at: float,
    limits: Limits,
) -> list[str]:
    for attempt in range(TRIES):
        if attempt:
            time.sleep(jittered(0.3 * attempt, least=1 / 3))
        for batch in batches(pending.values()):
            if time.monotonic() >= stop_at:
                logger.warning("SNS is too slow for so many events.", extra={"left": len(pending)})
                return list(pending)
            try:
                answer = clients.sns(limits).publish_batch(
                    TopicArn=os.environ["EVENTS_TOPIC_ARN"], PublishBatchRequestEntries=batch
                )
            except CALL_ERRORS as error:
                logger.warning("SNS takes no messages: %s", error_code(error))
                return list(pending)
            for success in answer["Successful"]:
                del pending[success["Id"]]
                about[success["Id"]].published(measures)
            for failure in answer["Failed"]:
                logger.warning("SNS refused an event: %s", failure["Code"], extra=about[failure["Id"]].keys)
        if not pending:
            break
    return list(pending)


def batches(
    entries: Iterable["PublishBatchRequestEntryTypeDef"],
) -> list[list["PublishBatchRequestEntryTypeDef"]]:
    """Divide entries, in order, into batches that SNS takes: MAX_ENTRIES and MAX_MESSAGE bytes at most."""
    found: list[list[PublishBatchRequestEntryTypeDef]] = []
    room = 0
    for entry in entries:
        size = size_of(entry)
        if size > room or len(found[-1]) == MAX_ENTRIES:
            found.append([])
            room = MAX_MESSAGE
        found[-1].append(entry)
        room -= size
    return found


def _note(event_ids: list[str], stop_at: float, sqs: "SQSClient") -> list[str]:
    """Put keys into the publish dead-letter queue, one a message, and return those that it did not take.

    No call begins after `stop_at` (`time.monotonic`), nor after one that failed.
    """
    for start in range(0, len(event_ids), MAX_ENTRIES):
        chunk, rest = event_ids[start : start + MAX_ENTRIES], event_ids[start + MAX_ENTRIES :]
        why = "it is too slow"
        refused = set(range(len(chunk)))
        if time.monotonic() < stop_at:
            try:
                answer = sqs.send_message_batch(
                    QueueUrl=os.environ["PUBLISH_DEAD_LETTER_QUEUE_URL"],
                    Entries=[
                        {"Id": str(number), "MessageBody": json.dumps({"event_id": event_id})}
                        for number, event_id in enumerate(chunk)
                    ],
                )
                refused = {int(failure["Id"]) for failure in answer.get("Failed", ())}
                why = "it refused them"
            except CALL_ERRORS as error:
                why = error_code(error)
        if refused:
            logger.error("The publish dead-letter queue did not take all keys: %s", why)
            return [*(chunk[number] for number in sorted(refused)), *rest]
    return []


def _read(event_id: str) -> Mapping[str, Any]:
    """Return the image of an event that is in the table.

    Raises:
        KeyError: It is not there any more, because it expired or somebody deleted it.
    """
    answer = clients.dynamodb().get_item(
        TableName=os.environ["EVENTS_TABLE"], Key={"event_id": {"S": event_id}}, ConsistentRead=True
    )
    return answer["Item"]
