"""Messages on SQS, and entries on EventBridge."""

from collections.abc import Mapping
from typing import Any

from hookswitch.destinations.formats.message import MAX_SIZE, Message, to_bytes, without_data
from hookswitch.events.envelope import TYPE_PREFIX
from hookswitch.payloads.text import one_line

SOURCE = "hookswitch"
STRING = "String"  # the data type of each message attribute
_ENTRY = len(SOURCE) + 14  # EventBridge counts 14 bytes for the time ("Calculating PutEvents event entry size")


def sqs(event: Mapping[str, Any], fields: Mapping[str, Any] | None, table: str) -> Message:
    """Return the message on SQS: the event, or the fields that were chosen."""
    attributes = _attributes(event)
    counted = sum(len(name) + len(STRING) + len(value.encode()) for name, value in attributes.items())
    return Message(_body(event, fields, table, MAX_SIZE - counted), attributes=attributes)


def eventbridge(event: Mapping[str, Any], fields: Mapping[str, Any] | None, table: str) -> Message:
    """Return the entry on EventBridge: its detail is the event, or the fields that were chosen."""
    entry = {"Source": SOURCE, "DetailType": str(event["type"]), "Time": str(event["time"])}
    return Message(_body(event, fields, table, MAX_SIZE - _ENTRY - len(entry["DetailType"])), attributes=entry)


def _body(event: Mapping[str, Any], fields: Mapping[str, Any] | None, table: str, room: int) -> bytes:
    body = to_bytes(event if fields is None else fields)
    return body if len(body) <= room else to_bytes(without_data(event, table))


def _attributes(event: Mapping[str, Any]) -> dict[str, str]:
    """Return what a queue's reader can tell messages by without reading them; no attribute is empty (SQS)."""
    data = event.get("data", {})
    values = {
        "type": event["type"],
        "hook": event["type"].removeprefix(TYPE_PREFIX),
        "account_id": event["source"].removeprefix("dash/"),
        "direction": data.get("direction") or data.get("call_direction"),
        "status": data.get("status"),
    }
    lines = {name: one_line(value) for name, value in values.items() if isinstance(value, str)}
    return {name: line for name, line in lines.items() if line}
