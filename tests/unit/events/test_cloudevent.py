"""The message that subscribers get."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.events.cloudevent import MAX_MESSAGE, cloud_event, entry_of, size_of

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
    """A message is a CloudEvent 1.0 with the payload as its data."""
    message = json.loads(entry_of(ITEM)["Message"])
    assert json.loads(message["default"]) == {
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


def test_people_get_the_summary() -> None:
    """An SMS is the summary, an e-mail has it in its subject and its first line."""
    entry = entry_of(ITEM)
    message = json.loads(entry["Message"])
    assert message["sms"] == entry["Subject"] == ITEM["summary"]
    assert message["email"].splitlines()[0] == ITEM["summary"]


def test_attributes() -> None:
    """Subscribers filter by hook, account, direction and alert; an attribute that is empty is left out."""
    values = {name: value["StringValue"] for name, value in entry_of(ITEM)["MessageAttributes"].items()}
    assert values == {
        "hook": "channel_destroy",
        "account_id": "a" * 32,
        "call_direction": "inbound",
        "alert": "false",
    }
    assert "call_direction" not in entry_of(ITEM | {"call_direction": ""})["MessageAttributes"]
    assert entry_of(ITEM | {"alert": True})["MessageAttributes"]["alert"]["StringValue"] == "true"


def test_no_subject() -> None:
    """An event that is about nothing in particular has no subject."""
    assert "subject" not in cloud_event({name: value for name, value in ITEM.items() if name != "subject"})


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that SNS would not take goes out without its data, and says where that is."""
    monkeypatch.setenv("EVENTS_TABLE", "the-table")
    entry = entry_of(ITEM | {"payload": {"text": '"' * MAX_MESSAGE}})
    event = json.loads(json.loads(entry["Message"])["default"])
    assert "data" not in event
    assert event["dataref"] == f"dynamodb:the-table/{'0' * 32}"
    assert size_of(entry) <= MAX_MESSAGE


@given(st.text())
def test_subject_line(summary: str) -> None:
    """Whatever a summary holds, the subject is what SNS takes: printable ASCII, fewer than 100 characters."""
    subject = entry_of(ITEM | {"summary": summary})["Subject"]
    assert 0 < len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert not subject.startswith(" ")
