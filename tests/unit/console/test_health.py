"""Health, as operators get it."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from devtools.console.serve import DESTINATIONS, TABLE, LocalConsole
from hookswitch.aws import clients
from hookswitch.console import health
from hookswitch.destinations.rows import LIVE, Owed
from hookswitch.events.items import QUARANTINE
from tests.unit.console.browser import Browser
from tests.unit.console.conftest import NOW
from tests.unit.devtools.call_records import at


def quarantined(number: int, **more: Any) -> dict[str, Any]:
    """Return the item of a quarantined delivery."""
    return {
        "event_id": f"quarantine-{number}",
        "kind": QUARANTINE,
        "feed": QUARANTINE,
        "timeline_key": at(number),
        "hook": "missed_call",
        "account_id": "whoever",
        "received_at": at(number),
        "summary": "Quarantined missed_call: call_id is missing",
        "body": "what was sent",
    } | more


def test_destinations(console: LocalConsole, browser: Browser) -> None:
    """Each destination is there with its state, backlog and last success, and never with its address."""
    console.add_destinations(NOW)
    for number in range(3):
        row = Owed(f"event-{number}", LIVE, at(number), "call/1", number, "stamp")
        console.tables.put(DESTINATIONS, row.to_row("crm"), "owner", "sort")
    crm, sales = browser.get("health").json["destinations"]
    assert (crm["name"], crm["state"], crm["failures"]) == ("crm", "on", 5)
    assert crm["backlog"] == {"number": 3, "more": False}
    assert crm["failing_since"] == "2026-11-25T14:03:05.000Z"
    assert (sales["last_success"], sales["failing_since"]) == ("2026-11-25T15:02:05.000Z", None)
    assert "example.com" not in browser.get("health").body.decode()


def test_quarantine(console: LocalConsole, browser: Browser) -> None:
    """The newest quarantined deliveries of a week are there with their reasons, and the others are counted."""
    for number in range(health.SHOWN + 5):
        console.tables.put(TABLE, quarantined(number))
    console.tables.put(TABLE, quarantined(-9 * 86_400))
    found = browser.get("health").json["quarantine"]
    assert found["count"] == {"number": health.SHOWN + 5, "more": False}
    assert len(found["newest"]) == health.SHOWN
    assert found["newest"][0]["summary"] == "Quarantined missed_call: call_id is missing"
    assert "what was sent" not in str(found)


def test_more_than_are_counted(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting ends somewhere, and says so."""
    monkeypatch.setattr(health, "MOST_COUNTED", 3)
    for number in range(5):
        console.tables.put(TABLE, quarantined(number))
    assert browser.get("health").json["quarantine"]["count"] == {"number": 3, "more": True}


def test_queues(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are those that wait, are being worked on, or are delayed; a queue that can't be asked is unknown."""

    class Sqs:
        def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
            if QueueUrl == "calls":
                raise EndpointConnectionError(endpoint_url="https://sqs")
            return {"Attributes": dict.fromkeys(AttributeNames, "2")}

    monkeypatch.setattr(clients, "sqs", lambda *_: Sqs())
    found = {queue["name"]: queue["messages"] for queue in browser.get("health").json["queues"]}
    assert found == {"redrive": 6, "publish": 6, "calls": None, "dead letters": 6}
