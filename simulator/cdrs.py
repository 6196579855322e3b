"""The call detail records that Dash keeps of legs (Kazoo, `cdr_channel_destroy` and `kzd_cdrs`)."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any

from simulator.attempts import UNIX_EPOCH_GREGORIAN, gregorian
from simulator.steps import LegFacts

MEDIA_SERVER = "media1.example.com"
INTERACTION_VARIABLE = "Call-Interaction-ID"
MICROSECONDS = 1_000_000

_COPIED = (
    "call_direction",
    "call_id",
    "callee_id_name",
    "callee_id_number",
    "caller_id_name",
    "caller_id_number",
    "custom_application_vars",
    "from",
    "hangup_cause",
    "hangup_code",
    "other_leg_call_id",
    "to",
)
_SECONDS = ("billing_seconds", "duration_seconds", "ringing_seconds")
_IN_VARIABLES = ("authorizing_id", "authorizing_type", "owner_id", "reseller_id")
_NOT_OLDER = (
    "callee_id_name",
    "callee_id_number",
    "channel_created_time",
    "custom_application_vars",
    "disposition",
    "from_uri",
    "interaction_key",
    "interaction_time",
    "to_uri",
    "user_agent",
)
_NOT_IN_OLDER_LISTINGS = ("interaction_id", "iso_8601_combined", "media_recordings", "media_server")


def is_end(event: Mapping[str, Any]) -> bool:
    """Whether a `channel_destroy` is a leg's end: that of a lost media server knows neither cause nor duration."""
    return "hangup_cause" in event or "duration_seconds" in event


def document(account_id: str, event: Mapping[str, Any], leg: LegFacts | None, now: float) -> dict[str, Any]:
    """Return the CDR of the leg whose end a `channel_destroy` is, with Dash's own types, without its id.

    Args:
        account_id: The account of the leg.
        event: The payload of the event.
        leg: The facts that the payload does not have; made up from it if None.
        now: Unix seconds, for an event without a time.
    """
    timestamp = int(event.get("timestamp") or gregorian(now))
    seconds = {name: int(event[name]) for name in _SECONDS if name in event}
    variables = dict(event.get("custom_channel_vars") or {})
    leg = leg or _facts(event, timestamp - seconds.get("duration_seconds", 0))
    interaction_id = str(variables.pop(INTERACTION_VARIABLE, None) or leg.interaction_id)
    interaction_time, _, interaction_key = interaction_id.partition("-")
    cause = event.get("hangup_cause", "NORMAL_CLEARING")
    connected = "ANSWER" if event.get("call_direction") == "inbound" else "SUCCESS"
    found = {
        **{name: event[name] for name in _COPIED if name in event},
        **seconds,
        "app_name": "freeswitch",
        "app_version": "1.0",
        "channel_call_state": "HANGUP",
        "channel_created_time": int(leg.began * MICROSECONDS),
        "channel_state": "REPORTING",
        "custom_channel_vars": _variables(account_id, event, variables, leg.bridge_id),
        "custom_sip_headers": {},
        "disposition": connected if leg.answered else cause,
        "event_category": "call_event",
        "event_name": "CHANNEL_DESTROY",
        "from_uri": event.get("from"),
        "interaction_id": interaction_id,
        "interaction_key": interaction_key,
        "interaction_time": int(interaction_time),
        "media_server": MEDIA_SERVER,
        "node": "ecallmgr@apps.example.com",
        "presence_id": event.get("to"),
        "request": event.get("request") or event.get("to"),
        "timestamp": timestamp,
        "to_uri": event.get("to"),
        "user_agent": "Yealink SIP-T46S 66.86.0.15",
    }
    if event.get("is_internal_leg") in {True, "true"}:
        found |= {"channel_is_loopback": True}
    return {name: value for name, value in found.items() if value is not None}


def older(cdr: Mapping[str, Any]) -> dict[str, Any]:
    """Return a CDR as an older system has it: fewer fields, and strings only."""
    return {
        name: {key: str(inner) for key, inner in value.items()} if isinstance(value, dict) else str(value)
        for name, value in cdr.items()
        if name not in _NOT_OLDER
    }


def listed(cdr: Mapping[str, Any], *, is_older: bool) -> dict[str, Any]:
    """Return a CDR as listings have it: the time is that of the beginning, and what is missing is an empty text."""
    duration = cdr.get("duration_seconds", "")
    began = int(cdr["timestamp"]) - int(duration or 0)
    unix = began - UNIX_EPOCH_GREGORIAN
    utc = time.gmtime(unix)
    variables = cdr.get("custom_channel_vars", {})
    inbound = cdr.get("call_direction") == "inbound"
    dialed = cdr.get("request" if inbound else "to", "")
    row = {
        **{name: cdr.get(name, "") for name in ("id", "call_id", "caller_id_number", "caller_id_name")},
        **{name: cdr.get(name, "") for name in ("callee_id_number", "callee_id_name")},
        "duration_seconds": duration,
        "billing_seconds": cdr.get("billing_seconds", ""),
        "timestamp": str(began),
        "hangup_cause": cdr.get("hangup_cause", ""),
        "other_leg_call_id": cdr.get("other_leg_call_id", ""),
        "owner_id": variables.get("owner_id", ""),
        "to": cdr.get("to", ""),
        "from": cdr.get("from", ""),
        "direction": cdr.get("call_direction", ""),
        "request": cdr.get("request", ""),
        "authorizing_id": variables.get("authorizing_id", ""),
        "cost": "0",
        "dialed_number": dialed.partition("@")[0],
        "calling_from": cdr.get("caller_id_number", "") if inbound else cdr.get("from_uri", "").partition("@")[0],
        "datetime": time.strftime("%Y-%m-%d %H:%M:%S", utc),
        "unix_timestamp": str(unix),
        "unix_timestamp_micro": str(int(cdr.get("channel_created_time", unix * MICROSECONDS)) / MICROSECONDS),
        "rfc_1036": time.strftime("%a, %d %b %Y %H:%M:%S GMT", utc),
        "iso_8601": time.strftime("%Y-%m-%d", utc),
        "iso_8601_combined": time.strftime("%Y-%m-%dT%H:%M:%SZ", utc),
        "call_type": "",
        "rate": "0.0",
        "rate_name": "",
        "bridge_id": variables.get("bridge_id", ""),
        "recording_url": "",
        "media_recordings": [],
        "media_server": cdr.get("media_server", ""),
        "call_priority": "",
        "interaction_id": cdr.get("interaction_id", ""),
    }
    return {name: value for name, value in row.items() if not (is_older and name in _NOT_IN_OLDER_LISTINGS)}


def digest(text: str) -> int:
    """Return a number of 32 bits, the same for the same text."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def _facts(event: Mapping[str, Any], began: int) -> LegFacts:
    call_id = str(event.get("call_id"))
    answered = int(event.get("billing_seconds") or 0) > 0
    return LegFacts(f"{began}-{digest(call_id):08x}", began - UNIX_EPOCH_GREGORIAN, call_id, answered)


def _variables(
    account_id: str, event: Mapping[str, Any], variables: Mapping[str, Any], bridge_id: str
) -> dict[str, Any]:
    forwarded = {"call_forward": "true"} if event.get("call_forwarded") in {True, "true"} else {}
    return {
        **{name.lower().replace("-", "_"): value for name, value in variables.items()},
        **{name: event[name] for name in _IN_VARIABLES if name in event},
        **forwarded,
        "account_id": account_id,
        "bridge_id": bridge_id,
    }
