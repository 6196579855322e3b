"""Stores an event that was made of one of Dash's records, so that the webhook's own event is recognized as the same.

See docs/engineering/decisions/0096-accounting-by-call-detail-records.md.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hookswitch.events.attributes import Image, item, plain
from hookswitch.events.event import Event
from hookswitch.events.items import event_item, placeholder_item
from hookswitch.events.kinds import PLACEHOLDER
from hookswitch.events.table import put_new, transact
from hookswitch.settings.hooks import HookSettings

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


def store_record(event: Event, settings: HookSettings) -> tuple[str, bool]:
    """Store an event under one of its keys, and a placeholder under every other one; nothing if it is there already.

    One transaction writes all of them, each only if its key is free. So a delivery of the same event, whenever it
    comes, meets the event, or a placeholder, or is met by this transaction. A key that another event has taken, such as
    the loss of a media server in the second of the leg's end, is left to that event.

    Returns:
        The key of the event's item, and whether the event is new.

    Raises:
        UnusableError: DynamoDB can't store the item, for example because of its size.
        StorageUnavailableError: DynamoDB did not accept it within the allowed retries.
    """
    values = event_item(event, settings)
    keys = event.alternative_keys
    if len(keys) == 1:
        return event.key, put_new(values, settings.events_table)
    while True:  # a key is left over: that of a leg without a second is no other event's
        event_id = keys[0]
        others = [placeholder_item(key, event_id, values["expires_at"]) for key in keys[1:]]
        cancelled = transact([_put(it, settings.events_table) for it in ({**values, "event_id": event_id}, *others)])
        if cancelled is None:
            return event_id, True
        taken = {key: reason.get("Item") for key, reason in zip(keys, cancelled, strict=True) if _is_taken(reason)}
        for key, image in taken.items():
            if not image or _is_same(event, image):
                return _event_id(key, image), False
        keys = [key for key in keys if key not in taken]


def _put(values: Mapping[str, object], table: str) -> "TransactWriteItemTypeDef":
    return {
        "Put": {
            "TableName": table,
            "Item": item(values),
            "ConditionExpression": "attribute_not_exists(event_id)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def _is_taken(reason: Mapping[str, Any]) -> bool:
    return reason.get("Code") == "ConditionalCheckFailed"


def _is_same(event: Event, image: Image) -> bool:
    if image.get("kind") == {"S": PLACEHOLDER}:
        return True
    stored = plain(image["payload"]) if "payload" in image else {}
    return event.payload.is_also(stored)


def _event_id(key: str, image: Image | None) -> str:
    return str(plain(image["same_as"])) if image and "same_as" in image else key
