"""Items of the table that are no event of a delivery, and times in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from boto3.dynamodb.types import TypeDeserializer

from hookswitch.events.attributes import item as attributes
from hookswitch.events.items import announcement_item, delivery_from_item, quarantine_item, timestamp_of_seconds
from simulator.encoding import encode_json
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.receiving import SETTINGS, delivery

AT = datetime(2026, 11, 23, 14, 27, 53, tzinfo=UTC)


def test_seconds() -> None:
    """Unix seconds are a time without a fraction, in UTC."""
    assert timestamp_of_seconds(int(AT.timestamp())) == "2026-11-23T14:27:53Z"


def test_announcement() -> None:
    """The same announcement has the same key, and is among the account's events of its day."""
    settings: Any = mock.Mock(account_id=DEFAULT_ACCOUNT_ID, retention_days=1)

    def announced(identity: str) -> dict[str, object]:
        return announcement_item(
            hook="webhook_restored", identity=identity, at=AT, summary="It is on.", payload={}, settings=settings
        )

    made = announced("one")
    assert made == announced("one")
    assert made["event_id"] != announced("another")["event_id"]
    assert made["feed"] == f"{DEFAULT_ACCOUNT_ID}/webhook_restored/2026-11-23"
    assert made["expires_at"] == int(AT.timestamp()) + 86_400


def test_delivery_in_quarantine() -> None:
    """What is quarantined can be delivered again as it came, whether its body is text or not."""
    for body in (encode_json(payload("missed_call")), b"\xff\x00"):
        quarantined = replace(delivery("missed_call", encode_json({})), body=body)
        stored = attributes(quarantine_item(quarantined, ("It says so.",), SETTINGS))
        found = delivery_from_item({name: TypeDeserializer().deserialize(value) for name, value in stored.items()})
        assert (found.body, found.hook, found.headers) == (body, "missed_call", quarantined.headers)
        assert abs(found.received_at - quarantined.received_at) < timedelta(milliseconds=1)
