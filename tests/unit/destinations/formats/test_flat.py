"""Flat JSON for Zapier, Make and n8n."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.local import ROOT
from hookswitch.dash.hooks import SELECTABLE_HOOKS
from hookswitch.destinations.formats.flat import DATA_NUMBERS, DATA_TEXTS, flat
from tests.unit.destinations.formats.events import OFFICE, all_events, event_of, event_of_hook


def test_recovered() -> None:
    """What was recovered is told by a boolean, wherever it was recovered from: these tools keep the first type."""
    event = event_of("voicemail")
    assert [flat({**event, "recovered": source}, OFFICE)["is_recovered"] for source in (True, "cdr")] == [True, True]


def test_call() -> None:
    """A call is one object of texts, numbers and booleans; what is not known is there too."""
    event = event_of("voicemail")
    assert flat(event, OFFICE) == {
        "id": event["id"],
        "type": "call",
        "summary": "Missed call from WIRELESS CALLER (+15552340017) to +15553000100, rang 22 s, left a voicemail",
        "account_id": "5a2d994fbae69b1d6b01eb9f0e7dfe62",
        "time": "2026-11-18T11:06:40Z",
        "time_local": "2026-11-18 06:06:40",
        "time_zone": "America/New_York",
        "received_at": "",
        "subject": event["subject"],
        "is_test": False,
        "is_replay": False,
        "is_recovered": False,
        "call": event["data"]["call"],
        "state": "ended",
        "status": "voicemail",
        "reason": "Nobody answered, and the caller left a message.",
        "direction": "inbound",
        "hangup_cause": "NORMAL_CLEARING",
        "hangup_code": "sip:200",
        "merged_into": "",
        "revision": 3,
        "wait_seconds": 22,
        "talk_seconds": None,
        "duration_seconds": 53,
        "leg_count": 2,
        "is_final": True,
        "is_complete": True,
        "started_at": "2026-11-18T11:06:40Z",
        "started_at_local": "2026-11-18 06:06:40",
        "answered_at": "",
        "answered_at_local": "",
        "ended_at": "2026-11-18T11:07:33Z",
        "ended_at_local": "2026-11-18 06:07:33",
        "from_name": "WIRELESS CALLER",
        "from_number": "+15552340017",
        "from_phone": "555-234-0017",
        "from_extension": "",
        "to_name": "",
        "to_number": "+15553000100",
        "to_phone": "555-300-0100",
        "to_extension": "",
        **{f"{role}_{part}": "" for role in ("answered_by", "reached") for part in PARTY},
        "via": "voicemail",
        "voicemail_id": event["data"]["voicemail"]["id"],
        "voicemail_at": event["data"]["voicemail"]["at"],
        "voicemail_at_local": "2026-11-18 06:07:32",
        "voicemail_seconds": 21,
        "voicemail_transcribed": True,
        "missed_call_alerts": 0,
        "fax_id": "",
        "fax_result": "",
        "fax_error": "",
    }


PARTY = ("name", "number", "phone", "extension")


def test_keys_are_always_the_same() -> None:
    """Every call has the same keys; every other event has a set of keys, whatever Dash left out, and never a null text.

    Zapier maps what it saw in a sample.
    """
    calls: set[frozenset[str]] = set()
    others: set[str] | None = None
    for event in all_events():
        values = flat(event, OFFICE)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in values)
        assert all(value is None or isinstance(value, str | int | float) for value in values.values())
        if event["type"].endswith(".call"):
            calls.add(frozenset(values))
        else:
            others = set(values) if others is None else others & values.keys()
            assert all(values[f"data_{name}"] is not None for name in DATA_TEXTS)
    assert len(calls) == 1
    assert others
    assert {f"data_{name}" for name in (*DATA_TEXTS, *DATA_NUMBERS)} <= others


@pytest.mark.parametrize("hook", SELECTABLE_HOOKS)
def test_declared_fields_are_always_there(hook: str) -> None:
    """Each field of the catalogue that holds one value has its key, also in an event without it."""
    schema = json.loads((ROOT / "docs" / "schemas" / f"{hook}.json").read_text())
    simple = {
        name
        for name, declared in schema["properties"].items()
        if {choice.get("type") for choice in declared.get("anyOf", [declared])} & {"string", "integer", "boolean"}
    }
    assert simple <= {*DATA_TEXTS, *DATA_NUMBERS}


def test_raw_event() -> None:
    """It says who takes part as a call does; fields within others have both names, lists of texts have commas."""
    values = flat(event_of_hook("missed_call", caller_id_number="+15552340017"), OFFICE)
    assert values["from_number"] == values["data_caller_id_number"] == "+15552340017"
    assert values["from_phone"] == "555-234-0017"
    assert values["data_to"] == "ops@acme.example.com, desk@acme.example.com"
    assert values["data_notify_hangup_cause"] == "NO_ANSWER"
    assert str(values["data_notify_custom_channel_vars_call_interaction_id"]).startswith("639")
    assert values["data_call_bridged"] is False
    assert values["data_expires"] is None


@pytest.mark.parametrize("text", ["=IMPORTXML(1)", "+1+cmd", "-2", "@SUM(A1)", " =1", "a;=1", "\uff1d1"])
def test_formulas(text: str) -> None:
    """A caller's name is no formula in the spreadsheet that it ends in."""
    for event in (event_of("voicemail", **{"from": {"name": text}}), event_of_hook("missed_call", caller_id_name=text)):
        assert "'" in str(flat(event, OFFICE)["from_name"])


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from([*DATA_TEXTS, *DATA_NUMBERS]) | st.text(max_size=9), JSON_VALUES))
def test_any_payload(data: dict[str, Any]) -> None:
    """Whatever Dash sends is an object of simple values."""
    values = flat(event_of_hook("notifications") | {"data": data}, OFFICE)
    assert all(value is None or isinstance(value, str | int | float) for value in values.values())


def test_payload_of_many_fields() -> None:
    """The number of keys is limited."""
    values = flat(event_of_hook("notifications") | {"data": {f"field_{number}": 1 for number in range(999)}}, OFFICE)
    assert 200 < len(values) < 400
