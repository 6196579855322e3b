"""The messages in voicemail boxes and the faxes that Dash keeps, as documents.

From Kazoo: `kzd_box_message` and the view `mailbox_messages` for messages, `fax_request` for faxes that were received,
`fax_worker` for those that were sent, `cb_vmboxes` and `cb_faxes` for what the API shows.
"""

from collections.abc import Mapping
from typing import Any

from simulator.attempts import gregorian
from simulator.channel_payloads import REALM
from simulator.steps import LegFacts

RECEIVED = "inbound_fax"
SENT = ("outbound_fax", "outbound_fax_error")
FAX_EVENTS = (RECEIVED, *SENT)

_SHOWN = ("timestamp", "from", "to", "caller_id_number", "caller_id_name", "call_id", "folder", "length", "media_id")
_TX_RESULT = {
    "bad_rows": 0,
    "ecm_used": True,
    "remote_station_id": "",
    "result_cause": "NORMAL_CLEARING",
}


def message(event: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return the message that a `voicemail_new` tells of: its box is the `source_id`, its length in milliseconds."""
    found = {
        "id": event["voicemail_id"],
        "media_id": event["voicemail_id"],
        "source_id": event.get("voicemail_box"),
        "timestamp": int(event.get("voicemail_timestamp") or gregorian(now)),
        "length": event.get("voicemail_length"),
        "folder": "new",
        "from": _address(event, "from"),
        "to": _address(event, "to"),
        "caller_id_name": event.get("caller_id_name"),
        "caller_id_number": event.get("caller_id_number"),
        "call_id": event.get("call_id"),
        "transcription": event.get("voicemail_transcription"),
    }
    return {name: value for name, value in found.items() if value is not None}


def listed_message(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as listings have it."""
    transcription = document.get("transcription")
    transcribed = {"transcribed": transcription.get("result") == "success"} if isinstance(transcription, dict) else {}
    return {name: document[name] for name in _SHOWN if name in document} | transcribed


def whole_message(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as the API shows one."""
    shown = (*_SHOWN, "transcription")
    return {name: document[name] for name in shown if name in document}


def fax(event: Mapping[str, Any], leg: LegFacts | None, now: float) -> dict[str, Any]:
    """Return the fax that a notification tells of: in the inbox if it was received, else in the outbox."""
    ended = int(event.get("fax_timestamp") or gregorian(now))
    if event["event_name"] == RECEIVED:
        found = _received(event, ended)
    else:
        found = _sent(event, gregorian(leg.began) if leg else ended - 60, ended)
    shared = {"owner_id": event.get("owner_id"), "faxbox_id": event.get("faxbox_id")}
    found |= shared | {"notifications": event.get("fax_notifications")}
    return {name: value for name, value in found.items() if value is not None}


def _received(event: Mapping[str, Any], ended: int) -> dict[str, Any]:
    fax_id = str(event["fax_id"])
    call_id = event.get("call_id")
    return {
        "id": fax_id,
        "folder": "inbox",
        "created": ended,
        "timestamp": ended,
        "name": "fax message received",
        "description": "fax document received",
        "source_type": "incoming_fax",
        "media_type": "tiff",
        "to": event.get("to_user"),
        "to_number": event.get("to_user"),
        "from": event.get("from_user"),
        "from_number": event.get("from_user"),
        "from_name": event.get("caller_id_name"),
        "call_id": call_id,
        "cdr_doc_id": f"{fax_id[:6]}-{call_id}" if call_id else None,
        "rx_result": _result(event),
    }


def _sent(event: Mapping[str, Any], created: int, ended: int) -> dict[str, Any]:
    success = event["event_name"] == "outbound_fax"
    result = _result(event)
    return {
        "id": str(event.get("fax_jobid") or event["fax_id"]),
        "folder": "outbox",
        "status": "completed" if success else "failed",
        "created": created,
        "from": event.get("caller_id_number"),
        "from_number": event.get("caller_id_number"),
        "from_name": event.get("caller_id_name"),
        "to": event.get("callee_id_number"),
        "to_number": event.get("callee_id_number"),
        "to_name": event.get("callee_id_name"),
        "attempts": 1,
        "retries": 1,
        "fax_timezone": event.get("fax_timezone"),
        "tx_result": _TX_RESULT | result | {"success": success, "time_elapsed": ended - created},
    }


def _result(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `fax_info` of an event without the prefix of its names, as Dash keeps it."""
    return {name.removeprefix("fax_"): value for name, value in (event.get("fax_info") or {}).items()}


def _address(event: Mapping[str, Any], side: str) -> str | None:
    user = event.get(f"{side}_user")
    return f"{user}@{event.get(f'{side}_realm', REALM)}" if user else None
