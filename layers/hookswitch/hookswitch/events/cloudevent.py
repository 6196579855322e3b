"""A stored event as consumers get it, wherever it is published: CloudEvents 1.0 in JSON."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hookswitch.events.envelope import TYPE_PREFIX, Envelope
from hookswitch.events.kinds import CALL, TEST
from hookswitch.payloads.text import one_line

MAX_SUMMARY = 4_000  # characters; an event's own has 200 at most, but one about many webhooks names each of them

_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_NONCHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_NOT_IN_CONTEXT = re.compile(f"[\\x00-\\x1f\\x7f-\\x9f\ud800-\udfff\ufdd0-\ufdef{_NONCHARACTERS}]")


def cloud_event(item: Mapping[str, Any], *, is_replay: bool = False) -> Envelope:
    """Return an item of the table as a CloudEvent; hookswitch.events.envelope says what its fields mean.

    Args:
        item: The item.
        is_replay: Whether somebody asked for it to be sent again.
    """
    event: Envelope = {
        "specversion": "1.0",
        "id": f"{item['event_id']}-{item['revision']}" if item.get("kind") == CALL else item["event_id"],
        "source": f"dash/{_context(item['account_id'])}",
        "type": f"{TYPE_PREFIX}{TEST if item.get('kind') == TEST else item['hook']}",
        "time": item["occurred_at"],
        "datacontenttype": "application/json",
        # Cut here too: items that an earlier version stored may hold a summary of any length and kind.
        "summary": one_line(str(item["summary"]), MAX_SUMMARY),
        "receivedtime": item["received_at"],
    }
    if item.get("subject") is not None:
        event["subject"] = _context(item["subject"])
    if item.get("recovered") is not None:
        event["recovered"] = item["recovered"]
    if is_replay:
        event["replay"] = True
    event["data"] = item["payload"]
    return event


def to_json(value: Mapping[str, object]) -> str:
    """Return a CloudEvent, or what is made of one, as JSON text in which characters that XML can't hold are escaped.

    SNS and SQS take those of XML only (SQS, SendMessage), and json.dumps escapes no others than control characters.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number)
    return text if text.isascii() else _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _context(value: object) -> str:
    """Return text as a context attribute takes it (CloudEvents 1.0, "Type System", String)."""
    return _NOT_IN_CONTEXT.sub("\N{REPLACEMENT CHARACTER}", str(value))


def _number(value: object) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} can't be part of an event.")
