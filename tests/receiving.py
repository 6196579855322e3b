"""Deliveries and events made in this process, for tests that need no deployed stack."""

import importlib
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from hookswitch.dash.hooks import DEFAULT_HOOKS, HOOKS
from hookswitch.deliveries.delivery import FORM, Delivery, delivery_of
from hookswitch.events.event import Event, event_of, fields_of
from hookswitch.payloads.base import Payload
from hookswitch.settings import Settings
from simulator.confidential import note
from simulator.encoding import encode_form, encode_json
from simulator.payloads import DEFAULT_ACCOUNT_ID

JSON = "application/json"
TOKEN = "local-token-of-these-tests"
SETTINGS = Settings(
    events_table="events",
    callback_secret="callback",
    redrive_queue="redrive",
    function_name="function",
    account_id=DEFAULT_ACCOUNT_ID,
    include_subaccounts=False,
    hooks=frozenset(DEFAULT_HOOKS),
    retention_days=0,
)


def module_of(hook: str) -> ModuleType:
    """Return the module of a hook function."""
    return importlib.import_module(f"functions.hooks.{hook}.handler")


def payload_type(hook: str) -> type[Payload]:
    """Return the payload type that a hook's folder holds."""
    module = module_of(hook)
    return next(
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Payload) and found.__module__ == module.__name__
    )


def rest_event(body: bytes | str, content_type: str = JSON, **changes: Any) -> dict[str, Any]:
    """Return an API Gateway event of a post, in the format of REST APIs."""
    text = body.decode() if isinstance(body, bytes) else body
    event = {
        "httpMethod": "POST",
        "headers": {"content-type": content_type, "x-account-id": DEFAULT_ACCOUNT_ID, "x-hook-id": "0" * 32},
        "pathParameters": {"token": TOKEN},
        "requestContext": {"requestId": "request"},
        "body": text,
        "isBase64Encoded": False,
        **changes,
    }
    note((event["pathParameters"] or {}).get("token") or "", "token")
    return event


def delivery(hook: str, body: bytes | str, content_type: str = JSON, **changes: Any) -> Delivery:
    """Return the delivery in such an event."""
    return delivery_of(rest_event(body, content_type, **changes), hook, TOKEN)


def event(
    hook: str,
    payload: dict[str, Any],
    encoding: str = JSON,
    *,
    settings: Settings = SETTINGS,
    received_at: datetime | None = None,
) -> Event:
    """Return the event that a payload becomes, sent in an encoding."""
    body = encode_form(payload) if encoding == FORM else encode_json(payload)
    came = delivery(hook, body, encoding)
    parsed = event_of(payload_type(hook), came, fields_of(came), settings)
    return replace(parsed, received_at=received_at or datetime.now(UTC))


__all__ = ["FORM", "HOOKS", "JSON", "SETTINGS", "TOKEN", "delivery", "event", "module_of", "payload_type", "rest_event"]
