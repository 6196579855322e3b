"""Notifications: voicemail, fax, missed calls, registrations and the rest.

See docs/dash-protocol.md, section 4. Each builder returns the specific fields; `notification` adds the shared ones.
"""

from collections.abc import Callable
from typing import Any

from simulator.attempts import gregorian
from simulator.channel_payloads import REALM
from simulator.identity import Identity

CARRIER = "10.20.0.1"
APP_OF = {"fax": "fax", "register": "registrar", "deregister": "registrar", "webhook_disabled": "webhooks"}


def voicemail(identity: Identity) -> dict[str, Any]:
    """Return a new voicemail: its length is in milliseconds, and it has no transcription."""
    return {
        "voicemail_timestamp": gregorian(identity.now),
        "voicemail_length": identity.rng.randint(2_000, 90_000),
        "voicemail_id": identity.monthly(),
        "voicemail_box": identity.hex(),
        **_parties(identity),
        "call_id": identity.carrier_call_id(),
    }


def voicemail_full(identity: Identity) -> dict[str, Any]:
    """Return a full mailbox."""
    limit = identity.rng.choice((50, 100))
    return {"voicemail_box": identity.hex(), "message_count": limit, "max_message_count": limit}


def outbound_fax(identity: Identity) -> dict[str, Any]:
    """Return a fax that was sent."""
    return _fax(identity, pages=3, code="0", text="OK") | {"fax_jobid": identity.monthly()}


def outbound_fax_error(identity: Identity) -> dict[str, Any]:
    """Return a fax that could not be sent."""
    text = "The call dropped prematurely"
    failed = _fax(identity, pages=0, code="49", text=text)
    return failed | {"fax_jobid": identity.monthly(), "fax_error": text}


def inbound_fax(identity: Identity) -> dict[str, Any]:
    """Return a fax that was received; only the catch-all tells of it."""
    received = _fax(identity, pages=2, code="0", text="OK")
    sender = {"from_user": received["caller_id_number"], "from_realm": CARRIER}
    return received | sender | {"to_user": received["callee_id_number"], "to_realm": REALM}


def inbound_fax_error(identity: Identity) -> dict[str, Any]:
    """Return a fax that could not be received."""
    text = "Received a DCN from remote after sending a page"
    failed = _fax(identity, pages=0, code="35", text=text)
    sender = {"from_user": failed["caller_id_number"], "from_realm": CARRIER}
    receiver = {"to_user": failed["callee_id_number"], "to_realm": REALM}
    return failed | sender | receiver | {"fax_error": text, "fax_result_code": "35"}


def missed_call(identity: Identity) -> dict[str, Any]:
    """Return a missed call, with the whole hang-up event in `notify`."""
    parties, timestamp = _parties(identity), gregorian(identity.now)
    call_id = identity.carrier_call_id()
    notify = {
        "event_category": "call_event",
        "event_name": "CHANNEL_DESTROY",
        "call_id": call_id,
        "call_direction": "inbound",
        "hangup_cause": "NO_ANSWER",
        "hangup_code": "sip:480",
        "duration_seconds": identity.rng.randint(10, 40),
        "timestamp": timestamp,
        "custom_sip_headers": {},
        "custom_channel_vars": {"call_interaction_id": f"{timestamp}-{identity.hex(8)}"},
    }
    return {
        "to_user": parties["to_user"],
        "to_realm": parties["to_realm"],
        "to": ["ops@acme.example.com", "desk@acme.example.com"],
        "timestamp": timestamp,
        "notify": notify,
        "from_user": parties["from_user"],
        "from_realm": parties["from_realm"],
        "caller_id_number": parties["caller_id_number"],
        "caller_id_name": parties["caller_id_name"],
        "message_left": False,
        "call_id": call_id,
        "call_bridged": False,
    }


def register(identity: Identity) -> dict[str, Any]:
    """Return a new registration of a phone; `expires` is in seconds."""
    owner = {"authorizing_type": "device", "owner_id": identity.hex()}
    return _registration(identity, expires=360) | owner


def deregister(identity: Identity) -> dict[str, Any]:
    """Return an expired registration of a phone."""
    return _registration(identity, expires=0) | {
        "profile_name": "sipinterface_1",
        "presence_hosts": "n/a",
        "status": "Unregistered",
        "freeswitch_hostname": "media1.example.com",
    }


def system_alert(identity: Identity) -> dict[str, Any]:
    """Return an alert for the system's administrators."""
    return {
        "subject": "System Alert: resource offline",
        "message": "A carrier stopped answering.",
        "details": {"resource_id": identity.hex()},
    }


