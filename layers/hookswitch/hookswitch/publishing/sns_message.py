"""A stored event as an entry of SNS's PublishBatch, within SNS's limits."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hookswitch.events.cloudevent import cloud_event, to_json
from hookswitch.events.envelope import Envelope
from hookswitch.payloads.text import one_line
from hookswitch.publishing.mail import mail_text, unlinked

if TYPE_CHECKING:
    from types_boto3_sns.type_defs import MessageAttributeValueTypeDef, PublishBatchRequestEntryTypeDef

    type Entry = PublishBatchRequestEntryTypeDef

MAX_ENTRIES = 10  # per batch (SNS, PublishBatch)
MAX_SIZE = 256 * 1024  # bytes per message and per batch, attributes included (SNS, PublishBatch)
MAX_SUBJECT = 99  # an e-mail's subject has fewer than 100 characters (SNS, Publish)
MAX_SMS = 1_600  # characters of an SMS message (SNS, "Publishing SMS messages")
_ATTRIBUTES = ("hook", "account_id", "call_direction", "alert", "direction", "state", "status", "final")


def to_entry(item: Mapping[str, Any], table: str) -> "Entry":
    """Return the batch entry for an event's item in a table; its Id is the event's key.

    E-mail and SMS subscribers get the summary, all others the event. An event that is too large for SNS is sent
    without `data`.

    Raises:
        ArithmeticError, LookupError, TypeError, ValueError: The item is not an event.
    """
    event = cloud_event(item)
    entry = _entry(item, event)
    return entry if entry_size(entry) <= MAX_SIZE else without_data(item, table)


def without_data(item: Mapping[str, Any], table: str) -> "Entry":
    """Return the entry with `dataref` (a CloudEvents extension), which names the item, instead of `data`."""
    event = cloud_event(item)
    del event["data"]
    event["dataref"] = f"dynamodb:{table}/{item['event_id']}"
    return _entry(item, event)


def entry_size(entry: "Entry") -> int:
    """Return the size of an entry that counts towards MAX_SIZE, in bytes.

    SNS counts the message, and the name, type and value of each attribute (SNS, MessageAttributeValue). Whether it
    counts the subject is not documented, so we count it too.
    """
    attributes = sum(
        len(name) + len(value["DataType"]) + len(value["StringValue"].encode())
        for name, value in entry["MessageAttributes"].items()
    )
    return len(entry["Message"].encode()) + len(entry["Subject"]) + attributes


def batches(entries: Iterable["Entry"]) -> list[list["Entry"]]:
    """Divide entries, in order, into batches of at most MAX_ENTRIES and MAX_SIZE.

    An entry that exceeds MAX_SIZE gets a batch to itself.
    """
    found: list[list[Entry]] = []
    room = 0
    for entry in entries:
        size = entry_size(entry)
        if size > room or len(found[-1]) == MAX_ENTRIES:
            found.append([])
            room = MAX_SIZE
        found[-1].append(entry)
        room -= size
    return found


def _entry(item: Mapping[str, Any], event: Envelope) -> "Entry":
    summary = event["summary"]
    message = {
        "default": to_json(event),
        "email": mail_text(item, summary),
        "sms": one_line(unlinked(summary), MAX_SMS),
    }
    return {
        "Id": item["event_id"],
        "Message": json.dumps(message, ensure_ascii=False, separators=(",", ":")),
        "MessageStructure": "json",
        "Subject": _subject(summary),
        "MessageAttributes": {
            name: _attribute(value) for name in _ATTRIBUTES if (value := _attribute_text(item.get(name)))
        },
    }


def _subject(summary: str) -> str:
    """Return a summary as a valid SNS subject: printable ASCII that does not start with a space."""
    printable = summary if summary.isascii() else "".join(letter if letter.isascii() else "?" for letter in summary)
    return printable.strip()[:MAX_SUBJECT].strip() or "Dash event"


def _attribute_text(value: object) -> str:
    # Booleans are strings, too: SNS filters on String attributes in every protocol, and policies stay readable.
    return str(value).lower() if isinstance(value, bool) else one_line(str(value)) if value is not None else ""


def _attribute(text: str) -> "MessageAttributeValueTypeDef":
    return {"DataType": "String", "StringValue": text}
