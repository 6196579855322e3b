"""The way of an authentic delivery: decode it, redact it, make the event of it, store that."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookswitch.deliveries.delivery import Delivery
from hookswitch.deliveries.undecodable import decode_bytes, encode_text
from hookswitch.errors import HookswitchError, StorageUnavailableError, UnusableError
from hookswitch.events.event import Event
from hookswitch.events.items import delivery_test_item, quarantine_item
from hookswitch.events.table import put_new, store_event
from hookswitch.observability.log import log_fault, logger
from hookswitch.payloads.base import Payload, is_preview
from hookswitch.receiving.redelivery import Outcome, RedeliveryResult
from hookswitch.receiving.redrive_queue import enqueue
from hookswitch.settings.hooks import HookSettings

TEST_FIELD = "hookswitch_test"  # marks a test delivery: docs/engineering/decisions/0071-test-deliveries.md
TEST_ID_LENGTH = 32
HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a delivery.

    Attributes:
        outcome: What became of it.
        event_id: Key of its item in the table; None if it has none yet.
        reasons: Why it is quarantined, if it is.
        event: What was made of it; None if it is quarantined or queued.
        is_test: Whether it is a test delivery.
    """

    outcome: Outcome
    event_id: str | None = None
    reasons: tuple[str, ...] = ()
    event: Event | None = None
    is_test: bool = False

    def for_sender(self) -> RedeliveryResult:
        """Return what a sender is told who can't change anything about it."""
        return RedeliveryResult(self.outcome, self.event_id)

    def for_redelivery(self) -> RedeliveryResult:
        """Return what another function of the stack is told: also why, and which call it is about."""
        call_id = self.event.payload.timeline_call() if self.event else None
        return RedeliveryResult(self.outcome, self.event_id, self.reasons, call_id)


def process(payload_type: type[Payload], delivery: Delivery, settings: HookSettings, *, may_queue: bool) -> Result:
    """Store a delivery in the table, or while DynamoDB is unavailable in the redrive queue.

    Args:
        payload_type: The hook's payload type.
        delivery: An authentic delivery.
        settings: The function's.
        may_queue: Whether the redrive queue may have it.

    Raises:
        UnavailableServiceError: No durable place took it.
    """
    fields, reasons = _decode(delivery)
    if fields is not None and is_preview(fields):
        return Result(Outcome.PREVIEW)
    delivery, fields = redact(payload_type, delivery, fields)
    test_id = _test_id(fields)
    try:
        if fields is None:
            return quarantine(delivery, reasons, settings)
        if test_id:
            return store_test(delivery, test_id, settings)
        return store(payload_type, delivery, fields, settings)
    except StorageUnavailableError as error:
        if not may_queue:
            raise
        logger.warning("Delivery goes to the redrive queue. %s", error)
        enqueue(delivery, settings)
        return Result(Outcome.QUEUED, is_test=bool(test_id))


def _decode(delivery: Delivery) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return the fields of a delivery, or None and why there are none."""
    try:
        return delivery.decode(), ()
    except UnusableError as error:
        return None, error.reasons


def _test_id(fields: Mapping[str, Any] | None) -> str | None:
    """Return what a test delivery is recognized by; None for every other delivery."""
    value = (fields or {}).get(TEST_FIELD)
    return value if isinstance(value, str) and len(value) == TEST_ID_LENGTH and HEXADECIMAL.issuperset(value) else None


def redact(
    payload_type: type[Payload], delivery: Delivery, fields: dict[str, Any] | None
) -> tuple[Delivery, dict[str, Any] | None]:
    """Return delivery and fields without values that the hook must not keep. Nothing else is stored, queued or logged.

    The body is replaced only if it held such a value.
    """
    if fields is None:
        text = decode_bytes(delivery.body)
        redacted = payload_type.redact_text(text)
        return delivery if redacted == text else delivery.with_body(encode_text(redacted), delivery.content_type), None
    safe = payload_type.redact(fields)
    if safe != fields:
        delivery = delivery.with_body(
            encode_text(json.dumps(safe, default=str, ensure_ascii=False)), "application/json"
        )
    return delivery, safe


def store(payload_type: type[Payload], delivery: Delivery, fields: dict[str, Any], settings: HookSettings) -> Result:
    """Store the event in a delivery; quarantine the delivery if there is no event in it.

    Raises:
        StorageUnavailableError: DynamoDB took neither.
    """
    try:
        event = Event.from_delivery(payload_type.type_for(fields), delivery, fields, settings)
        logger.append_keys(hook=event.payload.hook, call_id=event.payload.timeline_call(), event_id=event.key)
        if event.invalid_fields:
            logger.warning(
                "Fields do not fit their types and are kept as they came.", extra={"fields": event.invalid_fields}
            )
        event_id, is_new = store_event(event, settings)
    except UnusableError as error:
        return quarantine(delivery, error.reasons, settings)
    except HookswitchError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours must not cost the customer the event
        return quarantine(delivery, (log_fault(error),), settings)
    return Result(Outcome.STORED if is_new else Outcome.DUPLICATE, event_id, event=event)


def store_test(delivery: Delivery, test_id: str, settings: HookSettings) -> Result:
    """Store a test delivery, of which nothing but its hook and its id is kept.

    Raises:
        StorageUnavailableError: DynamoDB did not take it.
    """
    item = delivery_test_item(delivery, test_id, settings)
    is_new = _put_own(item, settings)
    return Result(Outcome.TEST if is_new else Outcome.DUPLICATE, str(item["event_id"]), is_test=True)


def quarantine(delivery: Delivery, reasons: tuple[str, ...], settings: HookSettings) -> Result:
    """Keep a delivery that can't be used, with the reasons.

    Raises:
        StorageUnavailableError: DynamoDB did not take it.
    """
    item = quarantine_item(delivery, reasons, settings)
    _put_own(item, settings)
    logger.append_keys(event_id=item["event_id"])
    logger.warning("Delivery is unusable: %s", " ".join(reasons))
    return Result(Outcome.QUARANTINED, str(item["event_id"]), reasons)


def _put_own(item: Mapping[str, object], settings: HookSettings) -> bool:
    """Write an item whose form is ours, unless it is there; return whether it was written.

    Raises:
        StorageUnavailableError: DynamoDB did not take it, for whatever reason.
    """
    try:
        return put_new(item, settings.events_table)
    except UnusableError as error:
        raise StorageUnavailableError(str(error)) from error
