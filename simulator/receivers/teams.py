"""A receiver that answers as a workflow of Teams does: it accepts a card, and posts it later.

https://learn.microsoft.com/connectors/teams/#microsoft-teams-webhook
"""

import json
from collections.abc import Mapping
from typing import Any

from simulator.receivers.server import Exchange

CARD = "application/vnd.microsoft.card.adaptive"
MAX_MESSAGE = 28_672  # bytes: 28 KB
ELEMENTS = frozenset({"TextBlock", "FactSet", "Container", "ColumnSet", "ActionSet", "Image", "RichTextBlock", "Table"})


class Teams:
    """A workflow of Teams, as a route."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def __call__(self, exchange: Exchange) -> None:
        """Answer a message: 202 with nothing, as there is no Response action in the usual workflow."""
        problem = judge(exchange.request.headers.get("content-type", ""), exchange.request.body)
        if problem:
            exchange.answer(
                400, json.dumps({"error": {"code": problem}}).encode(), {"content-type": "application/json"}
            )
            return
        self.messages.append(json.loads(exchange.request.body))
        exchange.answer(202)


def judge(content_type: str, body: bytes) -> str:
    """Return the code of what is wrong with a message; empty if it is one that the channel shows.

    A real workflow accepts more, and fails afterwards where nobody sees it.
    """
    if len(body) > MAX_MESSAGE:
        return "RequestEntityTooLarge"
    try:
        message = json.loads(body)
    except ValueError:
        return "InvalidRequestContent"
    if not content_type.startswith("application/json") or not isinstance(message, dict):
        return "InvalidRequestContent"
    attachments = message.get("attachments")
    is_message = message.get("type") == "message" and isinstance(attachments, list) and len(attachments) > 0
    return "" if is_message and all(map(_is_card, attachments or [])) else "TriggerInputSchemaMismatch"


def _is_card(attachment: object) -> bool:
    if not isinstance(attachment, Mapping) or attachment.get("contentType") != CARD:
        return False
    card = attachment.get("content")
    if not isinstance(card, Mapping) or card.get("type") != "AdaptiveCard":
        return False
    body = card.get("body")
    has_version = str(card.get("version", "")).startswith("1.")
    return has_version and isinstance(body, list) and len(body) > 0 and all(map(_is_element, body))


def _is_element(element: object) -> bool:
    if not isinstance(element, Mapping) or element.get("type") not in ELEMENTS:
        return False
    match element["type"]:
        case "TextBlock":
            return isinstance(element.get("text"), str)
        case "FactSet":
            facts = element.get("facts")
            return isinstance(facts, list) and all({"title", "value"} <= fact.keys() for fact in facts)
        case _:
            return True
