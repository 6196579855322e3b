"""Facts: what an event of the table says about one leg of a call, in the few words that a call is made from.

A fact is a value: equal events give equal facts, whenever and however often they arrive. Which fields Dash sends, and
what they mean: docs/dash-protocol.md, sections 4 and 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self, TypedDict, cast

from hookswitch.events.kinds import CDR, IMPORTED

type FactKind = Literal[
    "create", "answer", "bridge", "destroy", "lost", "parked", "retrieved", "left_parking", "voicemail", "missed", "fax"
]

_CHANNEL: Mapping[str, FactKind] = {
    "channel_create": "create",
    "channel_answer": "answer",
    "channel_bridge": "bridge",
    "channel_destroy": "destroy",
}
_PARKING: Mapping[str, FactKind] = {
    "PARK_PARKED": "parked",
    "PARK_RETRIEVED": "retrieved",
    "PARK_ABANDONED": "left_parking",
}
_NOTIFICATIONS: Mapping[str, FactKind] = {
    "voicemail_new": "voicemail",
    "missed_call": "missed",
    "outbound_fax": "fax",
    "outbound_fax_error": "fax",
    "inbound_fax_error": "fax",
}
CALL_HOOKS = (*_CHANNEL, "parking", *_NOTIFICATIONS, "notifications")
"""The hooks whose events can be a part of a call."""

_FAX_RESULTS: Mapping[str, Literal["sent", "received", "failed"]] = {
    "outbound_fax": "sent",
    "inbound_fax": "received",
    "outbound_fax_error": "failed",
    "inbound_fax_error": "failed",
}
_END_FIELDS = ("hangup_cause", "hangup_code", "duration_seconds", "billing_seconds", "ringing_seconds")
_LONGEST = 31 * 86_400  # seconds; a larger number is not the length of a call
_LONGEST_MESSAGE = 86_400  # seconds
_MICROSECONDS = 1_000_000  # in a second
_ROUNDED = 5  # seconds by which the duration of a leg may differ from what its beginning and its end say


class Details(TypedDict, total=False):
    """What a fact says beyond its kind; a field is left out if the event does not have it."""

    direction: str
    internal: bool
    forwarded: bool
    carrier: bool  # the leg uses a resource of the account or of the system
    authorizing_type: str
    device: str
    owner: str
    caller_number: str
    caller_name: str
    callee_number: str
    callee_name: str
    cause: str
    code: str
    duration: int
    billing: int
    queue: str
    conference: str
    slot: str
    id: str  # of the voicemail or the fax
    mailbox: str
    seconds: int
    transcribed: bool
    recipients: int
    result: Literal["sent", "received", "failed"]
    error: str
    alerted: bool  # whether people were alerted to the event itself, as earlier versions did
    recovered: bool  # the event was made of a whole CDR, which also has what the leg's first event would have said
    began: int  # Unix seconds at which the leg began, if its CDR says so
    bridge: str  # the leg that this one was begun for, if its CDR says so


@dataclass(frozen=True, slots=True)
class Fact:
    """What one event says about one leg.

    Attributes:
        event_id: The key of the event's item.
        kind: What happened.
        account_id: The account of the event.
        leg: The `call_id` of the leg.
        at: When it happened, in Unix seconds.
        received_at: When the event was received, in Unix seconds; when it happened, if it was imported.
        others: The legs that it names as belonging to the same call.
        interaction: Dash's id of the whole call, which CDRs have and most systems do not send; empty without it.
        details: The rest.
    """

    event_id: str
    kind: FactKind
    account_id: str
    leg: str
    at: int
    received_at: int
    others: tuple[str, ...]
    interaction: str
    details: Details

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self | None:
        """Return the fact in an event's item, as plain values; None if the event says nothing about a call.

        Raises:
            LookupError, TypeError, ValueError: The item is not an event.
        """
        payload = item["payload"]
        kind = _kind(item["hook"], payload)
        leg = _text(payload, "call_id")
        if not kind or not leg:
            return None
        variables = payload.get("custom_channel_vars")
        variables = variables if isinstance(variables, Mapping) else {}
        # The stream brings no imported event to anybody, so its call is as settled as if it had come when it happened.
        received_at = item["occurred_at"] if item.get("kind") == IMPORTED else item["received_at"]
        others = (
            _text(payload, "other_leg_call_id"),
            _text(variables, "Member-Call-ID"),
            _text(payload, "bridge_id") or _text(variables, "Bridge-ID"),
        )
        return cls(
            event_id=item["event_id"],
            kind=kind,
            account_id=item["account_id"],
            leg=leg,
            at=_seconds(item["occurred_at"]),
            received_at=_seconds(received_at),
            others=tuple(sorted({other for other in others if other and other != leg})),
            interaction=_text(payload, "interaction_id") or _text(variables, "Call-Interaction-ID"),
            details=_details(kind, item, variables),
        )

    def to_attributes(self) -> dict[str, object]:
        """Return the fact as an attribute of a leg's item, whose key and account it leaves out."""
        return {
            "kind": self.kind,
            "at": self.at,
            "received_at": self.received_at,
            "others": list(self.others),
            "interaction": self.interaction,
            "details": self.details,
        }

    @classmethod
    def from_attributes(cls, event_id: str, account_id: str, leg: str, stored: Mapping[str, Any]) -> Self:
        """Return the fact that `to_attributes` wrote; numbers may be Decimals."""
        details = {
            name: value if isinstance(value, bool | str) else int(value) for name, value in stored["details"].items()
        }
        return cls(
            event_id=event_id,
            kind=stored["kind"],
            account_id=account_id,
            leg=leg,
            at=int(stored["at"]),
            received_at=int(stored["received_at"]),
            others=tuple(stored["others"]),
            interaction=stored["interaction"],
            details=cast("Details", details),
        )


