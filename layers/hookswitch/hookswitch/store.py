"""The table: one conditional write for each event, which is also what publishes it (the stream is the outbox)."""

import random
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from . import aws
from .attributes import item
from .errors import StorageUnavailableError, UnusableError
from .event import Event, event_item, timestamp
from .settings import Settings

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Two deliveries of one event at the same moment make transactions conflict; the loser looks again.
CONFLICT_TRIES = 5
CONFLICT_SECONDS = 0.2


def store_event(event: Event, settings: Settings) -> bool:
    """Store an event unless it is in the table; return whether it is new.

    Raises:
        UnusableError: DynamoDB can't hold the item, for example because of its size.
        StorageUnavailableError: DynamoDB did not take it within the bounded retries.
    """
    if event.payload.retry_window:
        return _store_in_window(event, event.payload.retry_window, settings)
    return put_new(event_item(event, settings), settings.events_table)


def put_new(values: Mapping[str, object], table: str) -> bool:
    """Write an item if its key is not taken; return whether it was written.

    Raises:
        UnusableError, StorageUnavailableError: See `store_event`.
    """
    try:
        aws.dynamodb().put_item(
            TableName=table, Item=item(values), ConditionExpression="attribute_not_exists(event_id)"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise _explained(error) from error
    except BotoCoreError as error:
        raise _explained(error) from error
    return True


def _explained(error: ClientError | BotoCoreError) -> UnusableError | StorageUnavailableError:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    if code == "ValidationException":  # by no retry will this item ever be taken
        return UnusableError("DynamoDB can't hold the item: it is too large, or a key of it is empty or too long.")
    return StorageUnavailableError(f"DynamoDB did not take the item: {code}.")


def _store_in_window(event: Event, window: int, settings: Settings) -> bool:
    """Store an event that is the same as an identical one received less than `window` seconds before or after.

    Time is cut into stretches as long as the window, and an event's key names its stretch. So there is one item
    a stretch at most, and only the neighbouring stretches can hold another that is near enough. All three are
    looked at in one transaction: no order of concurrent deliveries gets two items in.
    """
    span = timedelta(seconds=window)
    writes: list[TransactWriteItemTypeDef] = [
        {
            "Put": {
                "TableName": settings.events_table,
                "Item": item(event_item(event, settings)),
                "ConditionExpression": "attribute_not_exists(event_id)",
            }
        }
    ]
    for stretch, comparison, limit in (
        (-1, "<=", event.received_at - span),
        (1, ">=", event.received_at + span),
    ):
        writes.append(
            {
                "ConditionCheck": {
                    "TableName": settings.events_table,
                    "Key": {"event_id": {"S": event.key_at(stretch)}},
                    "ConditionExpression": f"attribute_not_exists(event_id) OR received_at {comparison} :limit",
                    "ExpressionAttributeValues": {":limit": {"S": timestamp(limit)}},
                }
            }
        )
    for attempt in range(CONFLICT_TRIES):
        if attempt:
            time.sleep(CONFLICT_SECONDS * attempt * random.uniform(0.5, 1))  # noqa: S311 - jitter
        try:
            aws.dynamodb().transact_write_items(TransactItems=writes)
        except aws.dynamodb().exceptions.TransactionCanceledException as error:
            codes = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            if "ConditionalCheckFailed" in codes:
                return False
            if "ValidationError" in codes:
                raise UnusableError("DynamoDB can't hold the item.") from error
        except (ClientError, BotoCoreError) as error:
            raise _explained(error) from error
        else:
            return True
    raise StorageUnavailableError("DynamoDB cancelled the transaction every time: other writes came between.")
