"""Flat JSON, as Zapier, Make and n8n map it: one object of texts, numbers and booleans, its keys in snake case.

These tools learn the keys from a sample. So every key that a kind of event can have is always there: a text or a time
that is not known is "", a number or a boolean that is not known is null.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hookswitch.calls.parties import spelled
from hookswitch.destinations.formats.spreadsheets import inert
from hookswitch.destinations.formats.times import for_tables
from hookswitch.events.cloudevent import to_json
from hookswitch.events.envelope import TYPE_PREFIX
from hookswitch.events.kinds import CALL
from hookswitch.payloads.text import part

PARTIES: Final = ("from", "to", "answered_by", "reached")
TIMES: Final = ("started_at", "answered_at", "ended_at")
NUMBERS: Final = ("revision", "wait_seconds", "talk_seconds", "duration_seconds", "leg_count")
TEXTS: Final = ("call", "state", "status", "reason", "direction", "hangup_cause", "hangup_code", "merged_into")

# The fields of docs/catalogue.md that hold one value, of all hooks together.
DATA_TEXTS: Final = (
    *("account_db", "account_id", "app_name", "app_version", "authorizing_id", "authorizing_type", "call_direction"),
    *("call_id", "callee_id_name", "callee_id_number", "caller_id_name", "caller_id_number", "cluster_id", "contact"),
    *("event_category", "event_name", "event_timestamp", "fax_error", "fax_id", "fax_jobid", "fax_result_code"),
    *("fax_timestamp", "fax_timezone", "faxbox_id", "freeswitch_hostname", "from", "from_host", "from_realm"),
    *("from_user", "hangup_cause", "hangup_code", "hook_event", "inception", "local_resource_id", "msg_id"),
    *("network_ip", "network_port", "node", "original_number", "other_leg_call_id", "other_leg_destination_number"),
    *(
        "owner_id",
        "parking_slot",
        "presence_hosts",
        "profile_name",
        "realm",
        "request",
        "reseller_id",
        "server_id",
        "status",
    ),
    *("system_log_id", "timestamp", "to", "to_host", "to_realm", "to_user", "user_agent", "username"),
    *("voicemail_box", "voicemail_id", "voicemail_timestamp", "voicemail_transcription"),
)
DATA_NUMBERS: Final = (
    *("billing_seconds", "call_bridged", "call_forwarded", "duration_seconds", "emergency_resource_used", "expires"),
    *("is_internal_leg", "local_resource_used", "max_message_count", "message_count", "message_left"),
    *("ringing_seconds", "suppress_unregister_notify", "voicemail_length"),
)

MAX_KEYS = 200  # of an event that are not in these lists
MAX_DEPTH = 3  # names within each other that become one key; what is deeper is JSON
MAX_KEY = 100  # characters

type Value = str | int | float | bool | None


def flat(event: Mapping[str, Any], zone: str) -> dict[str, Value]:
    """Return an event as one flat object.

    Args:
        event: A CloudEvent.
        zone: The IANA time zone of local times.
    """
    data = event.get("data", {})
    kind = event["type"].removeprefix(TYPE_PREFIX)
    return dict(_common(event, kind, zone)) | dict(_call(data, zone) if kind == CALL else _raw(data))


def _common(event: Mapping[str, Any], kind: str, zone: str) -> Iterator[tuple[str, Value]]:
    yield "id", event["id"]
    yield "type", kind
    yield "summary", inert(event["summary"])
    yield "account_id", inert(event["source"].removeprefix("dash/"))
    yield "time", event["time"]
    yield "time_local", for_tables(event["time"], zone)
    yield "time_zone", zone
    yield "received_at", event["receivedtime"]
    yield "subject", inert(event.get("subject", ""))
    yield "is_test", event["id"].startswith("test-")
    yield "is_replay", event.get("replay", False)
    yield "is_recovered", bool(event.get("recovered"))


def _call(call: Mapping[str, Any], zone: str) -> Iterator[tuple[str, Value]]:
    """Yield the keys of a call's record."""
    yield from ((name, inert(call.get(name, ""))) for name in TEXTS)
    yield from ((name, _number(call.get(name))) for name in NUMBERS)
    yield "is_final", call.get("final")
    yield "is_complete", call.get("complete")
    for name in TIMES:
        yield name, call.get(name, "")
        yield f"{name}_local", for_tables(call.get(name, ""), zone)
    for role in PARTIES:
        party = call.get(role) or {}
        yield from _party(role, party.get("name", ""), party.get("number", ""))
        yield f"{role}_extension", inert(party.get("extension", ""))
    yield "via", ", ".join(step["kind"] for step in call.get("via", ()))
    message = call.get("voicemail") or {}
    yield "voicemail_id", inert(message.get("id", ""))
    yield "voicemail_at", message.get("at", "")
    yield "voicemail_at_local", for_tables(message.get("at", ""), zone)
    yield "voicemail_seconds", _number(message.get("seconds"))
    yield "voicemail_transcribed", message.get("transcribed")
    yield "missed_call_alerts", len(call.get("missed_call", ()))
    fax: Mapping[str, Any] = next(iter(call.get("faxes", ())), {})
    yield from ((f"fax_{name}", inert(fax.get(name, ""))) for name in ("id", "result", "error"))


def _raw(data: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Yield the keys of an event as Dash sent it: who takes part, then all its fields with `data_` before them."""
    yield "call_id", _text(data.get("call_id"))
    yield "direction", _text(data.get("call_direction"))
    yield from _party("from", data.get("caller_id_name"), data.get("caller_id_number") or data.get("from_user"))
    yield from _party("to", data.get("callee_id_name"), data.get("callee_id_number") or data.get("to_user"))
    fields: dict[str, Value] = {f"data_{name}": "" for name in DATA_TEXTS}
    fields |= {f"data_{name}": None for name in DATA_NUMBERS}
    others = 0
    for key, value in _flattened("data", data, 0):
        if key in fields:
            fields[key] = value if value is not None else fields[key]
        elif others < MAX_KEYS:
            others += 1
            fields[key] = value
    yield from fields.items()


def _flattened(prefix: str, value: Any, depth: int) -> Iterator[tuple[str, Value]]:
    match value:
        case Mapping() if value and depth < MAX_DEPTH:
            for name, inner in value.items():
                yield from _flattened(f"{prefix}_{_snake_case(str(name))}"[:MAX_KEY], inner, depth + 1)
        case Mapping() | list() | tuple():
            yield prefix, _listed(value)
        case str():
            yield prefix, inert(value)
        case None | bool():
            yield prefix, value
        case _:
            yield prefix, _number(value)


def _listed(value: Any) -> str:
    """Return a list of texts with commas between them; anything else as JSON."""
    if not isinstance(value, Mapping) and all(isinstance(each, str) for each in value):
        return inert(", ".join(value))
    return to_json({"": value})[len('{"":') : -1] if value else ""


def _party(role: str, name: object, number: object) -> Iterator[tuple[str, str]]:
    """Yield name, number as Dash says it, and the number as people of the country write it."""
    yield f"{role}_name", _text(name)
    yield f"{role}_number", _text(number)
    yield f"{role}_phone", inert(spelled(part(number))[-1]) if isinstance(number, str) else ""


def _text(value: object) -> str:
    return inert(value) if isinstance(value, str) else ""


def _number(value: Any) -> int | float | None:
    """Return a number of the table, where all are decimals, as JSON has it."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def _snake_case(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_").lower()
