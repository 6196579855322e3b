"""The layout of every item that holds an event or a delivery, in both directions.

docs/engineering/decisions/0002-event-table-and-outbox.md explains the keys.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hookswitch.deliveries.delivery import Delivery
from hookswitch.events.event import Event, event_key
from hookswitch.events.kinds import CDR, EVENT, IMPORT, IMPORTED, PLACEHOLDER, QUARANTINE, TEST

if TYPE_CHECKING:
    from hookswitch.events.envelope import DeliveryTest
    from hookswitch.settings.hooks import HookSettings
    from hookswitch.settings.webhooks import ReconcileSettings

QUARANTINE_WINDOW = 120  # seconds in which an identical unusable delivery is taken for a retry
TEST_LIFETIME = timedelta(hours=1)
_LAST_IN_TIMELINE = 99


def timestamp(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with milliseconds: a form that sorts as text in order of time."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def timestamp_of_seconds(seconds: int) -> str:
    """Return Unix seconds as ISO 8601 in UTC, without a fraction: the finest time that Dash tells."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def event_item(event: Event, settings: "HookSettings") -> dict[str, object]:
    """Return the attributes of an event's item; those that are None are left out of the table."""
    payload, hook = event.payload, event.payload.hook
    occurred_at, received_at = timestamp(event.occurred_at), timestamp(event.received_at)
    subject, is_imported = payload.subject(), event.source == IMPORT
    return {
        "event_id": event.key,
        "kind": IMPORTED if is_imported else EVENT,
        "hook": hook,
        "account_id": event.account_id,
        "occurred_at": occurred_at,
        "received_at": received_at,
        "summary": payload.summary(),
        "subject": subject,
        "call_direction": payload.direction(),
        "alert": payload.alerts(),
        "payload": event.fields,
        "recovered": CDR if event.source else True if event.attempted_at else None,
        "correlation_id": event.correlation_id,
        **({"body": event.original[0], "content_type": event.original[1]} if event.original else {}),
        # An import brings in what would have been there, and keeps it for no longer.
        "expires_at": expiry(event.occurred_at if is_imported else event.received_at, settings.retention_days),
        # Keys of the indexes; an item that lacks one is not in that index.
        "timeline_key": _timeline_key(occurred_at, payload.timeline_order, received_at),
        "call_id": payload.timeline_call() or None,
        "subject_key": None if not subject or subject.startswith("call/") else subject,
        "feed": feed_key(event.account_id, hook, occurred_at),
    }


def placeholder_item(key: str, event_id: str, expires_at: object) -> dict[str, object]:
    """Return the attributes of an item that stands for an event under another key of it.

    It has no key of an index, is not published, and expires together with the event.
    """
    return {"event_id": key, "kind": PLACEHOLDER, "same_as": event_id, "expires_at": expires_at}


def announcement_item(  # noqa: PLR0913 - the parts of the item
    *,
    hook: str,
    identity: str,
    at: datetime,
    summary: str,
    payload: Mapping[str, object],
    settings: "ReconcileSettings",
) -> dict[str, object]:
    """Return the attributes of an event that hookswitch itself announces.

    Args:
        hook: What the event's type ends with.
        identity: From which the key is made, so that the same announcement is published once.
        at: When it happened, in UTC.
        summary: One line for people.
        payload: What happened, as JSON types.
        settings: Say of which account it is, and when it expires.
    """
    occurred_at = timestamp(at)
    return {
        "event_id": event_key(hook, identity),
        "kind": EVENT,
        "hook": hook,
        "account_id": settings.account_id,
        "occurred_at": occurred_at,
        "received_at": occurred_at,
        "summary": summary,
        "alert": True,
        "payload": payload,
        "expires_at": expiry(at, settings.retention_days),
        "timeline_key": _timeline_key(occurred_at, _LAST_IN_TIMELINE, occurred_at),
        "feed": feed_key(settings.account_id, hook, occurred_at),
    }


