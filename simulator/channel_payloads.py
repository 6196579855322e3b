"""Call events: the four channel hooks and parking (docs/dash-protocol.md, section 4)."""

from collections.abc import Callable
from typing import Any

from simulator.attempts import gregorian
from simulator.identity import Identity

REALM = "acme.sip.example.com"
HANGUP_CODES = {
    "NORMAL_CLEARING": "sip:200",
    "ORIGINATOR_CANCEL": "sip:487",
    "NO_ANSWER": "sip:480",
    "USER_BUSY": "sip:486",
    "LOSE_RACE": "sip:487",
    "CALL_REJECTED": "sip:603",
    "USER_NOT_REGISTERED": "sip:480",
    "UNALLOCATED_NUMBER": "sip:404",
    "ATTENDED_TRANSFER": "sip:200",
    "BLIND_TRANSFER": "sip:200",
}
USUAL_CAUSES = ("NORMAL_CLEARING", "NO_ANSWER", "ORIGINATOR_CANCEL", "USER_BUSY")


def channel_create(identity: Identity, account_id: str) -> dict[str, Any]:
    """Return a starting call: no other leg yet, and no application variables (an empty object)."""
    event = _channel("channel_create", identity, account_id)
    del event["other_leg_call_id"]
    return event


def channel_answer(identity: Identity, account_id: str) -> dict[str, Any]:
    """Return an answered call."""
    return _channel("channel_answer", identity, account_id)


def channel_bridge(identity: Identity, account_id: str) -> dict[str, Any]:
    """Return two connected legs."""
    event = _channel("channel_bridge", identity, account_id)
    return event | {
        "original_number": event["callee_id_number"],
        "other_leg_destination_number": str(identity.rng.randint(1001, 1099)),
    }


def channel_destroy(identity: Identity, account_id: str) -> dict[str, Any]:
    """Return an ended call; its times are in seconds."""
    cause = identity.rng.choice(USUAL_CAUSES)
    ringing = identity.rng.randint(1, 30)
    billing = identity.rng.randint(1, 600) if cause == "NORMAL_CLEARING" else 0
    event = _channel("channel_destroy", identity, account_id)
    event["custom_application_vars"] = {"crm_id": str(identity.rng.randint(1, 9999))}
    return event | {
        "hangup_cause": cause,
        "hangup_code": HANGUP_CODES[cause],
        "duration_seconds": ringing + billing,
        "ringing_seconds": ringing,
        "billing_seconds": billing,
    }


def older_channel_destroy(identity: Identity, account_id: str) -> dict[str, Any]:
    """Return an ended call of an older system.

    It has no callee, custom variables, internal leg or cluster. Every value is a string, even in JSON, and the
    hangup code has no prefix.
    """
    event = channel_destroy(identity, account_id)
    kept = (
        "hook_event",
        "call_direction",
        "timestamp",
        "account_id",
        "to",
        "from",
        "call_id",
        "other_leg_call_id",
        "caller_id_name",
        "caller_id_number",
        "hangup_cause",
        "hangup_code",
        "duration_seconds",
        "ringing_seconds",
        "billing_seconds",
    )
    strings = {name: str(event[name]) for name in kept}
    return strings | {"request": event["to"], "hangup_code": strings["hangup_code"].removeprefix("sip:")}


def parking(identity: Identity, account_id: str) -> dict[str, Any]:
    """Return a parked call. It contains no time."""
    return {
        "parking_slot": str(identity.rng.randint(101, 120)),
        "caller_id_number": identity.number(),
        "caller_id_name": identity.name(),
        "callee_id_number": identity.number(),
        "callee_id_name": "Parking Lot",
        "call_id": identity.call_id(),
        "event_name": "PARK_PARKED",
        "account_id": account_id,
    }


BUILDERS: dict[str, Callable[[Identity, str], dict[str, Any]]] = {
    "channel_create": channel_create,
    "channel_answer": channel_answer,
    "channel_bridge": channel_bridge,
    "channel_destroy": channel_destroy,
    "parking": parking,
}


def _channel(hook: str, identity: Identity, account_id: str) -> dict[str, Any]:
    caller, callee = identity.number(), identity.number()
    resource = identity.hex()
    timestamp = gregorian(identity.now)
    return {
        "account_id": account_id,
        "authorizing_id": identity.hex(),
        "authorizing_type": "device",
        "call_direction": "inbound",
        "call_id": identity.call_id(),
        "callee_id_name": "Reception",
        "callee_id_number": callee,
        "caller_id_name": identity.name(),
        "caller_id_number": caller,
        "custom_channel_vars": {
            "Call-Interaction-ID": f"{timestamp}-{identity.hex(8)}",
            "Ecallmgr-Node": "ecallmgr@apps.example.com",
            "Fetch-ID": identity.uuid(),
            "Channel-Authorized": "true",
            "Callflow-ID": identity.hex(),
            "Global-Resource": "false",
            "Resource-ID": resource,
            "Original-Number": caller,
        },
        "custom_application_vars": {},
        "emergency_resource_used": False,
        "from": f"{caller}@{REALM}",
        "local_resource_id": resource,
        "local_resource_used": True,
        "is_internal_leg": False,
        "other_leg_call_id": identity.hex(),
        "owner_id": identity.hex(),
        "reseller_id": identity.hex(),
        "timestamp": timestamp,
        "to": f"{callee}@{REALM}",
        "hook_event": hook,
    }
