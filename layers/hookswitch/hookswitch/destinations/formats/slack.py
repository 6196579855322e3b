"""A message for a Slack channel: blocks, and a text for notifications.

Slack's limits: 50 blocks a message, 150 characters a header, 3,000 a text, 10 fields a section of 2,000 characters
each, 10 elements a context (Slack, "Block Kit"). What comes from outside is in objects of the type plain_text, in which
Slack looks for no markup, link or mention.
"""

from collections.abc import Iterator, Mapping
from itertools import batched
from typing import Any

from hookswitch.destinations.formats.message import Message, to_bytes
from hookswitch.destinations.formats.notice import Notice

PAIRS = 5  # facts of a section, each of which has two of its ten fields


def slack(event: Mapping[str, Any], zone: str) -> Message:
    """Return an event as the body of a request to an incoming webhook."""
    notice = Notice.from_event(event, zone)
    blocks = [{"type": "header", "text": _plain(notice.title)}]
    return Message(
        to_bytes(
            {
                "text": _escaped(notice.line),
                "mrkdwn": False,
                "unfurl_links": False,
                "unfurl_media": False,
                "blocks": [*blocks, *_blocks(notice)],
            }
        )
    )


def _blocks(notice: Notice) -> Iterator[dict[str, Any]]:
    if notice.text:
        yield {"type": "section", "text": _plain(notice.text)}
    for facts in batched(notice.facts, PAIRS, strict=False):
        fields = [[{"type": "mrkdwn", "text": f"*{label}*"}, _plain(text)] for label, text in facts]
        yield {"type": "section", "fields": [field for pair in fields for field in pair]}
    yield {"type": "context", "elements": [_plain(notice.context)]}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _escaped(text: str) -> str:
    """Return text without Slack's markup for links and mentions (Slack, "Formatting message text", Escaping text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
