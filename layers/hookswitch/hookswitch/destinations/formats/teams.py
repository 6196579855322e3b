"""A message for a Teams channel: what the workflow *Send webhook alerts to a channel* takes, with an Adaptive Card.

A card's texts may hold Markdown, which clients read in ways of their own. So its marks in text from outside become
characters that look alike and mean nothing, whatever the client.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hookswitch.destinations.formats.message import Message, to_bytes
from hookswitch.destinations.formats.notice import Notice

MAX_SIZE = 28 * 1024  # bytes of a message (Microsoft Teams connector, "Known issues and limitations")
CARD = "application/vnd.microsoft.card.adaptive"
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.4"  # that all clients of Teams know

_FULLWIDTH = str.maketrans({mark: chr(ord(mark) + 0xFEE0) for mark in "*`[]{}<>\\~|"})
_EDGE = re.compile(r"(?<!\w)_|_(?!\w)")  # the only underscores that can be marks
_ENTITY = re.compile(r"&(?=#?\w+;)")
_BEGINNING = re.compile(r"^(?=(?:[-+#]+|\d{1,9}[.)])(?:\s|$))")  # of a list, a heading or a rule


def teams(event: Mapping[str, Any], zone: str) -> Message:
    """Return an event as the body of a request to a workflow."""
    notice = Notice.from_event(event, zone)
    card = {
        "$schema": SCHEMA,
        "type": "AdaptiveCard",
        "version": VERSION,
        "fallbackText": inert(notice.line),
        "body": list(_body(notice)),
    }
    attachment = {"contentType": CARD, "contentUrl": None, "content": card}
    return Message(to_bytes({"type": "message", "attachments": [attachment]}))


def _body(notice: Notice) -> Iterator[dict[str, Any]]:
    yield _block(notice.title) | {"size": "Large", "weight": "Bolder"}
    if notice.text:
        yield _block(notice.text)
    yield {"type": "FactSet", "facts": [{"title": label, "value": inert(text)} for label, text in notice.facts]}
    yield _block(notice.context) | {"size": "Small", "isSubtle": True}


def _block(text: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": inert(text), "wrap": True}


def inert(text: str) -> str:
    """Return text that Markdown leaves as it is: it has no emphasis, link, code, list, heading or entity."""
    text = _ENTITY.sub("\N{FULLWIDTH AMPERSAND}", text.translate(_FULLWIDTH))
    text = _EDGE.sub("\N{FULLWIDTH LOW LINE}", text)
    return _BEGINNING.sub("\N{NO-BREAK SPACE}", text)
