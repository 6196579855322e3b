"""A stored event as consumers get it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from hookswitch.events.cloudevent import cloud_event, to_json
from hookswitch.events.envelope import Time

ITEM: dict[str, Any] = {
    "event_id": "0" * 32,
    "hook": "channel_destroy",
    "account_id": "a" * 32,
    "occurred_at": "2026-11-23T14:27:53.000Z",
    "received_at": "2026-11-23T14:27:54.123Z",
    "summary": "Call from +15551234567 to +15557654321 ended",
    "subject": "call/abc",
    "call_direction": "inbound",
    "alert": False,
    "payload": {"duration_seconds": Decimal(37), "caller_id_name": "José", "rate": Decimal("14.4")},
}


def test_cloud_event() -> None:
    """It is a CloudEvent 1.0 with the payload as its data."""
    assert json.loads(to_json(cloud_event(ITEM))) == {
        "specversion": "1.0",
        "id": "0" * 32,
        "source": f"dash/{'a' * 32}",
        "type": "com.virtualpbx.dash.channel_destroy",
        "time": "2026-11-23T14:27:53.000Z",
        "subject": "call/abc",
        "datacontenttype": "application/json",
        "summary": "Call from +15551234567 to +15557654321 ended",
        "receivedtime": "2026-11-23T14:27:54.123Z",
        "data": {"duration_seconds": 37, "caller_id_name": "José", "rate": 14.4},
    }


def test_no_subject() -> None:
    """An event that is about nothing in particular has no subject."""
    assert "subject" not in cloud_event({name: value for name, value in ITEM.items() if name != "subject"})


def test_recovered() -> None:
    """An event that the backfill recovered says so, since it is late."""
    assert cloud_event(ITEM | {"recovered": True})["recovered"] is True


def test_replay() -> None:
    """An event that somebody asked for again says so, and others don't."""
    assert cloud_event(ITEM, is_replay=True)["replay"] is True
    assert "replay" not in cloud_event(ITEM)


def test_schema_of_a_field() -> None:
    """The schema of a field of the envelope has what is declared of it, and nothing for what is not."""
    assert TypeAdapter(Time).json_schema() == {"type": "string", "format": "date-time"}


def test_value_that_json_cannot_hold() -> None:
    """Bytes in an item are a fault of ours, and no text in disguise."""
    with pytest.raises(TypeError, match="bytes can't be part"):
        to_json(cloud_event(ITEM | {"payload": {"body": b"x"}}))
