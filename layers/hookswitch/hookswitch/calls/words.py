"""A call in one line for people."""

from typing import TYPE_CHECKING

from hookswitch.calls.record import Party
from hookswitch.payloads.text import duration, one_line, somebody

if TYPE_CHECKING:
    from hookswitch.calls.record import Call


def name(who: Party | None) -> str:
    """Return a party as `Jane Doe (+15551234567)`, as far as it is known; empty if nothing is."""
    return somebody(who.get("name"), who.get("number")) if who else ""


def summary(call: "Call") -> str:
    """Return a call as one line: who called whom, and how it went."""
    return one_line(f"{_subject(call)}{_outcome(call)}")


def _subject(call: "Call") -> str:
    kind = "Fax" if call["faxes"] else "Call"
    if call["direction"] == "inbound" and call.get("status") in {"missed", "abandoned", "voicemail"}:
        kind = "Missed call"
    caller, callee = name(call.get("from")) or "an unknown number", name(call.get("to"))
    return f"{kind} from {caller} to {callee}" if callee else f"{kind} from {caller}"


def _outcome(call: "Call") -> str:
    status = call.get("status")
    if status is None:
        return ", ringing" if call["state"] == "ringing" else ", connected to the phone system"
    if status == "answered":
        return _answer(call)
    waited = duration(call.get("wait_seconds", 0))
    cause = call.get("hangup_cause")
    outcomes = {
        "voicemail": f"rang {waited}, left a voicemail",
        "missed": f"rang {waited}",
        "abandoned": f"hung up after {waited}",
        "busy": "busy",
        "failed": f"failed: {cause}" if cause else "failed",
    }
    return f", {outcomes[status]}"


def _answer(call: "Call") -> str:
    if call["faxes"]:
        return f", {call['faxes'][0]['result']}"
    who, waited = name(call.get("answered_by")), duration(call.get("wait_seconds", 0))
    answered = f", answered by {who} after {waited}" if who else f", answered after {waited}"
    return answered + (f", talked {duration(call.get('talk_seconds', 0))}" if call["state"] == "ended" else "")
