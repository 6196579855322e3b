"""From a delivery to the event that is stored: identity, time, account, and the item's attributes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hookswitch.deliveries.decoding import decode
from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import UnusableError
from hookswitch.payloads.base import Payload
from hookswitch.settings import HookSettings

QUARANTINE_WINDOW = 120  # seconds in which an identical unusable delivery is taken for a retry


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a hook, ready to be stored.

    Attributes:
        payload: The typed payload.
        fields: Everything that was received, typed where the payload type declares it.
        invalid_fields: Names of optional fields whose values did not fit their types and were kept as they came.
        account_id: The account of the event.
        received_at: When the delivery arrived, in UTC.
        attempted_at: When Dash tried to deliver it, in UTC, for one that was read from Dash's attempt log; else None.
        correlation_id: Of the delivery.
    """

    payload: Payload
    fields: Mapping[str, Any]
    invalid_fields: tuple[str, ...]
    account_id: str
    received_at: datetime
    attempted_at: datetime | None = None
    correlation_id: str | None = None

    @property
    def occurred_at(self) -> datetime:
        """When it happened, in UTC: as the payload says, else when Dash delivered it, or tried to."""
        return self.payload.occurred_at() or self.attempted_at or self.received_at

    @property
    def key(self) -> str:
        """The item's key, derived from the event's natural identity: 32 hexadecimal digits.

        An event without an identity of its own has one key for each stretch of its retry window; `store` looks
        at the neighbouring stretches too.
        """
        return self.key_at(0)

    def key_at(self, stretch: int) -> str:
        """Return the key that the same delivery would have had `stretch` retry windows later."""
        window = self.payload.retry_window
        parts = [*self.payload.identity()]
        if window:
            parts.append(str(int(self.occurred_at.timestamp()) // window + stretch))
        return key_of(self.payload.hook, *parts)


def key_of(hook: str, *identity: str | datetime) -> str:
    """Return the key of an identity: equal for equal identities, and only for them.

    The parts are joined as JSON, which no content of a part can imitate, and hashed (SHA-256, cut to 128 bits),
    which spreads the keys evenly over DynamoDB's partitions.
    """
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in identity]
    return hashlib.sha256(json.dumps([hook, *parts]).encode("utf-8", "replace")).hexdigest()[:32]


def fields_of(delivery: Delivery) -> dict[str, Any]:
    """Return the fields in a delivery's body.

    Raises:
        UnusableError: The body is too large to be kept whole, or can't be decoded.
    """
    if delivery.truncated:
        raise UnusableError(f"The body has {delivery.body_size} bytes; at most {len(delivery.body)} are kept.")
    return decode(delivery.body, delivery.content_type)


def safe_to_keep(payload_type: type[Payload], delivery: Delivery, fields: dict[str, Any] | None) -> Delivery:
    """Return the delivery without values that its hook must not keep; `fields` is None if it can't be decoded."""
    if fields is None:
        text = delivery.body.decode("utf-8", "replace")
        kept = payload_type.redact_text(text)
        return delivery if kept == text else delivery.with_body(kept.encode(), delivery.content_type)
    safe = payload_type.redact(fields)
    return (
        delivery if safe == fields else delivery.with_body(json.dumps(safe, default=str).encode(), "application/json")
    )


def event_of(
    payload_type: type[Payload], delivery: Delivery, fields: Mapping[str, Any], settings: HookSettings
) -> Event:
    """Return the event in a delivery's fields.

    Raises:
        UnusableError: They are no event of this hook, or of an account that this stack does not serve.
    """
    payload, invalid_fields = payload_type.parse(fields)
    account_id = _account(payload, delivery.headers, settings)
    try:
        payload.identity()
    except ValueError as error:
        raise UnusableError(str(error)) from None
    received = {**fields, **payload.typed()}
    return Event(
        payload,
        received,
        invalid_fields,
        account_id,
        delivery.received_at,
        delivery.attempted_at,
        delivery.correlation_id,
    )


def _account(payload: Payload, headers: Mapping[str, str], settings: HookSettings) -> str:
    """Return the event's account: the payload's, else the one that owns the webhook.

    A webhook that includes subaccounts brings events of any of them, which only its owner vouches for.
    """
    owner = headers.get("x-account-id", "").lower()
    account = (payload.account_id or "").lower() or owner or settings.account_id
    vouched = (owner or settings.account_id) if settings.include_subaccounts else account
    if vouched != settings.account_id:
        raise UnusableError(
            "account_id: This stack does not serve that account"
            + ("." if settings.include_subaccounts else ", and IncludeSubaccounts is false.")
        )
    return account


def timestamp(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with milliseconds: a form in which text sorts as time does."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def expiry(received_at: datetime, retention_days: int) -> int | None:
    """Return when an item expires, in Unix seconds; None keeps it for ever."""
    if not retention_days:
        return None
    return int((received_at + timedelta(days=retention_days)).timestamp())


def event_item(event: Event, settings: HookSettings) -> dict[str, object]:
    """Return the attributes of an event's item.

    docs/engineering/decisions/0002-event-table-and-outbox.md has the keys.
    """
    payload, hook = event.payload, event.payload.hook
    occurred_at, received_at = timestamp(event.occurred_at), timestamp(event.received_at)
    subject = payload.subject()
    return {
        "event_id": event.key,
        "kind": "event",
        "hook": hook,
        "account_id": event.account_id,
        "occurred_at": occurred_at,
        "received_at": received_at,
        "summary": payload.summary(),
        "subject": subject,
        "call_direction": payload.direction(),
        "alert": payload.alert,
        "payload": event.fields,
        "recovered": True if event.attempted_at else None,
        "correlation_id": event.correlation_id,
        "expires_at": expiry(event.received_at, settings.retention_days),
        # Keys of the indexes; an item that lacks one is not in that index.
        "timeline_key": f"{occurred_at}#{payload.timeline_order:02}#{received_at}",
        "call_id": payload.timeline_call() or None,
        "subject_key": None if not subject or subject.startswith("call/") else subject,
        "feed": f"{event.account_id}/{hook}/{occurred_at[:10]}",
    }


def quarantine_item(delivery: Delivery, reasons: tuple[str, ...], settings: HookSettings) -> dict[str, object]:
    """Return the attributes of a quarantined delivery's item.

    Its key is that of hook and body, so that a retry makes no second one, within two minutes' stretches: later
    an identical body may be another event.
    """
    received_at, attempted_at = timestamp(delivery.received_at), delivery.attempted_at
    try:
        body: str | bytes = delivery.body.decode()
    except UnicodeDecodeError:
        body = delivery.body
    stretch = int(delivery.moment.timestamp()) // QUARANTINE_WINDOW
    return {
        "event_id": "quarantine-" + key_of(delivery.hook, delivery.body_sha256, str(stretch)),
        "kind": "quarantine",
        "hook": delivery.hook,
        "account_id": delivery.headers.get("x-account-id"),
        "occurred_at": timestamp(delivery.moment),
        "received_at": received_at,
        "attempted_at": timestamp(attempted_at) if attempted_at else None,
        "recovered": True if attempted_at else None,
        "correlation_id": delivery.correlation_id,
        "summary": f"Quarantined {delivery.hook}: {reasons[0]}",
        "reasons": reasons,
        "headers": delivery.headers,
        "content_type": delivery.content_type,
        "body": body,
        "body_size": delivery.body_size,
        "body_sha256": delivery.body_sha256,
        "truncated": delivery.truncated,
        "expires_at": expiry(delivery.received_at, settings.retention_days),
        "timeline_key": received_at,
        "feed": "quarantine",
    }
