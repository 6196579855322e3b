"""Each type of destination can be sent any event."""

import json
from typing import Any

import pytest

from hookswitch.destinations.formats.render import render
from hookswitch.destinations.record import HTTP_TYPES, TYPES, Options, Type
from hookswitch.events.cloudevent import to_json
from tests.unit.destinations.formats.events import OFFICE, all_events, body, event_of

LARGEST = {"slack": 20_000, "teams": 20_000, "zapier": 50_000}  # bytes; far from what they take
FIELDS = '{"text": "Call from {data.from.number}", "waited": "{data.wait_seconds}"}'


@pytest.mark.parametrize("destination_type", TYPES)
def test_every_event(destination_type: Type) -> None:
    """Every hook and every revision of every kind of call is a JSON object of a size that the receiver takes."""
    for event in all_events():
        message = render(event, destination_type, Options(zone=OFFICE), table="events")
        assert body(message)
        assert len(message.body) < LARGEST.get(destination_type, 256_000)
        assert bool(message.attributes) == (destination_type not in HTTP_TYPES)


def test_https_is_the_event() -> None:
    """It gets the CloudEvent, byte for byte as SNS has it."""
    event = event_of("voicemail")
    message = render(event, "https", Options())
    assert message.body.decode() == to_json(event)
    assert (message.content_type, message.headers) == ("application/cloudevents+json", {})


@pytest.mark.parametrize("destination_type", ["https", "zapier"])
def test_replay(destination_type: Type) -> None:
    """What is sent again says so in a header too, so that chosen fields don't hide it."""
    message = render(event_of("voicemail") | {"replay": True}, destination_type, Options(fields=FIELDS))
    assert message.headers == {"hookswitch-replay": "true"}


@pytest.mark.parametrize("destination_type", ["https", "zapier", "sqs", "eventbridge"])
def test_chosen_fields(destination_type: Type) -> None:
    """They replace the body, and nothing else."""
    event = event_of("voicemail")
    message = render(event, destination_type, Options(fields=FIELDS))
    assert body(message) == {"text": "Call from +15552340017", "waited": 22}
    assert message.content_type == "application/json"
    assert message.attributes == render(event, destination_type, Options()).attributes


@pytest.mark.parametrize("zone", ["UTC", "Nowhere/Atlantis", "America", "../etc/passwd", ""])
def test_unknown_zone(zone: str) -> None:
    """A zone that does not exist, or not any more, is UTC: the message is sent nevertheless."""
    for destination_type in TYPES:
        message = render(event_of("voicemail"), destination_type, Options(zone=zone))  # type: ignore[arg-type] # its words
        if destination_type == "slack":
            assert "11:06 UTC" in message.body.decode()


def test_sqs_attributes() -> None:
    """They say what a reader wants to tell messages by, as far as the event says it."""
    assert render(event_of("voicemail"), "sqs", Options()).attributes == {
        "type": "com.virtualpbx.dash.call",
        "hook": "call",
        "account_id": "5a2d994fbae69b1d6b01eb9f0e7dfe62",
        "direction": "inbound",
        "status": "voicemail",
    }
    ringing = event_of("voicemail", status=None, direction="\u202e")
    assert render(ringing, "sqs", Options()).attributes.keys() == {"type", "hook", "account_id"}


def test_eventbridge_entry() -> None:
    """It has what rules match events by."""
    event = event_of("voicemail")
    message = render(event, "eventbridge", Options())
    assert message.attributes == {
        "Source": "hookswitch",
        "DetailType": "com.virtualpbx.dash.call",
        "Time": event["time"],
    }
    assert body(message) == json.loads(to_json(event))


@pytest.mark.parametrize("destination_type", ["sqs", "eventbridge"])
@pytest.mark.parametrize("letter", ["x", "é", "\U0001f4a9", "\x01"])
def test_event_that_is_too_large(destination_type: Type, letter: str) -> None:
    """It goes without its data and names the item in the table that has it; one at the limit goes whole."""
    event = event_of("voicemail")

    def sent(letters: int) -> tuple[int, dict[str, Any]]:
        data = {**event["data"], "reason": letter * letters}
        message = render(event | {"data": data}, destination_type, Options(), table="events")
        counted = sum(len(name) + len(value) + len("String") for name, value in message.attributes.items())
        return len(message.body) + (counted if destination_type == "sqs" else 48), body(message)

    low, high = 0, 300_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if "data" in sent(middle)[1] else (low, middle)
    largest, smaller = sent(low), sent(high)
    assert 256 * 1024 - 10 <= largest[0] <= 256 * 1024
    assert "data" not in smaller[1]
    assert smaller[1]["dataref"] == f"dynamodb:events/call-{event['data']['call']}"
    assert smaller[1]["id"] == event["id"]


def test_raw_event_that_is_too_large() -> None:
    """An event of a hook is named by its own id."""
    event = event_of("voicemail") | {"id": "0" * 32, "data": {"note": "x" * 300_000}}
    assert body(render(event, "sqs", Options(), table="events"))["dataref"] == f"dynamodb:events/{'0' * 32}"
