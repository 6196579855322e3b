"""Deliveries and events made in this process, for tests that need no deployed stack."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from devtools.hook_types import SETTINGS, hook_module, payload_type
from hookswitch.dash.hooks import HOOKS
from hookswitch.deliveries.delivery import FORM, Delivery
from hookswitch.events.event import Event
from hookswitch.settings.hooks import HookSettings
from simulator.confidential import note
from simulator.encoding import encode_form, encode_json
from simulator.payloads import DEFAULT_ACCOUNT_ID

JSON = "application/json"
TOKEN = note("local-token-of-these-tests", "token")


def rest_event(body: bytes | str, content_type: str = JSON, **changes: Any) -> dict[str, Any]:
    """Return an API Gateway event of a post, in the format of REST APIs."""
    text = body.decode() if isinstance(body, bytes) else body
    return {
        "httpMethod": "POST",
        "headers": {"content-type": content_type, "x-account-id": DEFAULT_ACCOUNT_ID, "x-hook-id": "0" * 32},
        "pathParameters": {"token": TOKEN},
        "requestContext": {"requestId": "request"},
        "body": text,
        "isBase64Encoded": False,
        **changes,
    }


def delivery(hook: str, body: bytes | str, content_type: str = JSON, **changes: Any) -> Delivery:
    """Return the delivery in such an event."""
    return Delivery.from_api_gateway(rest_event(body, content_type, **changes), hook)


def event(
    hook: str,
    payload: dict[str, Any],
    encoding: str = JSON,
    *,
    settings: HookSettings = SETTINGS,
    received_at: datetime | None = None,
) -> Event:
    """Return the event that a payload becomes, sent in an encoding."""
    body = encode_form(payload) if encoding == FORM else encode_json(payload)
    came = delivery(hook, body, encoding)
    fields = came.decode()
    parsed = Event.from_delivery(payload_type(hook).type_for(fields), came, fields, settings)
    return replace(parsed, received_at=received_at or datetime.now(UTC))


__all__ = [
    "FORM",
    "HOOKS",
    "JSON",
    "SETTINGS",
    "TOKEN",
    "delivery",
    "event",
    "hook_module",
    "payload_type",
    "rest_event",
]
