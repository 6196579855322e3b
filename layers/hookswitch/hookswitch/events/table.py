"""The table: one conditional write for each event, which is also what publishes it (the stream is the outbox)."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hookswitch.aws import hook_clients
from hookswitch.aws.backoff import jittered
from hookswitch.errors import NoAnswerError, ServiceError, StorageUnavailableError, UnusableError
from hookswitch.events.attributes import item
from hookswitch.events.event import Event
from hookswitch.events.items import event_item, timestamp
from hookswitch.settings.hooks import HookSettings

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Transactions conflict if two deliveries of one event arrive at the same moment; the one that fails checks again.
CONFLICT_TRIES = 5
CONFLICT_SECONDS = 0.2


def store_event(event: Event, settings: HookSettings) -> tuple[str, bool]:
    """Store an event unless it is already in the table; return the key of its item, and whether the event is new.

    Raises:
        UnusableError: DynamoDB can't store the item, for example because of its size.
        StorageUnavailableError: DynamoDB did not accept it within the allowed retries.
    """
    if event.payload.retry_window:
        return _store_in_window(event, event.payload.retry_window, settings)
    return event.key, put_new(event_item(event, settings), settings.events_table)


def put_new(values: Mapping[str, object], table: str) -> bool:
    """Write an item if no item has its key; return whether it was written.

    Raises:
        UnusableError, StorageUnavailableError: See `store_event`.
    """
    try:
        hook_clients.dynamodb().call(
            "PutItem", TableName=table, Item=item(values), ConditionExpression="attribute_not_exists(event_id)"
        )
    except (ServiceError, NoAnswerError) as error:
        if error.code == "ConditionalCheckFailedException":
            return False
        raise _explained(error) from error
    return True


def _explained(error: ServiceError | NoAnswerError) -> UnusableError | StorageUnavailableError:
    if error.code == "ValidationException":  # no retry will help
        return UnusableError("DynamoDB can't store the item: it is too large, or one of its keys is empty or too long.")
    return StorageUnavailableError(f"DynamoDB did not accept the item: {error.reason}.")


def _store_in_window(event: Event, window: int, settings: HookSettings) -> tuple[str, bool]:
    """Store an event that counts as a duplicate of an identical one less than `window` seconds before or after it.

    Time is divided into slots as long as the window, and an event's key names its slot. So a slot has at most one
    item, and only the adjacent slots can have another one within the window. One transaction checks all three, so
    concurrent deliveries never store two items, whatever their order.
    """
    span = timedelta(seconds=window)
    keys = [event.key, event.key_at(-1), event.key_at(1)]
    writes: list[TransactWriteItemTypeDef] = [
        {
            "Put": {
                "TableName": settings.events_table,
                "Item": item(event_item(event, settings)),
                "ConditionExpression": "attribute_not_exists(event_id)",
            }
        }
    ]
    limits = (("<=", event.occurred_at - span), (">=", event.occurred_at + span))
    for key, (comparison, limit) in zip(keys[1:], limits, strict=True):
        writes.append(
            {
                "ConditionCheck": {
                    "TableName": settings.events_table,
                    "Key": {"event_id": {"S": key}},
                    "ConditionExpression": f"attribute_not_exists(event_id) OR occurred_at {comparison} :limit",
                    "ExpressionAttributeValues": {":limit": {"S": timestamp(limit)}},
                }
            }
        )
    cancelled = transact(writes)
    if cancelled is None:
        return event.key, True
    return keys[[reason.get("Code") for reason in cancelled].index("ConditionalCheckFailed")], False


def transact(writes: "list[TransactWriteItemTypeDef]") -> list[Mapping[str, Any]] | None:
    """Carry out a transaction; return None, or DynamoDB's reason for each of its parts if a condition does not hold.

    Raises:
        UnusableError, StorageUnavailableError: See `store_event`.
    """
    for attempt in range(CONFLICT_TRIES):
        if attempt:
            time.sleep(jittered(CONFLICT_SECONDS * attempt))
        try:
            hook_clients.dynamodb().call("TransactWriteItems", TransactItems=writes)
        except (ServiceError, NoAnswerError) as error:
            if not isinstance(error, ServiceError) or error.code != "TransactionCanceledException":
                raise _explained(error) from error
            reasons: list[Mapping[str, Any]] = error.body["CancellationReasons"]
            codes = [reason.get("Code") for reason in reasons]
            if "ConditionalCheckFailed" in codes:
                return reasons
            if "ValidationError" in codes:
                raise UnusableError("DynamoDB can't store the item.") from error
        else:
            return None
    raise StorageUnavailableError("DynamoDB cancelled the transaction every time because of concurrent writes.")
