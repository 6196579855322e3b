"""One call as the page gets it, and its events."""

from typing import Any

import pytest

from devtools.console.serve import TABLE, LocalConsole
from devtools.local import DASH_ACCOUNT_ID
from hookswitch.console import calls as calls_module
from tests.unit.console.browser import Browser
from tests.unit.console.stored import mine, put
from tests.unit.devtools.call_records import at, leg


def test_call(console: LocalConsole, browser: Browser) -> None:
    """A call comes as its whole record, with what each leg did."""
    put(console, [mine(1)])
    found = browser.get(f"calls/{mine(1)['call']}").json
    assert found["call"] == mine(1)
    timeline = found["timeline"]
    assert (timeline["start"], timeline["end"]) == ("2026-11-25T14:03:05.000Z", "2026-11-25T14:05:40.000Z")
    assert [[span["doing"] for span in leg] for leg in timeline["legs"]] == [
        ["ringing", "waiting", "talking"],
        ["ringing", "talking"],
        ["ringing"],
    ]


def test_call_in_progress(console: LocalConsole, browser: Browser) -> None:
    """A leg that has not ended is drawn until now."""
    put(console, [mine(1, state="in_progress", ended_at=None, legs=[leg("a@pbx", "caller", 0, 2, None)])])
    found = browser.get(f"calls/{mine(1)['call']}").json
    assert found["timeline"]["end"] == "2026-11-25T15:03:05.000Z"


def test_merged_call(console: LocalConsole, browser: Browser) -> None:
    """A call that is a part of another says of which."""
    put(console, [mine(1, merged_into=mine(2)["call"])])
    assert browser.get(f"calls/{mine(1)['call']}").json["call"]["merged_into"] == mine(2)["call"]


def event(number: int, **more: Any) -> dict[str, Any]:
    """Return the item of an event of a call."""
    return {
        "event_id": f"{number:032x}",
        "account_id": DASH_ACCOUNT_ID,
        "hook": "channel_create",
        "occurred_at": at(number),
        "received_at": at(number + 1),
        "timeline_key": at(number),
        "summary": "Something happens",
        "call_id": "a@pbx",
        "payload": {"number": number, "name": "<script>alert(1)</script>"},
        "body": b"what was sent",
    } | more


def test_events(console: LocalConsole, browser: Browser) -> None:
    """Events come oldest first; those that expired are counted."""
    put(console, [mine(1)])
    for number in (2, 1, 0):
        console.tables.put(TABLE, event(number, **({"recovered": True} if number == 1 else {})))
    found = browser.get(f"calls/{mine(1)['call']}/events").json
    assert [it["occurred_at"] for it in found["events"]] == [at(0), at(1), at(2)]
    assert [it["recovered"] for it in found["events"]] == [False, True, False]
    assert found["events"][0]["payload"] == {"number": 0, "name": "<script>alert(1)</script>"}
    assert (found["expired"], found["payloads"]) == (7, True)
    assert "what was sent" not in str(found)


def test_payloads_need_their_role(console: LocalConsole) -> None:
    """Who may see calls only gets events without what Dash sent."""
    console.pool.claims |= {"cognito:groups": ["calls"], "custom:accounts": ""}
    browser = Browser(console)
    browser.go()
    put(console, [mine(1)])
    console.tables.put(TABLE, event(0))
    found = browser.get(f"calls/{mine(1)['call']}/events").json
    assert found["payloads"] is False
    assert "payload" not in found["events"][0]
    assert "script" not in str(found)


def test_large_payloads(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much for one answer is left out, and said to be."""
    monkeypatch.setattr(calls_module, "MOST_PAYLOADS", 100)
    put(console, [mine(1)])
    for number in range(3):
        console.tables.put(TABLE, event(number))
    found = browser.get(f"calls/{mine(1)['call']}/events").json["events"]
    assert ["payload" in it for it in found] == [True, False, False]
    assert found[-1]["payload_omitted"] is True