def delivery_test_item(delivery: Delivery, test_id: str, settings: "HookSettings") -> dict[str, object]:
    """Return the attributes of a test delivery's item.

    It has no key of an index, so whoever does not know its key finds it only by reading the whole table.
    """
    received_at = timestamp(delivery.received_at)
    payload: DeliveryTest = {"hook": delivery.hook, "hookswitch_test": test_id}
    return {
        "event_id": f"test-{delivery.hook}-{test_id}",
        "kind": TEST,
        "hook": delivery.hook,
        "account_id": settings.account_id,
        "occurred_at": received_at,
        "received_at": received_at,
        "summary": f"Test delivery to {delivery.hook}",
        "payload": payload,
        "correlation_id": delivery.correlation_id,
        "expires_at": int((delivery.received_at + TEST_LIFETIME).timestamp()),
    }


def quarantine_item(delivery: Delivery, reasons: tuple[str, ...], settings: "HookSettings") -> dict[str, object]:
    """Return the attributes of a quarantined delivery's item.

    Its key is made of hook and body, so that a retry makes no second item, and of a stretch of two minutes: later an
    identical body may be another event.
    """
    received_at, attempted_at = timestamp(delivery.received_at), delivery.attempted_at
    try:
        body: str | bytes = delivery.body.decode()
    except UnicodeDecodeError:
        body = delivery.body
    stretch = int(delivery.moment.timestamp()) // QUARANTINE_WINDOW
    return {
        "event_id": "quarantine-" + event_key(delivery.hook, delivery.body_sha256, str(stretch)),
        "kind": QUARANTINE,
        "hook": delivery.hook,
        "account_id": delivery.headers.get("x-account-id"),
        "occurred_at": timestamp(delivery.moment),
        "received_at": received_at,
        "attempted_at": timestamp(attempted_at) if attempted_at else None,
        "recovered": True if attempted_at else None,
        "correlation_id": delivery.correlation_id,
        "summary": quarantine_summary(delivery.hook, reasons),
        "reasons": reasons,
        "headers": delivery.headers,
        "content_type": delivery.content_type,
        "body": body,
        "body_size": delivery.body_size,
        "body_sha256": delivery.body_sha256,
        "truncated": delivery.truncated,
        "expires_at": expiry(delivery.received_at, settings.retention_days),
        "timeline_key": received_at,
        "feed": QUARANTINE,
    }


def quarantine_summary(hook: str, reasons: tuple[str, ...]) -> str:
    """Return the one line that says why a delivery is quarantined."""
    return f"Quarantined {hook}: {reasons[0] if reasons else 'no reason is known'}"


def delivery_from_item(item: Mapping[str, Any]) -> Delivery:
    """Return the delivery in a quarantined delivery's item, as boto3 deserializes it, with its time of receipt.

    Raises:
        LookupError, ValueError: The item is not a quarantined delivery's.
    """
    body = item["body"]
    attempted_at = item.get("attempted_at")
    return Delivery(
        hook=item["hook"],
        received_at=datetime.fromisoformat(item["received_at"]),
        content_type=item["content_type"],
        headers=item["headers"],
        body=body.encode() if isinstance(body, str) else bytes(getattr(body, "value", body)),
        body_size=int(item["body_size"]),
        body_sha256=item["body_sha256"],
        attempted_at=datetime.fromisoformat(attempted_at) if attempted_at else None,
        correlation_id=item.get("correlation_id"),
    )


def _timeline_key(occurred_at: str, order: int, received_at: str) -> str:
    return f"{occurred_at}#{order:02}#{received_at}"


def feed_key(account_id: str, hook: str, occurred_at: str) -> str:
    """Return the partition key of an account's events of one hook on the day (UTC) of a timestamp."""
    day = occurred_at.partition("T")[0]
    return f"{account_id}/{hook}/{day}"


def expiry(received_at: datetime, retention_days: int) -> int | None:
    """Return when an item expires, in Unix seconds; None keeps it forever."""
    if not retention_days:
        return None
    return int((received_at + timedelta(days=retention_days)).timestamp())
