"""A stored event as consumers get it, wherever it is published: CloudEvents 1.0 in JSON."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hookswitch.events.envelope import TYPE_PREFIX, Envelope


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


def to_json(event: Envelope) -> str:
    """Return a CloudEvent as JSON text."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), default=_number)


def _number(value: object) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} can't be part of an event.")
