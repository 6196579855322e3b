"""Decoding is the inverse of Dash's encodings, as far as these keep what they are given."""

import contextlib
import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devtools.local import ROOT
from hookswitch.deliveries.decoding import MAX_DEPTH, decode, decode_form, encode_query
from hookswitch.errors import UnusableError
from hookswitch.events.attributes import attribute
from simulator.encoding import encode_form, encode_json
from tests.receiving import FORM, JSON

WIRE = ROOT / "simulator" / "tests" / "wire"

# Keys go out unencoded. One with brackets, or with both `&` and `=`, can't be told from structure; one that opens
# or closes with `&` can't be told from an empty pair.
_letters = st.characters(exclude_categories=["Cs"], exclude_characters="[]&=")
plain_keys = st.text(_letters, min_size=1)
odd_keys = st.builds("{}{}{}".format, plain_keys, st.sampled_from("&="), plain_keys)
keys = (plain_keys | odd_keys).filter(lambda key: "%5B" not in key.upper())
texts = st.text()
scalars = texts | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
in_json = st.recursive(
    st.none() | scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
elements = st.none() | scalars.filter(lambda value: not str(value).startswith("{")) | st.dictionaries(texts, in_json)
values = st.recursive(
    scalars | st.lists(elements, max_size=3),
    lambda inner: st.dictionaries(plain_keys.filter(lambda key: "%5B" not in key.upper()), inner, max_size=3),
    max_leaves=8,
)
payloads = st.dictionaries(keys, values, max_size=6)


def as_form_keeps(value: Any) -> Any:
    """Return what a form body still tells of a value: scalars as text; None for what vanishes."""
    match value:
        case dict():
            kept = {key: as_form_keeps(inner) for key, inner in value.items()}
            return {key: inner for key, inner in kept.items() if inner is not None} or None
        case list():
            return [as_element(element) for element in value] or None
        case _:
            return as_text(value)


def as_element(value: Any) -> Any:
    """Return what is left of an array's element; an object in an array keeps its types."""
    if isinstance(value, dict):
        defined = {key: inner for key, inner in value.items() if inner is not None}
        return json.loads(json.dumps(defined), parse_float=Decimal)
    return as_text(value)


def as_text(value: Any) -> str:
    """Return a scalar as form bodies spell it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return encode_form({"n": value}).decode().removeprefix("n=").replace("%2B", "+")
        case _:
            return str(value)


@pytest.mark.no_cover  # other tests run the same lines
@given(payloads)
@example({"a": {}, "b": "2", "c": []})
@example({"a&b": "1", "c=d": "2", "e f": "3", "José": "Núñez"})
@example({"to": ["x", None, {"k": [1, 2.5]}], "deep": {"er": {"est": "+1 555"}}})
def test_form_round_trip(payload: dict[str, Any]) -> None:
    """A form body, encoded as Dash does, decodes to the same event, as far as the encoding keeps it."""
    assert decode(encode_form(payload), FORM) == (as_form_keeps(payload) or {})


@pytest.mark.no_cover  # other tests run the same lines
@given(st.dictionaries(texts, scalars | st.lists(scalars) | st.dictionaries(texts, scalars)))
def test_json_round_trip(payload: dict[str, Any]) -> None:
    """A JSON body decodes to the same event, with fractions as exact decimals."""
    assert decode(encode_json(payload), JSON) == json.loads(json.dumps(payload), parse_float=Decimal)


@given(st.binary(), st.sampled_from([JSON, FORM, "", "text/plain; charset=utf-8"]))
@example(b'{"a": ' + b"[" * 5000, JSON)
@example(b'{"a": 1e99999999999999999999}', JSON)
@example(b'{"a": NaN}', JSON)
@example(b'{"a": ' + b"9" * 5000 + b"}", JSON)
@example(b'{"a": "\\ud800"}', JSON)
@example(b"a" + b"[b]" * 100 + b"=1", FORM)
@example(b"&&&=&=&[]=&[a]=&a[=&a]=&a[][]=1", FORM)
def test_any_bytes(body: bytes, content_type: str) -> None:
    """Whatever arrives becomes fields that can be stored, or raises the error that says why not."""
    with contextlib.suppress(UnusableError):
        assert "M" in attribute(decode(body, content_type))


@pytest.mark.parametrize("hook", ["channel_destroy", "missed_call", "parking", "voicemail_full"])
def test_captures_agree(hook: str) -> None:
    """The two captured bodies of one event hold the same fields, but for the empty object that a form loses."""
    typed = json.loads((WIRE / f"{hook}.json").read_text())
    assert decode((WIRE / f"{hook}.form").read_bytes(), FORM) == as_form_keeps(typed)


def test_empty_pairs() -> None:
    """What an empty object leaves behind, at the start, between and at the end, is no field."""
    assert decode_form("&a=1&&b=2&") == {"a": "1", "b": "2"}


def test_ordinary_forms() -> None:
    """Bodies of other form encoders, which do encode their keys, decode too."""
    assert decode_form("a%5Bb%5D=1&l%5B%5D=x&l%5B%5D=y") == {"a": {"b": "1"}, "l": ["x", "y"]}


def test_last_one_wins() -> None:
    """Of a key that occurs twice, or once as a value and once as an object, the last one counts."""
    assert decode_form("a=1&a=2&b=1&b[c]=2&d[e]=1&d=2") == {"a": "2", "b": {"c": "2"}, "d": "2"}


def test_wrong_content_type() -> None:
    """A JSON object is decoded whatever its content type says."""
    assert decode(b' {"a": 1}', FORM) == {"a": 1}


def test_form_that_looks_like_json() -> None:
    """A form body that opens with a brace is still a form."""
    assert decode(b"{a}=1", FORM) == {"{a}": "1"}


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null"])
def test_no_object(body: bytes) -> None:
    """JSON that is no object is unusable."""
    with pytest.raises(UnusableError, match="not an object"):
        decode(body, JSON)


def test_depth() -> None:
    """Bodies may nest as deep as DynamoDB can store, and no deeper."""
    deep: dict[str, Any] = {"a": 1}
    for _ in range(MAX_DEPTH - 1):
        deep = {"a": deep}
    assert decode(json.dumps(deep).encode(), JSON) == deep
    with pytest.raises(UnusableError, match="nests deeper"):
        decode(json.dumps({"a": deep}).encode(), JSON)


def test_depth_beyond_any_parser() -> None:
    """A body that no parser can follow is unusable, not an error."""
    with pytest.raises(UnusableError, match="nests deeper"):
        decode(b'{"a":' + b"[" * 100_000, JSON)


def test_element_that_is_not_valid_json() -> None:
    """Dash sends objects in arrays as JSON; what only begins like one is text."""
    assert decode_form("a[]={%22b%22:1}&a[]={b&a[]=" + "{%22b%22:" * 100_000) == {
        "a": [{"b": 1}, "{b", '{"b":' * 100_000]
    }


@pytest.mark.no_cover  # other tests run the same lines
@given(
    st.lists(st.tuples(plain_keys.filter(lambda key: "%5B" not in key.upper()), texts), unique_by=lambda pair: pair[0])
)
def test_query_round_trip(pairs: list[tuple[str, str]]) -> None:
    """Query parameters, as API Gateway hands them over decoded, come out as they are."""
    assert decode_form(encode_query(pairs).decode()) == dict(pairs)


@pytest.mark.parametrize("text", ["1e9999999", "-1E+9999999", "1e-9999999", "0e9999999", "1e401"])
def test_numbers_beyond_any_float(text: str) -> None:
    """A few bytes that stand for millions of digits stay text: to write those digits out takes minutes."""
    assert decode(f'{{"a": {text}}}'.encode(), JSON) == {"a": text}
    assert decode(f'l[]={{"a":{quote(text)}}}'.encode(), FORM) == {"l": [{"a": text}]}


@pytest.mark.parametrize("text", ["1e308", "5e-324", "-0.0", "1.50"])
def test_numbers_of_a_float(text: str) -> None:
    """What a float can be stays a number, all of its digits."""
    assert decode(f'{{"a": {text}}}'.encode(), JSON) == {"a": Decimal(text)}
