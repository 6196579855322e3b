"""Records of calls, made by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from hookswitch.calls.record import Call, Leg, Party, Role

ACCOUNT = "0" * 32
START = datetime(2026, 11, 25, 14, 3, 5, tzinfo=UTC)  # 09:03:05 in New York
JANE: Party = {"number": "+15551234567", "name": "Jane Doe"}
SALES: Party = {"number": "+15557654321", "name": "Sales"}
BOB: Party = {"number": "201", "extension": "201", "name": "Bob Smith", "device": "d" * 32, "owner": "e" * 32}
CAROL: Party = {"number": "202", "extension": "202", "name": "Carol Jones", "device": "c" * 32}


def at(seconds: float) -> str:
    """Return a time that many seconds after the call's beginning."""
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def leg(
    name: str, role: Role, start: float | None = 0, answer: float | None = None, end: float | None = None, **more: Any
) -> Leg:
    """Return a leg by its times in seconds after the call's beginning; None leaves one out."""
    times = {"started_at": start, "answered_at": answer, "ended_at": end}
    known = {key: at(seconds) for key, seconds in times.items() if seconds is not None}
    made: dict[str, Any] = {"leg": name, "role": role, "result": "answered" if answer is not None else "no_answer"}
    return cast("Leg", made | known | more)


def record(number: int = 1, **more: Any) -> Call:
    """Return the record of a call that Bob took after 22 seconds, in a ring group of two; None leaves a field out."""
    legs = more.pop("legs", None) or [
        leg("a@pbx", "caller", 0, 2, 155, party=JANE, bridged=["b@pbx"], result="ended"),
        leg("b@pbx", "phone", 8, 22, 155, party=BOB),
        leg("c@pbx", "phone", 8, None, 22, party=CAROL, result="answered_elsewhere"),
    ]
    made: dict[str, Any] = {
        "call": f"{number:06x}".ljust(32, "f"),
        "account_id": ACCOUNT,
        "revision": 5,
        "state": "ended",
        "complete": True,
        "status": "answered",
        "reason": "Bob Smith answered.",
        "summary": "Call from Jane Doe (+15551234567) to Sales, answered by Bob Smith after 22 s, 2:13",
        "direction": "inbound",
        "started_at": at(0),
        "answered_at": at(22),
        "ended_at": at(155),
        "wait_seconds": 22,
        "talk_seconds": 133,
        "duration_seconds": 155,
        "from": JANE,
        "to": SALES,
        "requested": SALES,
        "reached": BOB,
        "answered_by": BOB,
        "via": [{"kind": "attendant", "at": at(2), "until": at(8)}, {"kind": "ring_group", "at": at(8), "phones": 2}],
        "hangup_cause": "NORMAL_CLEARING",
        "hangup_code": "sip:200",
        "missed_call": [],
        "faxes": [],
        "leg_count": len(legs),
        "legs": legs,
        "events": [f"{at:032x}" for at in range(10)],
    } | more
    made["final"] = more.get("final", made["state"] == "ended")
    return cast("Call", {name: value for name, value in made.items() if value is not None})


def unanswered(number: int, status: str, **more: Any) -> Call:
    """Return the record of a call that nobody took."""
    fields = {
        "status": status,
        "reason": "Nobody answered.",
        "answered_at": None,
        "answered_by": None,
        "talk_seconds": None,
        "wait_seconds": 22,
        "ended_at": at(22),
        "duration_seconds": 22,
        "legs": [
            leg("a@pbx", "caller", 0, None, 22, party=JANE, result="cancelled"),
            leg("b@pbx", "phone", 1, None, 22, party=BOB),
        ],
    }
    return record(number, **(fields | more))
