"""A template of the payload."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.destinations.formats.fields import MAX_TEXT, check_fields, fill
from hookswitch.errors import InvalidDestinationError
from hookswitch.events.cloudevent import to_json
from tests.unit.destinations.formats.events import HOSTILE, event_of

EVENT: dict[str, Any] = {
    "id": "call-0-1",
    "replay": True,
    "data": {
        "from": {"number": "+15552340017", "name": '", "admin": "yes'},
        "wait_seconds": Decimal(22),
        "final": True,
        "via": [{"kind": "queue"}, {"kind": "voicemail"}],
        "custom_channel_vars": {"Call-Interaction-ID": "6396-1"},
        "nothing": None,
    },
}


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("{data.from.number}", "+15552340017"),
        ("{data.wait_seconds}", 22),
        ("{replay}", True),
        ("{data.from}", EVENT["data"]["from"]),
        ("{data.via.1.kind}", "voicemail"),
        ("{data.custom_channel_vars.Call-Interaction-ID}", "6396-1"),
        ("From {data.from.number} after {data.wait_seconds} s", "From +15552340017 after 22 s"),
        ("final: {data.final}, via {data.via}", 'final: true, via [{"kind":"queue"},{"kind":"voicemail"}]'),
        ("{data.unknown}", None),
        ("{data.nothing}", None),
        ("{subject}", None),
        ("{data.via.2}", None),
        ("{data.via.-1}", None),
        ("{data.via.99999999999999999999}", None),
        ("{data.via.kind}", None),
        ("{data.from.number.0}", None),
        ("{data.wait_seconds.real}", None),
        ("{data.from.__class__}", None),
        ("{data.from.keys}", None),
        ("<{data.unknown}>", "<>"),
        ("{{data.from.number}}", "{data.from.number}"),
        ("{{{data.wait_seconds}}}", "{22}"),
        ("", ""),
        (5, 5),
        (None, None),
        ([{"deep": ["{id}"]}], [{"deep": ["call-0-1"]}]),
    ],
)
def test_values(value: Any, filled: Any) -> None:
    """One placeholder keeps the field's type, one in a longer text is text, and what is not there is empty."""
    template = json.dumps({"value": value})
    check_fields(template)
    assert json.loads(to_json(fill(template, EVENT))) == json.loads(to_json({"value": filled}))


def test_text_from_outside_stays_a_value() -> None:
    """A caller's name that looks like JSON, or like a placeholder, is one text."""
    event = {"data": {"from": {"name": '", "admin": "{data.secret}'}, "secret": "s"}}
    written = to_json(fill('{"name": "Mr {data.from.name}"}', event))
    assert json.loads(written) == {"name": 'Mr ", "admin": "{data.secret}'}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"a": 1,}', "FIELDS is not JSON: line 1, column "),
        ("{'a': 1}", "FIELDS is not JSON: line 1, column 2"),
        ('{"a":\n x}', "FIELDS is not JSON: line 2, column 2"),
        ('["{id}"]', "FIELDS is not a JSON object"),
        ('"{id}"', "FIELDS is not a JSON object"),
        ('{"a": NaN}', "FIELDS holds NaN"),
        ('{"a": 1e999}', "FIELDS holds 1e999"),
        ('{"a": 1' + "0" * 3_900 + "}", None),
        ('{"a": 1, "a": 2}', "the same name twice"),
        ('{"a": {"b": ["x", "{data.from"]}}', 'FIELDS, in "a.b.1" at character 1: a brace alone'),
        ('{"a": "ok }"}', 'FIELDS, in "a" at character 4: a brace alone'),
        ('{"a": "{}"}', 'FIELDS, in "a" at character 1: not a field'),
        ('{"a": "{data.from.number!r}"}', "not a field"),
        ('{"a": "{data.wait_seconds:>9}"}', "not a field"),
        ('{"a": "{data[\'from\']}"}', "not a field"),
        ('{"a": "{data..from}"}', "not a field"),
        ('{"a": "{data.from.number()}"}', "not a field"),
        ('{"a": "{ data.from }"}', "not a field"),
        ('{"a": "{from.number}"}', "A path begins with one of data, "),
        ('{"a": "{data' + ".x" * 20 + '}"}', "not a field"),
        ('{"a": ' + "[" * 9 + "]" * 9 + "}", "deeper than 8"),
        ("[" * 3_999, "not JSON"),
        ('{"a": "' + "{id}" * 101 + '"}', "more than 100 fields"),
        ('{"a": "' + "x" * MAX_TEXT + '"}', "at most 4000"),
    ],
)
def test_check(text: str, complaint: str | None) -> None:
    """A mistake is found when the destination is added; the error says where it is."""
    if complaint is None:
        check_fields(text)
        return
    with pytest.raises(InvalidDestinationError, match=re.escape(complaint)):
        check_fields(text)


def test_errors_hold_nothing_of_the_values() -> None:
    """A template may hold a key of the receiver's, which is not for logs."""
    with pytest.raises(InvalidDestinationError) as raised:
        check_fields('{"api_key": "s3cret {data.from"}')
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("destination_type", ["slack", "teams"])
def test_messages_for_people(destination_type: Any) -> None:
    """Those have a form of their own."""
    check_fields("", destination_type)
    with pytest.raises(InvalidDestinationError, match=f"FIELDS is not for {destination_type}"):
        check_fields("{}", destination_type)


def test_large_values() -> None:
    """A template that names large fields many times does not make a larger message than receivers take."""
    template = json.dumps({"all": ["{data}"] * 50, "text": "{data.text}" * 40, "short": "{id}"})
    filled = fill(template, {"id": "1", "data": {"text": "\x01" * 100_000}})
    assert filled["short"] == "1"
    assert filled["all"] == [None] * 50
    assert len(to_json(filled)) < 256_000


PIECES = st.sampled_from(
    ["{", "}", "{{", "}}", "{data}", "{data.from.name}", "{data.via.0}", "{id}", "x", '"', "\\", "{data.", ".0}"]
)


@settings(max_examples=60)
@given(
    st.recursive(
        st.lists(PIECES, max_size=6).map("".join) | st.integers() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    HOSTILE,
)
def test_any_template(value: Any, name: str) -> None:
    """One that passes the check can be filled with any event, and the result has the names of the template alone."""
    template = json.dumps({"value": value})
    event = event_of("voicemail", **{"from": {"name": name}})
    try:
        check_fields(template)
    except InvalidDestinationError:
        return
    filled = fill(template, event)
    assert filled.keys() == {"value"}
    json.loads(to_json(filled).encode())
    if isinstance(value, dict):
        assert filled["value"].keys() == value.keys()
