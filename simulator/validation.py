"""What the API accepts as a webhook (docs/dash-protocol.md, section 5)."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from simulator.envelope import validation_error

Errors = defaultdict[str, dict[str, Any]]

HOOK_NAMES = (
    "all",
    "channel_answer",
    "channel_bridge",
    "channel_create",
    "channel_destroy",
    "notifications",
    "object",
    "parking",
)
NOTIFICATION_TYPES = (
    "account_zone_change",
    "all",
    "bill_reminder",
    "cf_notification",
    "cnam_request",
    "customer_update",
    "denied_emergency_bridge",
    "deregister",
    "emergency_bridge",
    "first_occurrence",
    "inbound_fax",
    "inbound_fax_error",
    "low_balance",
    "missed_call",
    "new_account",
    "new_user",
    "number_feature_manual_action",
    "outbound_fax",
    "outbound_fax_error",
    "outbound_smtp_fax_error",
    "password_recovery",
    "port_cancel",
    "port_comment",
    "port_pending",
    "port_rejected",
    "port_request",
    "port_scheduled",
    "port_unconfirmed",
    "ported",
    "register",
    "service_added",
    "system_alert",
    "topup",
    "transaction",
    "voicemail_deleted",
    "voicemail_full",
    "voicemail_new",
    "voicemail_saved",
    "webhook",
    "webhook_disabled",
)
REQUIRED = ("name", "hook", "uri")
TYPES: dict[str, tuple[type, str]] = {
    "name": (str, "string"),
    "hook": (str, "string"),
    "uri": (str, "string"),
    "http_verb": (str, "string"),
    "format": (str, "string"),
    "retries": (int, "integer"),
    "enabled": (bool, "boolean"),
    "include_subaccounts": (bool, "boolean"),
    "include_internal_legs": (bool, "boolean"),
    "custom_data": (dict, "object"),
}
ENUMS = {"hook": HOOK_NAMES, "http_verb": ("get", "post", "put"), "format": ("form-data", "json")}
OLDER_VERBS = ("get", "post")
MIN_RETRIES, MAX_RETRIES = 0, 4


def validate(document: Mapping[str, Any], *, legacy: bool = False) -> None:
    """Check a webhook before it is stored.

    Args:
        document: What is to be stored, already merged for a PATCH.
        legacy: An older system ignores `format` and knows no put.

    Raises:
        ApiError: 400 "validation error" that names every invalid field.
    """
    errors: Errors = defaultdict(dict)
    ignored = {"format"} if legacy else set()
    for name in REQUIRED:
        if name not in document:
            errors[name]["required"] = {"message": "Field is required but missing", "value": name}
    for name in TYPES.keys() & document.keys() - ignored:
        _check_field(name, document[name], errors, legacy=legacy)
    _check_custom_data(document, errors)
    if errors:
        raise validation_error(dict(errors))


def _check_field(name: str, value: Any, errors: Errors, *, legacy: bool) -> None:
    expected, target = TYPES[name]
    fits = isinstance(value, expected) and not (expected is int and isinstance(value, bool))
    if not fits:
        errors[name]["type"] = _wrong_type(target, value)
        return
    allowed = OLDER_VERBS if legacy and name == "http_verb" else ENUMS.get(name)
    if allowed and value not in allowed:
        message = "Value not found in enumerated list of values"
        errors[name]["enum"] = {"message": message, "target": list(allowed), "value": value}
    if name == "uri" and not _is_address(value):
        message = "Value is not an http or https address"
        errors[name]["error"] = {"message": message, "value": value}
    if name == "retries" and value < MIN_RETRIES:
        message = f"Value must be at least {MIN_RETRIES}"
        errors[name]["minimum"] = {"message": message, "target": MIN_RETRIES, "value": value}
    if name == "retries" and value > MAX_RETRIES:
        message = f"Value must be at most {MAX_RETRIES}"
        errors[name]["maximum"] = {"message": message, "target": MAX_RETRIES, "value": value}


def _check_custom_data(document: Mapping[str, Any], errors: Errors) -> None:
    custom = document.get("custom_data", {})
    if not isinstance(custom, dict):
        return
    for name, value in custom.items():
        if not isinstance(value, str):
            errors[f"custom_data.{name}"]["type"] = _wrong_type("string", value)
    if document.get("hook") != "notifications":
        return
    if "type" not in custom:
        errors["custom_data.type"]["required"] = {"message": "missing required modifier"}
    elif custom["type"] not in NOTIFICATION_TYPES:
        message = "value not found in enumerated list of values"
        target = list(NOTIFICATION_TYPES)
        errors["custom_data.type"]["enum"] = {"message": message, "cause": custom["type"], "target": target}


def _wrong_type(target: str, value: Any) -> dict[str, Any]:
    return {"message": f"Value did not match type(s): {target}", "target": target, "value": value}


def _is_address(value: str) -> bool:
    try:
        address = urlsplit(value)
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(address.hostname)
