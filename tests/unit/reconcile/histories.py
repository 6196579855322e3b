"""Histories as Kazoo keeps them, made from the payloads of the webhooks that told of the same.

They are written from Kazoo's source: `cdr_channel_destroy`, `kzd_cdrs` (what rows have), `kzd_box_message`, `cb_faxes`,
`fax_worker` and `fax_request`.
"""

from collections.abc import Mapping
from typing import Any

type Fields = Mapping[str, Any]

_ROW = ("call_id", "other_leg_call_id", "hangup_cause", "from", "to", "request", "owner_id", "authorizing_id")
_PARTIES = ("caller_id_name", "caller_id_number", "callee_id_name", "callee_id_number")
_SECONDS = ("duration_seconds", "billing_seconds")
_IN_VARIABLES = ("account_id", "authorizing_id", "authorizing_type", "owner_id", "reseller_id")
_AS_THEY_ARE = (
    *("call_direction", "call_id", "from", "to", "request", "other_leg_call_id", "timestamp", "hangup_cause"),
    *("hangup_code", "duration_seconds", "ringing_seconds", "billing_seconds", "custom_application_vars"),
    *_PARTIES,
)


def cdr_document(payload: Fields) -> dict[str, Any]:
    """Return the document that Kazoo makes from the event that fired a `channel_destroy`."""
    variables = {_normalized(name): value for name, value in payload.get("custom_channel_vars", {}).items()}
    interaction = variables.pop("call_interaction_id", "63724403398-af5b9a0e")
    variables |= {name: payload[name] for name in _IN_VARIABLES if name in payload}
    if "call_forwarded" in payload:
        variables["call_forward"] = str(payload["call_forwarded"]).lower()
    return {
        **{name: payload[name] for name in _AS_THEY_ARE if name in payload},
        "id": f"202611-{payload['call_id']}",
        "interaction_id": interaction,
        "custom_channel_vars": variables,
        "channel_is_loopback": payload.get("is_internal_leg", False),
        "channel_name": "sofia/sipinterface_1/201",
        "local_sdp": "v=0\r\no=FreeSWITCH ...",
        "media_server": "media1.example.com",
    }


def cdr_row(payload: Fields) -> dict[str, Any]:
    """Return the row of a listing for the same leg: every field is there, and nearly all are strings."""
    began = int(payload["timestamp"]) - int(payload.get("duration_seconds", 0))
    return {
        "id": f"202611-{payload['call_id']}",
        **{name: payload.get(name, "") for name in (*_ROW, *_PARTIES, *_SECONDS)},
        "timestamp": str(began),
        "unix_timestamp": str(began - 62_167_219_200),
        "datetime": "2026-11-18 12:33:56",
        "direction": payload.get("call_direction", ""),
        "dialed_number": str(payload.get("to", "")).partition("@")[0],
        "bridge_id": "",
        "interaction_id": payload.get("custom_channel_vars", {}).get("Call-Interaction-ID", ""),
        "cost": "0",
    }


def message_row(payload: Fields, *, box: bool = True) -> dict[str, Any]:
    """Return the row of a message that a `voicemail_new` told of, under the id of its box or as it is."""
    message = {
        "timestamp": payload["voicemail_timestamp"],
        "from": f"{payload['from_user']}@{payload['from_realm']}",
        "to": f"{payload['to_user']}@{payload['to_realm']}",
        "caller_id_number": payload["caller_id_number"],
        "caller_id_name": payload["caller_id_name"],
        "call_id": payload["call_id"],
        "folder": "new",
        "length": payload["voicemail_length"],
        "media_id": payload["voicemail_id"],
    }
    return {payload["voicemail_box"]: message} if box else message


def fax_row(payload: Fields, status: str | None) -> dict[str, Any]:
    """Return the row of a fax in a listing."""
    row = {
        "id": payload.get("fax_jobid", payload["fax_id"]),
        "status": status,
        "to": payload["callee_id_number"],
        "from": payload["caller_id_number"],
        "created": payload["fax_timestamp"] - 60,
    }
    return {name: value for name, value in row.items() if value is not None}


def outbox_document(payload: Fields) -> dict[str, Any]:
    """Return the document of a fax that was sent, or could not be."""
    return {
        "id": payload["fax_jobid"],
        "from_number": payload["caller_id_number"],
        "from_name": payload["caller_id_name"],
        "to_number": payload["callee_id_number"],
        "to_name": payload["callee_id_name"],
        "faxbox_id": payload["faxbox_id"],
        "owner_id": payload["owner_id"],
        "fax_timezone": payload["fax_timezone"],
        "notifications": payload["fax_notifications"],
        "attempts": 1,
        "retries": 3,
        "folder": "outbox",
        "tx_result": _result(payload) | {"time_elapsed": 60},
    }


def inbox_document(payload: Fields) -> dict[str, Any]:
    """Return the document of a fax that was received."""
    return {
        "id": payload["fax_id"],
        "from_number": payload["caller_id_number"],
        "from_name": payload["caller_id_name"],
        "to_number": payload["callee_id_number"],
        "faxbox_id": payload["faxbox_id"],
        "owner_id": payload["owner_id"],
        "notifications": payload["fax_notifications"],
        "timestamp": payload["fax_timestamp"],
        "call_id": payload["call_id"],
        "folder": "inbox",
        "rx_result": _result(payload),
    }


def _result(payload: Fields) -> dict[str, Any]:
    return {name.removeprefix("fax_"): value for name, value in payload["fax_info"].items()}


def _normalized(name: str) -> str:
    return name.lower().replace("-", "_")
