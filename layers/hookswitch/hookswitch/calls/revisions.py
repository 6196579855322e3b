"""What of a call makes a new revision of its record, and what alerts people."""

from hookswitch.calls.record import Call

_MISSED = frozenset({"missed", "abandoned", "busy", "failed"})


def news(record: Call) -> dict[str, object]:
    """Return what makes a revision if it changes.

    As long as a call goes on, its legs alone do not: the record has them with the next change, and all of them at last.
    """
    if record["state"] == "ended":
        return {name: value for name, value in record.items() if name != "revision"}
    ignored = {
        *("revision", "complete", "missing", "leg_count", "legs", "events", "via"),
        *("hangup_cause", "hangup_code"),
    }
    said = {name: value for name, value in record.items() if name not in ignored}
    return {**said, "via": [via["kind"] for via in record["via"]]}


def alerts(record: Call) -> bool:
    """Tell whether people are to be alerted to a call: one from outside that nobody answered, or one with a message.

    A message can also be left after somebody answered, when the call was transferred to a mailbox. A caller who hangs
    up before any phone rings is nobody's missed call, unless Dash was told to report it.
    """
    return "voicemail" in record or (record.get("status") == "voicemail" and _rang_inbound(record)) or is_missed(record)


def is_missed(record: Call) -> bool:
    """Tell whether nobody took a call from outside, and no message was left, as alerts have it."""
    return record.get("status") in _MISSED and _rang_inbound(record)


def _rang_inbound(record: Call) -> bool:
    rang = any(leg["role"] in {"phone", "forwarded"} for leg in record["legs"]) or bool(record["missed_call"])
    return record["direction"] == "inbound" and rang
