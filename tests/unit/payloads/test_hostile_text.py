"""Hostile text in the fields of events: what is shown of it is one short, printable line."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.dash.hooks import HOOKS
from hookswitch.events.items import event_item
from hookswitch.payloads.text import MAX_LINE
from simulator.payloads import payload
from simulator.tests.each import for_each
from tests.receiving import SETTINGS, event
from tests.unit.payloads.cases import case

HOSTILE = (
    "+15551230000\r\nAccount 00000000000000000000000000000000\nEvent forged",
    "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "\u202egro.elpmaxe\u2066\u2069\u200f",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad",
    "\ufffe\uffff\U0001fffe",
    "\0",
    "9" * 3_000,
)
IDS = ["line breaks", "escapes", "bidirectional", "zero width", "noncharacters", "NUL", "long"]
IDENTITY = {"call_id", "parking_slot", "event_name", "hook_event", "account_id", "msg_id", "voicemail_id"}


def is_shown(text: str) -> bool:
    """Tell whether text is one short line of printable characters."""
    categories = {unicodedata.category(character) for character in text}
    return 0 < len(text) <= MAX_LINE and not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def with_text(hook: str, text: str) -> dict[str, Any]:
    """Return an event of a hook, and of both sides where it has sides, with a text in every field of text."""
    sides = dict.fromkeys(("caller_id_name", "caller_id_number", "callee_id_number", "from_user", "network_ip"), text)
    sent = {**payload(hook), **sides}
    return sent | {name: text for name, value in sent.items() if isinstance(value, str) and name not in IDENTITY}


@pytest.mark.parametrize("text", HOSTILE, ids=IDS)
@for_each("hook", HOOKS)
def test_summary_of_hostile_text(hook: str, text: str) -> None:
    """The summary stays one short line of printable text, and the payload what was sent."""
    made = event(hook, with_text(hook, text))
    assert is_shown(str(event_item(made, SETTINGS)["summary"]))
    assert made.fields["caller_id_name"] == text


@pytest.mark.parametrize("text", HOSTILE, ids=IDS)
def test_slot_and_event_name_are_shown_safely(text: str) -> None:
    """So does a summary whose text comes from a field of the identity."""
    parked = event("parking", payload("parking", parking_slot=text))
    named = event("notifications", payload("notifications", event_name=text))
    assert is_shown(parked.payload.summary())
    assert is_shown(named.payload.summary())


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_direction(text: str) -> None:
    """The direction, which is an attribute of the message, is printable text or absent."""
    item = event_item(event("channel_create", payload("channel_create", call_direction=text)), SETTINGS)
    direction = item["call_direction"]
    assert direction is None or is_shown(str(direction))


def test_long_numbers_leave_room() -> None:
    """A number of any length does not hide who was called."""
    sent = payload("missed_call", caller_id_number="9" * 90_000, to_user="+15557654321")
    assert event("missed_call", sent).payload.summary().endswith("… to +15557654321")


def test_unprintable_numbers_are_unknown() -> None:
    """A number of which nothing can be shown is an unknown one."""
    sent = payload("missed_call", caller_id_number="\u202e", from_user=None, to_user="1001")
    assert event("missed_call", sent).payload.summary() == "Missed call from an unknown number to 1001"


def test_case_of_line_breaks() -> None:
    """A fax error with line breaks does not forge lines of the alert mail."""
    sent = case("line_breaks.json")
    summary = event("outbound_fax_error", sent).payload.summary()
    expected = "Fax from +15551230000 to +15557650000 failed: line one Account 00000000000000000000000000000000 Event"
    assert summary == f"{expected} forged"