def webhook_disabled(identity: Identity) -> dict[str, Any]:
    """Return a webhook that the system has disabled (Kazoo, `webhooks_disabler`)."""
    return {"hook_id": identity.hex()}


def password_recovery(identity: Identity) -> dict[str, Any]:
    """Return a password recovery, with the reset link."""
    return {
        "user_id": identity.hex(),
        "email": "desk@acme.example.com",
        "first_name": "Front",
        "last_name": "Desk",
        "timezone": "America/Los_Angeles",
        "password_reset_link": f"https://ui.example.com/#/reset:{identity.secret(64)}",
    }


def new_user(identity: Identity) -> dict[str, Any]:
    """Return a new user, with the password."""
    return {"user_id": identity.hex(), "password": identity.secret(12)}


def new_account(identity: Identity) -> dict[str, Any]:
    """Return a new account, with its API key."""
    return {
        "account_name": "Acme",
        "account_realm": REALM,
        "account_api_key": identity.secret(64),
    }


BUILDERS: dict[str, Callable[[Identity], dict[str, Any]]] = {
    "voicemail_new": voicemail,
    "voicemail_saved": voicemail,
    "voicemail_deleted": voicemail,
    "voicemail_full": voicemail_full,
    "outbound_fax": outbound_fax,
    "outbound_fax_error": outbound_fax_error,
    "inbound_fax": inbound_fax,
    "inbound_fax_error": inbound_fax_error,
    "missed_call": missed_call,
    "register": register,
    "deregister": deregister,
    "system_alert": system_alert,
    "webhook_disabled": webhook_disabled,
    "password_recovery": password_recovery,
    "new_user": new_user,
    "new_account": new_account,
}


def notification(event_name: str, identity: Identity, account_id: str) -> dict[str, Any]:
    """Return a notification of this name; without a builder, it has only the shared fields."""
    own = BUILDERS[event_name](identity) if event_name in BUILDERS else {}
    return own | {
        "account_id": account_id,
        "server_id": f"consumer-queue-amqp_worker-{identity.hex(4)}",
        "node": "kazoo_apps@apps.example.com",
        "system_log_id": own.get("call_id") or f"{gregorian(identity.now)}-{identity.hex(8)}",
        "msg_id": identity.hex(16),
        "event_name": event_name,
        "event_category": "notification",
        "app_version": "4.0.0",
        "app_name": APP_OF.get(event_name, "fax" if "fax" in event_name else "callflow"),
    }


def _parties(identity: Identity) -> dict[str, Any]:
    caller = identity.number()
    return {
        "to_user": identity.number(),
        "to_realm": REALM,
        "from_user": caller,
        "from_realm": CARRIER,
        "caller_id_number": caller,
        "caller_id_name": identity.name(),
    }


def _fax(identity: Identity, *, pages: int, code: str, text: str) -> dict[str, Any]:
    caller, callee = identity.number(), identity.number()
    return {
        "owner_id": identity.hex(),
        "fax_timestamp": gregorian(identity.now),
        "fax_notifications": {"email": {"send_to": ["fax@acme.example.com"]}},
        "fax_info": {
            "fax_success": pages > 0,
            "fax_result_code": code,
            "fax_result_text": text,
            "fax_transferred_pages": pages,
            "fax_total_pages": max(pages, 1),
            "fax_transfer_rate": 14400,
            "fax_local_station_id": caller,
            "fax_remote_station_id": callee,
        },
        "fax_id": identity.monthly(),
        "faxbox_id": identity.hex(),
        "fax_timezone": "America/Los_Angeles",
        "caller_id_number": caller,
        "caller_id_name": identity.name(),
        "callee_id_number": callee,
        "callee_id_name": callee,
        "call_id": identity.carrier_call_id(),
    }


def _registration(identity: Identity, *, expires: int) -> dict[str, Any]:
    user, address = f"user_{identity.hex(6)}", f"192.0.2.{identity.rng.randint(1, 254)}"
    port = identity.rng.randint(1024, 65535)
    return {
        "username": user,
        "user_agent": "Yealink SIP-T46S 66.86.0.15",
        "to_user": user,
        "to_host": REALM,
        "suppress_unregister_notify": False,
        "realm": REALM,
        "network_port": str(port),
        "network_ip": address,
        "from_user": user,
        "from_host": REALM,
        "expires": expires,
        "event_timestamp": gregorian(identity.now),
        "contact": f"sip:{user}@{address}:{port};transport=udp",
        "call_id": identity.call_id(),
        "authorizing_id": identity.hex(),
    }
