"""Health, as operators get it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from devtools.console.functions import alarm
from devtools.console.serve import DESTINATIONS, TABLE, LocalConsole
from devtools.template import parsed
from hookswitch.aws import clients
from hookswitch.console import alarms, health
from hookswitch.destinations.rows import LIVE, Owed
from hookswitch.events.items import feed_key
from hookswitch.events.kinds import QUARANTINE
from hookswitch.reconcile import ledger
from hookswitch.reconcile.accounting import ledger as accounting
from hookswitch.reconcile.accounting.ledger import AccountingState, Compared
from hookswitch.reconcile.state import State
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


def test_alarms(console: LocalConsole, browser: Browser) -> None:
    """Those that report a fault come first, each with what to do; those of a stack with a longer name are not there."""
    shop = alarm("hookswitch-shop", "ServerErrors", "Another stack's.", "server-errors", state="ALARM")
    late = alarm("hookswitch", "Reconcile", "No run.", "reconcile", state="INSUFFICIENT_DATA")
    console.alarms.alarms += [shop, late | {"InsufficientDataActions": ["topic"]}]
    console.alarms.alarms[1] |= {
        "StateValue": "ALARM",
        "StateTransitionedTimestamp": datetime(2026, 11, 25, tzinfo=UTC),
    }
    found = browser.get("health").json["alarms"]
    assert [it["name"] for it in found] == ["QuarantinedDeliveries", "Reconcile", "DeadLetters", "ServerErrors"]
    assert [it["on"] for it in found] == [True, True, False, False]
    assert found[0] == {
        "name": "QuarantinedDeliveries",
        "state": "ALARM",
        "on": True,
        "since": "2026-11-25T00:00:00.000Z",
        "description": "A delivery is in quarantine.",
        "runbook": "docs/runbook.md#quarantined-deliveries",
    }


def test_alarms_that_are_unknown(console: LocalConsole, browser: Browser) -> None:
    """Health is there without CloudWatch, and says that it does not know."""
    console.alarms.error = EndpointConnectionError(endpoint_url="https://monitoring")
    assert browser.get("health").json["alarms"] is None


def test_descriptions_of_alarms() -> None:
    """Each alarm of the template says what it is about, and which section of the runbook helps."""
    found = [it["Properties"] for it in parsed()["Resources"].values() if it["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(found) > 20
    for properties in found:
        text = properties["AlarmDescription"]["Fn::Sub"].replace("${AWS::StackName}", "hookswitch")
        shown = alarms._alarm("Any", {"AlarmDescription": text})  # noqa: SLF001 - as CloudWatch would have it
        assert text == f"hookswitch: {shown['description']} See {shown['runbook']}"
        assert shown["description"]


def test_newest_actions(console: LocalConsole, browser: Browser) -> None:
    """The newest 20 come first, with who did what."""
    console.add_destinations(NOW)
    for second in range(health.SHOWN + 1):
        console.clock = lambda second=second: NOW + second  # type: ignore[misc]
        assert browser.post(f"destinations/{'crm' if second else 'sales'}/pause").status == 200
    found = browser.get("health").json["actions"]
    assert len(found) == health.SHOWN
    assert {it["target"] for it in found} == {"crm"}
    assert found[0] == {
        "at": "2026-11-25T15:03:25.000Z",
        "email": "operator@example.com",
        "verb": "destination.pause",
        "target": "crm",
        "outcome": "done",
        "summary": "operator@example.com: paused crm",
    }


def test_before_the_first_run(browser: Browser) -> None:
    """A new stack has nothing to say of Dash."""
    found = browser.get("health").json
    assert (found["reconcile"], found["legs"], found["webhooks"]) == (None, None, [])


def test_what_reconcile_found(console: LocalConsole, browser: Browser) -> None:
    """It is told as reconcile found it last: until when all is recovered, and how many legs are on Dash and here."""
    now = int(NOW)
    state = State(read_until=now - 60, looked_at=now, held_back={"parking": now + 60})
    console.tables.put(TABLE, {"event_id": ledger.KEY, "kind": "state", "progress": state.to_json()})
    compared = Compared(since=now - 3_600, until=now - 600, on_dash=1_204, here=1_203)
    counted = AccountingState(begins=0, read_until=now - 600, missing={"a@pbx": now}, compared=compared)
    console.tables.put(TABLE, {"event_id": accounting.KEY, "kind": "state", "progress": counted.to_json()})
    found = browser.get("health").json
    assert found["reconcile"] == {
        "looked_at": "2026-11-25T15:03:05.000Z",
        "recovered_until": "2026-11-25T15:02:05.000Z",
        "gaps": 0,
        "held_back": [{"hook": "parking", "until": "2026-11-25T15:04:05.000Z"}],
    }
    assert found["legs"] == {
        "compared_until": "2026-11-25T14:53:05.000Z",
        "missing": 1,
        "last": {
            "since": "2026-11-25T14:03:05.000Z",
            "until": "2026-11-25T14:53:05.000Z",
            "on_dash": 1_204,
            "here": 1_203,
        },
    }


def test_announcements(console: LocalConsole, browser: Browser) -> None:
    """What happened to webhooks within a week comes newest first, and says what in a line."""
    for days, hook in (
        (0, "webhook_restored"),
        (1, "webhook_disabled"),
        (6, "webhook_noticed"),
        (8, "webhook_noticed"),
    ):
        at_ = at(-days * 86_400)
        item = {"event_id": f"{hook}-{days}", "hook": hook, "occurred_at": at_, "summary": hook, "timeline_key": at_}
        console.tables.put(TABLE, item | {"feed": feed_key(console.settings.account_id, hook, at_)})
    found = browser.get("health").json["webhooks"]
    assert [it["event_id"] for it in found] == ["webhook_restored-0", "webhook_disabled-1", "webhook_noticed-6"]
    assert found[0]["summary"] == "webhook_restored"


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


def test_quarantine_by_hook(console: LocalConsole, browser: Browser) -> None:
    """Quarantined deliveries are counted by hook, with the reasons that occur most."""
    for number in range(9):
        hook, reason = ("parking", "slot is missing") if number % 3 else ("missed_call", f"reason {number % 2}")
        console.tables.put(TABLE, quarantined(number, hook=hook, summary=f"Quarantined {hook}: {reason}"))
    assert browser.get("health").json["quarantine"]["hooks"] == [
        {"hook": "parking", "number": 6, "reasons": [{"reason": "slot is missing", "number": 6}]},
        {
            "hook": "missed_call",
            "number": 3,
            "reasons": [{"reason": "reason 0", "number": 2}, {"reason": "reason 1", "number": 1}],
        },
    ]


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
