"""The SNS topic as a destination of events."""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, override

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, PATIENT, Limits, error_code
from hookswitch.backoff import jittered
from hookswitch.events.cloudevent import cloud_event, to_json
from hookswitch.events.envelope import Envelope
from hookswitch.observability.log import logger
from hookswitch.publishing.destination import Destination, Result, Status, StoredEvent
from hookswitch.receiving.redelivery import SNS

if TYPE_CHECKING:
    from types_boto3_sns.type_defs import MessageAttributeValueTypeDef, PublishBatchRequestEntryTypeDef

    type Entry = PublishBatchRequestEntryTypeDef

TRIES = 3  # of an event that SNS refuses out of a batch
MAX_ENTRIES = 10  # of one batch (SNS, PublishBatch)
MAX_SIZE = 256 * 1024  # bytes of one message, and of one batch, with attributes (SNS, PublishBatch)
MAX_SUBJECT = 99  # an e-mail's subject has fewer than 100 characters (SNS, Publish)
_ATTRIBUTES = ("hook", "account_id", "call_direction", "alert")
_RETRY_SECONDS = 0.3


class SnsDestination(Destination):
    """The topic of events.

    An event that SNS refuses out of a batch is tried again with other refused ones. When a whole call fails, after the
    SDK's own retries, SNS counts as unavailable, and the rest is not tried.
    """

    name = SNS

    def __init__(self, topic_arn: str, limits: Limits = PATIENT) -> None:
        """Prepare to publish to a topic; no call takes longer than the limits."""
        self._topic_arn, self._limits = topic_arn, limits

    @override
    def publish(self, events: Iterable[StoredEvent], stop_at: float) -> Iterator[Result]:
        pending: dict[str, StoredEvent] = {}
        entries: dict[str, Entry] = {}
        for event in events:
            if entry := _entry_or_none(event):
                pending[event.event_id], entries[event.event_id] = event, entry
            else:
                yield Result(event, Status.REFUSED)
        for attempt in range(TRIES):
            if attempt:
                time.sleep(jittered(_RETRY_SECONDS * attempt, least=1 / 3))
            for batch in batches([entries[event_id] for event_id in pending]):
                failed, reason = self._send(batch, stop_at)
                if reason:
                    logger.warning("SNS does not take messages: %s", reason)
                    yield from (Result(event, Status.NOT_REACHED, reason) for event in pending.values())
                    return
                for entry in batch:
                    if code := failed.get(entry["Id"]):
                        logger.warning("SNS refused an event: %s", code, extra=pending[entry["Id"]].log_keys)
                    else:
                        yield Result(pending.pop(entry["Id"]), Status.TAKEN)
            if not pending:
                return
        yield from (Result(event, Status.REFUSED) for event in pending.values())

    def _send(self, batch: list["Entry"], stop_at: float) -> tuple[Mapping[str, str], str]:
        """Publish a batch.

        Returns:
            The code of each entry that SNS refused, by the entry's id; and why it took none of the batch, if so.
        """
        if time.monotonic() >= stop_at:
            return {}, "too slow"
        client = clients.sns(self._limits)
        try:
            response = client.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=batch)
        except CALL_ERRORS as error:
            return {}, error_code(error)
        return {failure["Id"]: failure["Code"] for failure in response["Failed"]}, ""


def _entry_or_none(event: StoredEvent) -> "Entry | None":
    try:
        return to_entry(event.item)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        logger.error("No message can be made of an item: %s", type(error).__name__, extra=event.log_keys)
        return None


def to_entry(item: Mapping[str, Any]) -> "Entry":
    """Return the entry of a batch for an event's item; its Id is the event's key.

    E-mail and SMS subscribers get the summary, all others the event. An event that is larger than SNS takes goes out
    without `data`, and `dataref` (a CloudEvents extension) names the item that has it.

    Raises:
        ArithmeticError, LookupError, TypeError, ValueError: The item is not an event.
    """
    event = cloud_event(item)
    entry = _entry(item, event)
    if entry_size(entry) > MAX_SIZE:
        del event["data"]
        event["dataref"] = f"dynamodb:{os.environ['EVENTS_TABLE']}/{item['event_id']}"
        entry = _entry(item, event)
    return entry


def entry_size(entry: "Entry") -> int:
    """Return what an entry counts against MAX_SIZE, in bytes."""
    attributes = sum(
        len(name) + len(value["DataType"]) + len(value["StringValue"].encode())
        for name, value in entry["MessageAttributes"].items()
    )
    return len(entry["Message"].encode()) + len(entry["Subject"]) + attributes


def batches(entries: Iterable["Entry"]) -> list[list["Entry"]]:
    """Divide entries, in order, into batches of at most MAX_ENTRIES and MAX_SIZE."""
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
    summary = str(item["summary"])
    message = {"default": to_json(event), "email": _email(item), "sms": summary}
    return {
        "Id": item["event_id"],
        "Message": json.dumps(message, ensure_ascii=False, separators=(",", ":")),
        "MessageStructure": "json",
        "Subject": _subject(summary),
        "MessageAttributes": {name: _attribute(item[name]) for name in _ATTRIBUTES if item.get(name) not in (None, "")},
    }


def _email(item: Mapping[str, Any]) -> str:
    return f"{item['summary']}\n\n{item['occurred_at']}\nAccount {item['account_id']}\nEvent {item['event_id']}\n"


def _subject(summary: str) -> str:
    """Return a summary as SNS takes a subject: printable ASCII that does not start with a space."""
    plain = summary.isascii() and summary.isprintable()
    printable = summary if plain else "".join(letter if " " <= letter <= "~" else "?" for letter in summary)
    return printable.strip()[:MAX_SUBJECT] or "Dash event"


def _attribute(value: object) -> "MessageAttributeValueTypeDef":
    # As text, also true: SNS filters on String attributes in every protocol, and policies stay readable.
    return {
        "DataType": "String",
        "StringValue": "true" if value is True else "false" if value is False else str(value),
    }
