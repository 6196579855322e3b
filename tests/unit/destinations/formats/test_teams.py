"""Messages in Teams."""

from typing import Any

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from hookswitch.dash.hooks import HOOKS
from hookswitch.destinations.formats.render import render
from hookswitch.destinations.formats.teams import inert
from hookswitch.destinations.record import Options
from hookswitch.payloads.text import one_line
from simulator.receivers.teams import judge
from simulator.tests.each import for_each
from tests.unit.destinations.formats.events import HOSTILE, LINKS, OFFICE, all_events, body, event_of, event_of_hook

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def card(event: dict[str, Any]) -> dict[str, Any]:
    """Return the card about an event, out of the envelope that the workflow takes."""
    message = render(event, "teams", Options(zone=OFFICE))
    assert judge(message.content_type, message.body) == ""
    assert len(message.body) <= 28 * 1024
    read = body(message)
    assert read.keys() == {"type", "attachments"}
    assert read["type"] == "message"
    (attachment,) = read["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    content: dict[str, Any] = attachment["content"]
    return content


def test_voicemail() -> None:
    """It has the facts that Slack shows."""
    event = event_of("voicemail")
    assert card(event) == {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": inert(event["summary"]),
        "body": [
            {
                "type": "TextBlock",
                "text": "\N{OPEN MAILBOX WITH RAISED FLAG} Voicemail from WIRELESS CALLER",
                "size": "Large",
                "weight": "Bolder",
                "wrap": True,
            },
            {"type": "TextBlock", "text": "Nobody answered, and the caller left a message.", "wrap": True},
            {
                "type": "FactSet",
                "facts": [
                    {"title": "From", "value": "WIRELESS CALLER +1 555-234-0017"},
                    {"title": "To", "value": "+1 555-300-0100"},
                    {"title": "When", "value": "Wednesday, November 18 2026, 06:06 EST"},
                    {"title": "Waited", "value": "22 s"},
                    {"title": "Voicemail", "value": "21 s"},
                ],
            },
            {
                "type": "TextBlock",
                "text": f"Call {event['data']['call']} · Account {event['data']['account_id']}",
                "size": "Small",
                "isSubtle": True,
                "wrap": True,
            },
        ],
    }


def shown(content: dict[str, Any]) -> list[str]:
    """Return all texts of a card in which a client may read Markdown."""
    found = [content["fallbackText"]]
    for element in content["body"]:
        found += [element["text"]] if "text" in element else [fact["value"] for fact in element["facts"]]
    return found


def is_inert(text: str) -> bool:
    """Tell whether Markdown makes nothing of a text but that text."""
    tokens = MARKDOWN.parse(text)
    if not text.strip():
        return True
    return [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"] and all(
        child.type == "text" and child.content in text for child in tokens[1].children or []
    )


def test_every_event_is_plain() -> None:
    """Every text of every event is within the limits, and nothing but text."""
    for event in all_events():
        assert all(map(is_inert, shown(card(event))))


@pytest.mark.parametrize(
    "text",
    [
        *LINKS,
        *("*97", "**bold**", "_it_", "`code`", "~~struck~~", "# Big", "- item", "1. item", "> quote", "+ item"),
        *("![x](https://evil.example)", "{{DATE(2026-11-23T00:00:00Z)}}", "&amp;", "&#42;a&#42;", "a|b", "\\*", "---"),
    ],
)
def test_markdown(text: str) -> None:
    """Marks of any kind are shown as they are, or as what looks like them."""
    assert is_inert(inert(text))
    assert len(inert(text).strip()) == len(text)


def test_usual_names_stay() -> None:
    """Names and numbers that callers have are not changed."""
    for name in ("Ünïcode & Söhne", "St. John's (Clinic)", "+1 555-234-0017", "front_desk", "O'Brien, 3rd #2"):
        assert inert(name) == name


@settings(max_examples=40)
@given(HOSTILE)
def test_hostile_text(text: str) -> None:
    """So it is whatever a caller writes."""
    assert is_inert(inert(one_line(text)))
    party = {"name": text, "number": text}
    texts = shown(card(event_of("voicemail", **{"from": party, "to": party, "reason": text})))
    assert all(map(is_inert, texts))
    assert not any("://" in text or "{{" in text for text in texts)


@for_each("hook", HOOKS)
def test_hostile_hooks(hook: str) -> None:
    """So it is in any field of an event, of any length."""
    event = event_of_hook(hook)
    for text in (*LINKS, '\\"*😀' * 2_000, "a." * 3_000):
        texts = shown(card(event | {"summary": text, "data": dict.fromkeys(event["data"], text)}))
        assert all(map(is_inert, texts))
