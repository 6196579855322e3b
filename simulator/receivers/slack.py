"""A receiver that answers as Slack's incoming webhooks do.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and, for the limits of blocks,
https://docs.slack.dev/reference/block-kit/blocks.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from simulator.receivers.server import Exchange

MAX_BLOCKS = 50
MAX_TEXT = 3_000  # characters of a section, and of an element of a context
MAX_HEADER = 150
MAX_FIELDS, MAX_FIELD = 10, 2_000
MAX_ELEMENTS = {"context": 10, "actions": 25}
MAX_BUTTON = 75
MAX_LINK = 3_000
MAX_MESSAGE = 40_000  # characters of the text beside the blocks


class Slack:
    """A webhook of Slack, as a route. It takes one message a second, and `burst` more at once."""

    def __init__(self, burst: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.messages: list[dict[str, Any]] = []
        self._capacity, self._clock = burst + 1.0, clock
        self._left, self._then = self._capacity, clock()
        self._lock = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        """Answer a message."""
        if not self._take():
            exchange.answer(429, b"rate_limited", {"retry-after": "1"})
            return
        problem = judge(exchange.request.headers.get("content-type", ""), exchange.request.body)
        if problem:
            exchange.answer(400, problem.encode())
            return
        self.messages.append(json.loads(exchange.request.body))
        exchange.answer(200, b"ok")

    def _take(self) -> bool:
        with self._lock:
            now = self._clock()
            self._left, self._then = min(self._capacity, self._left + (now - self._then)), now
            if self._left < 1:
                return False
            self._left -= 1
            return True


def judge(content_type: str, body: bytes) -> str:
    """Return what Slack says against a message; empty if it takes it."""
    try:
        message = json.loads(body)
    except ValueError:
        message = None
    if not content_type.startswith("application/json") or not isinstance(message, dict):
        return "invalid_payload"
    text, blocks = message.get("text", ""), message.get("blocks", [])
    if not isinstance(text, str) or not isinstance(blocks, list):
        return "invalid_payload"
    if not text and not blocks:
        return "no_text"
    is_shown = len(text) <= MAX_MESSAGE and len(blocks) <= MAX_BLOCKS and all(map(_is_block, blocks))
    return "" if is_shown else "invalid_blocks"


def _is_block(block: object) -> bool:
    if not isinstance(block, Mapping):
        return False
    match block.get("type"):
        case "header":
            return _is_text(block.get("text"), MAX_HEADER, {"plain_text"})
        case "section":
            return _is_section(block)
        case "context" | "actions" as kind:
            elements = block.get("elements")
            is_list = isinstance(elements, list) and 0 < len(elements) <= MAX_ELEMENTS[kind]
            return is_list and all(map(_is_element if kind == "context" else _is_button, elements or []))
        case other:
            return other in {"divider", "rich_text", "image"}


def _is_section(block: Mapping[str, Any]) -> bool:
    text, fields = block.get("text"), block.get("fields")
    if text is None and fields is None:
        return False
    if text is not None and not _is_text(text, MAX_TEXT):
        return False
    if fields is None:
        return True
    return 0 < len(fields) <= MAX_FIELDS and all(_is_text(field, MAX_FIELD) for field in fields)


def _is_element(element: object) -> bool:
    return isinstance(element, Mapping) and (element.get("type") == "image" or _is_text(element, MAX_TEXT))


def _is_button(button: object) -> bool:
    if not isinstance(button, Mapping) or button.get("type") != "button":
        return False
    return _is_text(button.get("text"), MAX_BUTTON, {"plain_text"}) and len(button.get("url", "")) <= MAX_LINK


def _is_text(text: object, limit: int, kinds: frozenset[str] | set[str] = frozenset({"plain_text", "mrkdwn"})) -> bool:
    if not isinstance(text, Mapping) or text.get("type") not in kinds:
        return False
    value = text.get("text")
    return isinstance(value, str) and 0 < len(value) <= limit
