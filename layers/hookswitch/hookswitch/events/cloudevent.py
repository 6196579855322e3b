"""A stored event as the message that subscribers get: CloudEvents 1.0 in JSON, and a line for people."""

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hookswitch.events.envelope import TYPE_PREFIX, Envelope

if TYPE_CHECKING:
    from types_boto3_sns.type_defs import MessageAttributeValueTypeDef, PublishBatchRequestEntryTypeDef

MAX_MESSAGE = 256 * 1024  # bytes of one SNS message, and of one batch, with attributes (SNS quotas)
_ATTRIBUTES = ("hook", "account_id", "call_direction", "alert")
_SUBJECT_LENGTH = 99  # an e-mail's subject has fewer than 100 characters (SNS, Publish)


def cloud_event(item: Mapping[str, Any]) -> Envelope:
    """Return an item of the table as a CloudEvent; hookswitch.events.envelope says what its fields mean."""
    event: Envelope = {
        "specversion": "1.0",
        "id": item["event_id"],
        "source": f"dash/{item['account_id']}",
        "type": f"{TYPE_PREFIX}{item['hook']}",
        "time": item["occurred_at"],
        "datacontenttype": "application/json",
        "summary": item["summary"],
        "receivedtime": item["received_at"],
    }
    if item.get("subject") is not None:
        event["subject"] = item["subject"]
    if item.get("recovered") is not None:
        event["recovered"] = item["recovered"]
    event["data"] = item["payload"]
    return event


def entry_of(item: Mapping[str, Any]) -> "PublishBatchRequestEntryTypeDef":
    """Return the entry of a publish batch for an item; its Id is the event's key.

    E-mail and SMS subscribers get the summary, all others the event. An event that would exceed what SNS takes
    goes without `data`, and `dataref` (a CloudEvents extension) says which item of the table has it.
    """
    event = cloud_event(item)
    entry = _entry(item, event)
    if size_of(entry) > MAX_MESSAGE:
        del event["data"]
        event["dataref"] = f"dynamodb:{os.environ['EVENTS_TABLE']}/{item['event_id']}"
        entry = _entry(item, event)
    return entry


def size_of(entry: "PublishBatchRequestEntryTypeDef") -> int:
    """Return what an entry counts against MAX_MESSAGE, in bytes."""
    attributes = sum(
        len(name) + len(value["DataType"]) + len(value["StringValue"].encode())
        for name, value in entry["MessageAttributes"].items()
    )
    return len(entry["Message"].encode()) + len(entry["Subject"]) + attributes


def _entry(item: Mapping[str, Any], event: Envelope) -> "PublishBatchRequestEntryTypeDef":
    summary = str(item["summary"])
    message = {"default": _json(event), "email": _email(item), "sms": summary}
    return {
        "Id": item["event_id"],
        "Message": _json(message),
        "MessageStructure": "json",
        "Subject": _subject(summary),
        "MessageAttributes": {name: _attribute(item[name]) for name in _ATTRIBUTES if item.get(name) not in (None, "")},
    }


def _email(item: Mapping[str, Any]) -> str:
    return f"{item['summary']}\n\n{item['occurred_at']}\nAccount {item['account_id']}\nEvent {item['event_id']}\n"


def _subject(summary: str) -> str:
    """Return a summary as SNS takes a subject: printable ASCII that does not start with a space."""
    plain = summary.isascii() and summary.isprintable()
    printable = summary if plain else "".join(letter if " " <= letter <= "~" else "?" for letter in summary)
    return printable.strip()[:_SUBJECT_LENGTH] or "Dash event"


def _attribute(value: object) -> "MessageAttributeValueTypeDef":
    # As text, also true: SNS filters on String attributes in every protocol, and policies stay readable.
    return {
        "DataType": "String",
        "StringValue": "true" if value is True else "false" if value is False else str(value),
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number)


def _number(value: object) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no place in an event.")
