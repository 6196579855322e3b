"""Each kind of call gives the record that a person would write, in whatever way Dash tells of it."""

from collections.abc import Mapping
from typing import Any

import pytest

from hookswitch.calls.record import Call, Party
from simulator.calls.cast import CAST
from simulator.calls.variants import VARIANTS
from simulator.tests.each import for_each
from tests.unit.calls.expected import EXPECTED, Expected
from tests.unit.calls.scenes import calls_of, steps_of

every_scenario = for_each("name", EXPECTED)


def row_of(call: Call) -> dict[str, Any]:
    """Return what the table of expected records has of a record."""
    voicemail = call.get("voicemail")
    return {
        "status": call.get("status"),
        "direction": call["direction"],
        "state": call["state"],
        "from_": member(call.get("from")),
        "to": call.get("to", {}).get("number"),
        "via": [via["kind"] for via in call["via"]],
        "leg_count": call["leg_count"],
        "wait_seconds": call.get("wait_seconds"),
        "talk_seconds": call.get("talk_seconds"),
        "duration_seconds": call.get("duration_seconds"),
        "answered_by": member(call.get("answered_by")),
        "reached": member(call.get("reached")),
        "voicemail_seconds": voicemail.get("seconds") if voicemail else None,
        "missed_calls": len(call["missed_call"]),
        "faxes": [fax["result"] for fax in call["faxes"]],
        "complete": call["complete"],
        "hangup_cause": call.get("hangup_cause"),
    }


def member(party: Party | None) -> str | None:
    """Return the name of the cast's member that a party is."""
    if party is None:
        return None
    device = party.get("device")
    found = [
        each.name for each in CAST.values() if (each.device == device if device else each.number == party.get("number"))
    ]
    return found[0] if found else str(party)


def expected_row(expected: Expected, **changed: Any) -> Mapping[str, Any]:
    """Return the table's row."""
    names = [name for name in Expected.__slots__ if name != "calls"]
    return {name: getattr(expected, name) for name in names} | changed


@every_scenario
def test_record(name: str) -> None:
    """The record is the one that was written by hand."""
    calls = calls_of(steps_of(name))
    expected = EXPECTED[name]
    closed = {} if expected.duration_seconds is not None else {"duration_seconds": None, "talk_seconds": None}
    found = row_of(calls[0])
    if not expected.complete:  # how long it took is not known, so the table does not say
        found |= closed | ({"wait_seconds": None} if expected.wait_seconds is None else {})
    assert found == expected_row(expected)


@every_scenario
@pytest.mark.parametrize("variant", [*VARIANTS, "with_interaction_ids"])
def test_variants(name: str, variant: str) -> None:
    """A system that tells less, or in another order, gives the same record."""
    steps = steps_of(name, interaction_ids=variant in {"without_interaction_ids", "with_interaction_ids"})
    told = VARIANTS[variant](steps) if variant in VARIANTS else steps
    assert row_of(calls_of(told)[0]) == row_of(calls_of(steps_of(name))[0])


@every_scenario
def test_oldest_systems(name: str) -> None:
    """On a system that tells of no leg what it is, numbers tell phones from people outside."""
    fields = {"authorizing_type", "authorizing_id", "owner_id", "local_resource_used"}
    told = [
        step._replace(payload={field: value for field, value in step.payload.items() if field not in fields})
        for step in steps_of(name)
    ]
    (call, *_), expected = calls_of(told), EXPECTED[name]
    assert (call.get("status"), call["direction"]) == (expected.status, expected.direction)
