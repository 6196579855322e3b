"""Messages in Slack."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from hookswitch.dash.hooks import HOOKS
from hookswitch.destinations.formats.render import render
from hookswitch.destinations.record import Options
from simulator.receivers.slack import judge
from simulator.tests.each import for_each
from tests.unit.destinations.formats.events import HOSTILE, LINKS, OFFICE, all_events, body, event_of, event_of_hook


def slack(event: dict[str, Any]) -> dict[str, Any]:
    """Return the message about an event, which Slack takes."""
    message = render(event, "slack", Options(zone=OFFICE))
    assert judge(message.content_type, message.body) == ""
    return body(message)


def texts(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the text objects of a message's blocks."""
    for block in message["blocks"]:
        yield from ([block["text"]] if "text" in block else [])
        yield from block.get("fields", []) + block.get("elements", [])


def facts(message: dict[str, Any]) -> dict[str, str]:
    """Return the facts that a message shows, by their labels."""
    fields = [each["text"] for block in message["blocks"] for each in block.get("fields", [])]
    return dict(zip([label.strip("*") for label in fields[::2]], fields[1::2], strict=True))


def test_voicemail() -> None:
    """A person sees who called whom and when, how long they waited, and how long the message is."""
    event = event_of("voicemail")
    assert slack(event) == {
        "text": "Missed call from WIRELESS CALLER (+15552340017) to +15553000100, rang 22 s, left a voicemail",
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": plain("\N{OPEN MAILBOX WITH RAISED FLAG} Voicemail from WIRELESS CALLER")},
            {"type": "section", "text": plain("Nobody answered, and the caller left a message.")},
            {
                "type": "section",
                "fields": [
                    *({"type": "mrkdwn", "text": "*From*"}, plain("WIRELESS CALLER +1 555-234-0017")),
                    *({"type": "mrkdwn", "text": "*To*"}, plain("+1 555-300-0100")),
                    *({"type": "mrkdwn", "text": "*When*"}, plain("Wednesday, November 18 2026, 06:06 EST")),
                    *({"type": "mrkdwn", "text": "*Waited*"}, plain("22 s")),
                    *({"type": "mrkdwn", "text": "*Voicemail*"}, plain("21 s")),
                ],
            },
            {
                "type": "context",
                "elements": [plain(f"Call {event['data']['call']} · Account {event['data']['account_id']}")],
            },
        ],
    }


def plain(text: str) -> dict[str, Any]:
    """Return a text without markup."""
    return {"type": "plain_text", "text": text, "emoji": False}


@pytest.mark.parametrize(
    ("scenario", "title", "shown"),
    [
        ("no_mailbox", "Missed call from WIRELESS CALLER", {"Waited": "31 s"}),
        ("abandoned", "Missed call from WIRELESS CALLER", {"Waited": "13 s"}),
        ("busy", "Call from Ünïcode & Söhne, busy", {}),
        ("not_registered", "Call from WIRELESS CALLER, failed", {}),
        ("ring_group", "Call from WIRELESS CALLER, answered", {"Answered by": "Sales 3 203", "Talked": "2 min"}),
        ("blind_transfer", "Call from WIRELESS CALLER, answered", {"Last with": "Sales 2 202"}),
        ("transfer_to_voicemail", "Call from WIRELESS CALLER, answered", {"Voicemail": "12 s"}),
        ("internal_unanswered", "Call from Warehouse 3 to 301, not answered", {"From": "Warehouse 3 401"}),
        ("outbound_given_up", "Call to +1 555-678-0042, given up", {"Waited": "20 s"}),
        ("outbound_answered", "Call to +1 555-234-0017, answered", {"Talked": "1 min"}),
        ("inbound_fax", "Fax from Café Zürich, received", {"Fax": "received"}),
        ("outbound_fax_error", "Fax to +1 555-777-0011, failed", {"Fax": "failed: The call dropped prematurely"}),
    ],
)
def test_kinds_of_calls(scenario: str, title: str, shown: dict[str, str]) -> None:
    """The title says how the call went; who answered, and how long they talked, is among the facts."""
    message = slack(event_of(scenario))
    assert message["blocks"][0]["text"]["text"].partition(" ")[2] == title
    assert shown.items() <= facts(message).items()


