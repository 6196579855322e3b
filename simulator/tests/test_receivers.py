"""The receivers judge as the services' documentation says, and do what their names say."""

import http.client
import json
import time

import pytest

from simulator.receivers import slack, teams
from simulator.receivers.behaviors import answering, in_turn
from simulator.receivers.server import Receiver
from simulator.receivers.slack import Slack

JSON = "application/json; charset=utf-8"
TEXT = {"type": "mrkdwn", "text": "Missed call"}


def section(length: int) -> dict[str, object]:
    """Return a section with a text of some characters."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}}


def header(length: int, kind: str = "plain_text") -> dict[str, object]:
    """Return a header with a text of some characters."""
    return {"type": "header", "text": {"type": kind, "text": "x" * length}}


BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Call"}, "url": "https://example.com/"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"text": "Missed call"}, ""),
        ({"text": "Missed call", "blocks": [section(3000)] * 50}, ""),
        ({"blocks": [header(150), {"type": "divider"}, {"type": "context", "elements": [TEXT] * 10}]}, ""),
        ({"blocks": [{"type": "section", "fields": [TEXT] * 10}, {"type": "actions", "elements": [BUTTON]}]}, ""),
        ({}, "no_text"),
        ([], "invalid_payload"),
        ({"text": 5}, "invalid_payload"),
        ({"text": "x" * 40_001}, "invalid_blocks"),
        ({"blocks": [section(1)] * 51}, "invalid_blocks"),
        ({"blocks": [section(3001)]}, "invalid_blocks"),
        ({"blocks": [section(0)]}, "invalid_blocks"),
        ({"blocks": [header(151)]}, "invalid_blocks"),
        ({"blocks": [header(1, "mrkdwn")]}, "invalid_blocks"),
        ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "section", "fields": [TEXT] * 11}]}, "invalid_blocks"),
        ({"blocks": [{"type": "context", "elements": [TEXT] * 11}]}, "invalid_blocks"),
        ({"blocks": [{"type": "actions", "elements": [{"type": "button"}]}]}, "invalid_blocks"),
        ({"blocks": [{"type": "blinking"}]}, "invalid_blocks"),
        ({"blocks": ["text"]}, "invalid_blocks"),
    ],
)
def test_slack(message: object, expected: str) -> None:
    """Messages within the limits of Slack's blocks are taken, all others are not."""
    assert slack.judge(JSON, json.dumps(message).encode()) == expected


def test_slack_wants_json() -> None:
    """Anything else is no payload."""
    assert slack.judge(JSON, b"{") == "invalid_payload"
    assert slack.judge("text/plain", b'{"text":"x"}') == "invalid_payload"


CARD = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "Missed call"}]}


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (CARD, ""),
        ({**CARD, "body": [{"type": "FactSet", "facts": [{"title": "From", "value": "Jane"}]}]}, ""),
        ({**CARD, "type": "MessageCard"}, "TriggerInputSchemaMismatch"),
        ({**CARD, "version": None}, "TriggerInputSchemaMismatch"),
        ({**CARD, "body": []}, "TriggerInputSchemaMismatch"),
        ({**CARD, "body": [{"type": "TextBlock"}]}, "TriggerInputSchemaMismatch"),
        ({**CARD, "body": [{"type": "FactSet", "facts": [{"title": "From"}]}]}, "TriggerInputSchemaMismatch"),
        ({**CARD, "body": [{"type": "Blink"}]}, "TriggerInputSchemaMismatch"),
        ({**CARD, "fallbackText": "x" * 28_672}, "RequestEntityTooLarge"),
    ],
)
def test_teams(card: object, expected: str) -> None:
    """A message that holds an Adaptive Card is taken, all others are not."""
    message = {"type": "message", "attachments": [{"contentType": teams.CARD, "content": card}]}
    assert teams.judge(JSON, json.dumps(message).encode()) == expected


@pytest.mark.parametrize("message", [CARD, {"type": "message"}, {"type": "message", "attachments": []}, []])
def test_teams_wants_an_envelope(message: object) -> None:
    """A card by itself is no message of a workflow."""
    assert teams.judge(JSON, json.dumps(message).encode())


def post(receiver: Receiver, body: bytes = b'{"text":"x"}') -> http.client.HTTPResponse:
    """Post to a receiver without TLS."""
    connection = http.client.HTTPConnection("localhost", receiver.port)
    connection.request("POST", "/a?b=c", body, {"content-type": "application/json"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_slack_takes_one_message_a_second() -> None:
    """The second one within a second has to wait for as long as it says."""
    now = time.monotonic()
    receives = Slack(clock=lambda: now)
    with Receiver(routes={"/a": receives}) as receiver:
        assert post(receiver).status == 200
        refused = post(receiver)
        assert (refused.status, refused.getheader("retry-after")) == (429, "1")
        now += 1
        assert post(receiver).status == 200
    assert receives.messages == [{"text": "x"}] * 2


def test_routes_and_turns() -> None:
    """Requests are recorded, and answered by the route of their path, one answer after the other."""
    with Receiver(routes={"/a": in_turn(answering(503, retry_after="3"), answering(204))}) as receiver:
        first = post(receiver)
        assert (first.status, first.getheader("retry-after")) == (503, "3")
        assert [post(receiver).status for _ in range(2)] == [204, 204]
        assert [request.target for request in receiver.to("/a")] == ["/a?b=c"] * 3
        assert receiver.requests[0].body == b'{"text":"x"}'
