"""Publishes what is written to the table: stream records in, SNS messages out.

The stream is the outbox. SNS refusing an event, or being away, holds up no other: what SNS did not take after a
few tries is noted, by its key, in the publish dead-letter queue, from which functions/redrive/ has it published
later. Only when that queue can't be reached either is the batch given back to the stream.
"""

import json
import os
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hookswitch.cloudevent import MAX_MESSAGE, entry_of, size_of
from hookswitch.log import logger
from hookswitch.metrics import Measures

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_sns.client import SNSClient
    from types_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef
    from types_boto3_sqs.client import SQSClient

MAX_ENTRIES = 10  # of one batch, for SNS and SQS alike
TRIES = 3

_DESERIALIZE = TypeDeserializer().deserialize
# SNS has no idempotency token: a call that is repeated because its answer was slow is a message that comes twice. So
# it gets long to answer, and one more try.
_CONFIG = Config(connect_timeout=2, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2})


@cache
def _sns() -> "SNSClient":
    return boto3.client("sns", config=_CONFIG)


@cache
def _sqs() -> "SQSClient":
    return boto3.client("sqs", config=_CONFIG)


@cache
def _dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", config=_CONFIG)


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

    def published(self, measures: Measures) -> None:
        """Log and count that it is published."""
        logger.info("Event published.", extra=self.keys)
        measures.add("published")
        if self.occurred_at is not None:
            measures.add_delay("delay_to_published", self.occurred_at)


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Publish stream records, `{"Records": [...]}`, or the events that redrive names, `{"event_ids": [...]}`.

    Returns:
        For records the partial batch response of Lambda's stream mappings; for named events
        `{"unpublished": [...]}`, the keys that SNS did not take this time either.
    """
    del context
    with Measures() as measures:
        if "event_ids" in event:
            return {"unpublished": publish([_read(event_id) for event_id in event["event_ids"]], measures)}
        records = {record["dynamodb"]["NewImage"]["event_id"]["S"]: record["dynamodb"] for record in event["Records"]}
        unpublished = publish([record["NewImage"] for record in records.values()], measures)
    if not unpublished:
        return {"batchItemFailures": []}
    try:
        _note(unpublished)
    except (ClientError, BotoCoreError) as error:
        logger.error("The publish dead-letter queue can't be reached: %s", type(error).__name__)
        return {
            "batchItemFailures": [{"itemIdentifier": records[event_id]["SequenceNumber"]} for event_id in unpublished]
        }
    return {"batchItemFailures": []}


def publish(images: Iterable[Mapping[str, Any]], measures: Measures) -> list[str]:
    """Publish items, given as DynamoDB attribute values, and return the keys of those that are not published.

    What SNS refuses out of a batch is tried again alone. When a whole call fails, after the SDK's own retries,
    SNS is taken to be away, and the rest is not tried. An item that can't be made a message holds up no other.
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
    return [*unpublished, *_published_but(pending, about, measures)]


def _published_but(
    pending: dict[str, "PublishBatchRequestEntryTypeDef"], about: Mapping[str, About], measures: Measures
) -> list[str]:
    for attempt in range(TRIES):
        if attempt:
            time.sleep(attempt * random.uniform(0.1, 0.3))  # noqa: S311 - jitter
        for batch in batches(pending.values()):
            try:
                answer = _sns().publish_batch(TopicArn=os.environ["EVENTS_TOPIC_ARN"], PublishBatchRequestEntries=batch)
            except (ClientError, BotoCoreError) as error:
                logger.warning("SNS takes no messages: %s", type(error).__name__)
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


def _note(event_ids: list[str]) -> None:
    """Put the keys of unpublished events into the publish dead-letter queue, one a message."""
    for start in range(0, len(event_ids), MAX_ENTRIES):
        answer = _sqs().send_message_batch(
            QueueUrl=os.environ["PUBLISH_DEAD_LETTER_QUEUE_URL"],
            Entries=[
                {"Id": str(number), "MessageBody": json.dumps({"event_id": event_id})}
                for number, event_id in enumerate(event_ids[start : start + MAX_ENTRIES])
            ],
        )
        if answer.get("Failed"):
            raise ClientError({"Error": {"Code": answer["Failed"][0]["Code"]}}, "SendMessageBatch")


def _read(event_id: str) -> Mapping[str, Any]:
    """Return the image of an event that is in the table.

    Raises:
        KeyError: It is not there any more, because it expired or somebody deleted it.
    """
    answer = _dynamodb().get_item(
        TableName=os.environ["EVENTS_TABLE"], Key={"event_id": {"S": event_id}}, ConsistentRead=True
    )
    return answer["Item"]