@pytest.mark.parametrize(
    ("hook", "changes", "shown"),
    [
        ("voicemail_new", {"voicemail_transcription": {"text": "Call me back"}}, {"Transcription": "Call me back"}),
        ("voicemail_new", {"voicemail_transcription": "Call me", "voicemail_length": 21_400}, {"Voicemail": "21 s"}),
        ("voicemail_full", {"message_count": 50, "max_message_count": 50}, {"Messages": "50", "Most messages": "50"}),
        ("parking", {"parking_slot": "105"}, {"Event": "parking", "Parking slot": "105"}),
        ("inbound_fax_error", {"fax_error": "No carrier"}, {"Error": "No carrier"}),
        ("channel_destroy", {"duration_seconds": 75}, {"Duration": "1 min 15 s"}),
        ("register", {"username": "desk"}, {"Device": "desk"}),
        ("missed_call", {"caller_id_name": "Jane Doe", "caller_id_number": None}, {}),
    ],
)
def test_raw_events(hook: str, changes: dict[str, Any], shown: dict[str, str]) -> None:
    """An event as Dash sent it has its summary as the title, and a few facts of its hook."""
    event = event_of_hook(hook, **changes)
    message = slack(event)
    assert message["blocks"][0]["text"]["text"].startswith("\N{BELL} ")
    assert shown.items() <= facts(message).items()
    assert event["id"] in message["blocks"][-1]["elements"][0]["text"]


def test_unknown_caller() -> None:
    """A caller who hides the number is an unknown number."""
    title = slack(event_of("voicemail", **{"from": None}))["blocks"][0]["text"]["text"]
    assert title.endswith(" Voicemail from an unknown number")


def test_sent_again() -> None:
    """What is sent again says so."""
    (again,) = slack(event_of("voicemail") | {"replay": True})["blocks"][-1]["elements"]
    assert again["text"].startswith("Sent again · Call ")


def test_call_of_which_little_is_known() -> None:
    """A part of another call, and one of which not everything was seen, say so."""
    part = slack(event_of("voicemail", merged_into="0" * 32))["blocks"][1]["text"]["text"]
    assert part.endswith("This call turned out to be a part of another one.")
    lost = slack(event_of("media_lost_ringing"))["blocks"][1]["text"]["text"]
    assert lost == "The media server of the call was lost. Not everything about it was seen."


def check(message: dict[str, Any]) -> None:
    """Check Slack's limits, and that what comes from outside can be no markup, link or mention."""
    assert len(message["blocks"]) <= 50
    assert len(message["text"]) <= 3_000
    assert not re.search(r"[<>]|&(?!(amp|lt|gt);)", message["text"])
    for block in message["blocks"]:
        assert len(block.get("fields", [])) <= 10
    for text in texts(message):
        assert 1 <= len(text["text"]) <= 2_000
        assert text["text"].isprintable()
        assert "://" not in text["text"]
        if text["type"] == "mrkdwn":
            assert re.fullmatch(r"\*[A-Z][A-Za-z-]*( [a-z]+)?\*", text["text"])
    assert len(message["blocks"][0]["text"]["text"]) <= 150


def test_every_event_is_within_the_limits() -> None:
    """Whatever happens, Slack takes the message."""
    for event in all_events():
        check(slack(event))


@settings(max_examples=25)
@given(HOSTILE, HOSTILE)
def test_hostile_calls(name: str, number: str) -> None:
    """Whatever a caller chooses as name and number, or a device as its hang-up cause, it stays plain text."""
    party = {"name": name + LINKS[1], "number": number, "extension": number}
    reason = f"The call could not be connected. ({name})"
    changes = {"from": party, "to": party, "answered_by": party, "reached": party, "reason": reason}
    for status in ("missed", "answered", "failed"):
        check(slack(event_of("voicemail", status=status, **changes)))


@pytest.mark.parametrize("text", [*LINKS, "x" * 5_000, "\ud800\uffff", "a\nb\r\nc"], ids=range(len(LINKS) + 3))
@for_each("hook", HOOKS)
def test_hostile_hooks(hook: str, text: str) -> None:
    """So does whatever is in any field of an event, also if it is not what the field should hold."""
    event = event_of_hook(hook)
    others: tuple[Any, ...] = (text, [text], {"text": text}, 10**40, -1, True, None)
    for value in others:
        check(slack(event | {"summary": text, "data": dict.fromkeys(event["data"], value)}))
