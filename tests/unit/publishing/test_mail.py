"""What people read in an e-mail about a call."""

import json
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from hookswitch.calls.items import CallItem
from hookswitch.calls.record import Call
from hookswitch.events.attributes import item as image
from hookswitch.events.attributes import plain
from hookswitch.publishing.mail import mail_text
from hookswitch.publishing.sns_message import to_entry
from simulator.calls.scenarios import SCENARIOS
from simulator.tests.each import for_each
from tests.unit.calls.scenes import calls_of, steps_of


def item_of(call: Call) -> dict[str, Any]:
    """Return a call's item as publish reads it from the table: numbers are Decimals."""
    values = CallItem(call, "", frozenset()).to_item(at=call["started_at"], received_at="", expires_at=None)
    return {name: plain(value) for name, value in image(values).items()}


def mail_of(call: Call) -> list[str]:
    """Return the lines of the mail about a call."""
    entry = to_entry(item_of(call), "events")
    message: dict[str, str] = json.loads(entry["Message"])
    return message["email"].splitlines()


def test_voicemail() -> None:
    """It has what a person wants to know before they call back, a line each."""
    (call,) = calls_of(steps_of("voicemail"))
    assert mail_of(call) == [
        "Missed call from WIRELESS CALLER (+15552340017) to +15553000100, rang 22 s, left a voicemail",
        "",
        "When: 2026-11-18 11:06:40 UTC",
        "From: WIRELESS CALLER (+15552340017)",
        "To: +15553000100",
        "Waited: 22 s",
        "Voicemail: 21 s",
        "Reason: Nobody answered, and the caller left a message.",
        f"Account: {call['account_id']}",
        f"Call: {call['call']}",
    ]


@for_each("scenario", SCENARIOS)
def test_every_call(scenario: str) -> None:
    """Each kind of call has its mail, in which every line says something."""
    for call in calls_of(steps_of(scenario)):
        first, blank, *lines = mail_of(call)
        assert (first, blank) == (call["summary"], "")
        assert all(label and said for label, _, said in (line.partition(": ") for line in lines))
        assert lines[-1] == f"Call: {call['call']}"


def test_what_is_not_known_is_left_out() -> None:
    """A call of which little is known has a short mail."""
    (call,) = calls_of(steps_of("voicemail"))
    known: dict[str, Any] = {name: call[name] for name in ("call", "account_id", "started_at", "summary")}
    known["voicemail"] = {"id": "1", "transcribed": False}
    lines = mail_text({"kind": "call", "payload": known}, "A call").splitlines()
    assert [line.partition(":")[0] for line in lines[2:]] == ["When", "Voicemail", "Account", "Call"]
    assert "Voicemail: of unknown length" in lines


HOSTILE = st.text(st.sampled_from("a. :/\r\n\t\x00\x1b\x85\u2028\u200b\u202e\uffff😀"))


@given(HOSTILE, HOSTILE)
def test_hostile_names(name: str, number: str) -> None:
    """Whatever a caller chooses as name and number, it makes no line of its own and no link."""
    (call,) = calls_of(steps_of("voicemail"))
    caller = {"name": f"{name}https://evil.example", "number": number}
    lines = mail_of(cast("Call", call | {"from": caller, "summary": "Missed call"}))
    assert len(lines) == 10
    assert not [line for line in lines if "://" in line or ".example" in line]
    assert all(line.isprintable() for line in lines)