def _kind(hook: str, payload: Mapping[str, Any]) -> FactKind | None:
    kind = _CHANNEL.get(hook)
    if kind == "destroy" and all(payload.get(name) is None for name in _END_FIELDS):
        return "lost"  # Dash lost the leg's media server; the call may go on
    if kind:
        return kind
    if hook == "parking":
        return _PARKING.get(str(payload.get("event_name")))
    if hook == "notifications":  # an inbound fax has no hook of its own
        return "fax" if payload.get("event_name") == "inbound_fax" else None
    return _NOTIFICATIONS.get(hook)


def _details(kind: FactKind, item: Mapping[str, Any], variables: Mapping[str, Any]) -> Details:
    hook, payload = item["hook"], item["payload"]
    found: dict[str, object] = {
        "alerted": item.get("alert") is True and kind != "fax",
        "caller_number": _text(payload, "caller_id_number") or _text(payload, "from_user"),
        "caller_name": _text(payload, "caller_id_name"),
        "callee_number": _text(payload, "callee_id_number") or _dialed(payload),
        "callee_name": _text(payload, "callee_id_name"),
    }
    if kind in {"create", "answer", "bridge", "destroy", "lost"}:
        found |= {
            "direction": _text(payload, "call_direction"),
            "internal": _flag(payload, "is_internal_leg"),
            "forwarded": _flag(payload, "call_forwarded"),
            "carrier": _uses_carrier(payload, variables),
            "authorizing_type": _text(payload, "authorizing_type"),
            "device": _text(payload, "authorizing_id"),
            "owner": _text(payload, "owner_id"),
            "queue": _text(variables, "Queue-ID"),
            "conference": _text(variables, "Conference-ID"),
        }
    match kind:
        case "destroy":
            found |= {
                "cause": _text(payload, "hangup_cause"),
                "code": _text(payload, "hangup_code"),
                "duration": _count(payload, "duration_seconds", _LONGEST),
                "billing": _count(payload, "billing_seconds", _LONGEST),
            }
            if item.get("recovered") == CDR:
                found |= {"recovered": bool(variables), "began": _began(item), "bridge": _bridge(payload)}
        case "parked" | "retrieved" | "left_parking":
            found["slot"] = _text(payload, "parking_slot")
        case "voicemail":
            milliseconds = _count(payload, "voicemail_length", _LONGEST_MESSAGE * 1000)
            found |= {
                "id": _text(payload, "voicemail_id"),
                "mailbox": _text(payload, "voicemail_box"),
                "seconds": None if milliseconds is None else (milliseconds + 500) // 1000,
                "transcribed": bool(payload.get("voicemail_transcription")),
            }
        case "missed":
            found["recipients"] = len(payload["to"]) if isinstance(payload.get("to"), list) else 0
        case "fax":
            result = _FAX_RESULTS.get(hook) or _FAX_RESULTS["inbound_fax"]
            found |= {
                "id": _text(payload, "fax_jobid") or _text(payload, "fax_id"),
                "result": result,
                "error": _text(payload, "fax_error") if result == "failed" else "",
            }
        case _:
            pass
    kept = {name: value for name, value in found.items() if value is not None and value != "" and value is not False}
    return cast("Details", kept)


def _dialed(payload: Mapping[str, Any]) -> str:
    """Return what was dialed, from the SIP address in `to`, which is a list of e-mail addresses in a missed call."""
    return _text(payload, "to").partition("@")[0] or _text(payload, "to_user")


def _uses_carrier(payload: Mapping[str, Any], variables: Mapping[str, Any]) -> bool:
    return (
        _flag(payload, "local_resource_used")
        or _flag(payload, "emergency_resource_used")
        or _flag(variables, "Global-Resource")
        or bool(_text(variables, "Resource-ID"))
    )


def _began(item: Mapping[str, Any]) -> int | None:
    """Return when a leg began, in Unix seconds; None if its CDR does not say, or contradicts itself."""
    microseconds = _count(item["payload"], "channel_created_time", _seconds(item["occurred_at"]) * _MICROSECONDS)
    duration = _count(item["payload"], "duration_seconds", _LONGEST)
    if microseconds is None or duration is None:
        return None
    began = microseconds // _MICROSECONDS
    return began if abs(_seconds(item["occurred_at"]) - duration - began) <= _ROUNDED else None


def _bridge(payload: Mapping[str, Any]) -> str:
    """Return the leg that a leg was begun for, as its CDR says."""
    bridge = _text(payload, "bridge_id")
    return bridge if bridge != _text(payload, "call_id") else ""


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _flag(fields: Mapping[str, Any], name: str) -> bool:
    return str(fields.get(name)).lower() == "true"


def _count(fields: Mapping[str, Any], name: str, most: int) -> int | None:
    try:
        number = int(fields[name])
    except (KeyError, TypeError, ValueError):
        return None
    return number if 0 <= number <= most else None


def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())
