"""The encoders give the bytes of the real sender."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.encoding import UnsendableError, encode_form, encode_json, form_pieces, get_url

WIRE = Path(__file__).parent / "wire"
CAPTURES = sorted(path.stem for path in WIRE.glob("*.json"))


@pytest.mark.parametrize("name", CAPTURES)
def test_json_bodies_match_the_captures(name: str) -> None:
    """A captured event encodes to its captured JSON body (the file's final line break is not part of it)."""
    captured = (WIRE / f"{name}.json").read_bytes().removesuffix(b"\n")
    assert encode_json(json.loads(captured)) == captured


@pytest.mark.parametrize("name", CAPTURES)
def test_form_bodies_match_the_captures(name: str) -> None:
    """A captured event encodes to its captured form body."""
    event = json.loads((WIRE / f"{name}.json").read_bytes())
    assert encode_form(event) == (WIRE / f"{name}.form").read_bytes()


@pytest.mark.parametrize(
    ("event", "form"),
    [
        ({"a": 1, "o": {}, "b": 2}, "a=1&&b=2"),
        ({"l": [], "b": 2}, "&b=2"),
        ({"a": 1, "l": []}, "a=1&"),
        ({"a": {"b": {"c": "v"}}}, "a[b][c]=v"),
        ({"l": ["x", "y"]}, "l[]=x&l[]=y"),
        ({"o": {"l": ["x"]}}, "o[l][]=x"),
        ({"o": {"e": {}, "a": 1}}, "&o[a]=1"),
        ({"l": [{"a": 1, "b": "é"}]}, "l[]=%7B%22a%22%3A1%2C%22b%22%3A%22%C3%A9%22%7D"),
        ({"l": [None, True, 1]}, "l[]=null&l[]=true&l[]=1"),
        ({"t": True, "f": False}, "t=true&f=false"),
        ({"é k&=[x]": "a b&=+/~*"}, "é k&=[x]=a+b%26%3D%2B%2F~%2A"),
        ({"a": ""}, "a="),
        ({"a": None, "b": 1}, "b=1"),
        ({"n": 2**80}, f"n={2**80}"),
        ({}, ""),
    ],
)
def test_form_traps(event: dict[str, Any], form: str) -> None:
    """The lossy corners of the form encoding are those of section 3."""
    assert encode_form(event) == form.encode()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e20, "1.0e%2B20"),
        (1.25e-9, "1.25e-9"),
        (1.0, "1.0"),
        (-2.5, "-2.5"),
        (0.0, "0.0"),
        (0.001, "0.001"),
        (63962662779.5, "63962662779.5"),
        (100000.0, "100000.0"),
    ],
)
def test_floats_are_in_the_senders_notation(number: float, text: str) -> None:
    """A float in a form keeps its point and has a signed exponent where it is long."""
    assert encode_form({"n": number}) == f"n={text}".encode()


def test_empty_containers_in_json_span_lines() -> None:
    """An empty object or array is printed with an empty line inside."""
    assert encode_json({"o": {}, "l": []}) == b'{\n  "o" : {\n    \n  },\n  "l" : [\n    \n  ]\n}'


def test_a_get_appends_a_second_question_mark() -> None:
    """The query of an address is corrupted, not extended."""
    assert get_url("https://example.com/h?tok=abc", {"a": 1}) == "https://example.com/h?tok=abc?a=1"


@pytest.mark.parametrize("event", [{"o": {"a": 1}}, {"l": [1]}, {"a b": 1}])
def test_a_get_of_nested_data_or_spaced_keys_is_unsendable(event: dict[str, Any]) -> None:
    """What makes the address invalid is never sent, unless the release is an older one."""
    with pytest.raises(UnsendableError):
        get_url("https://example.com/h", event)
    assert get_url("https://example.com/h", event, lenient=True).startswith("https://example.com/h?")


def test_a_get_with_an_empty_object_can_be_sent() -> None:
    """An empty object leaves only an empty pair, which is valid in an address."""
    assert get_url("https://example.com/h", {"a": 1, "o": {}}) == "https://example.com/h?a=1&"


def test_an_array_in_an_array_has_no_form() -> None:
    """The sender has no encoding for it."""
    with pytest.raises(UnsendableError):
        encode_form({"l": [[1]]})


def test_form_pieces() -> None:
    """A form body is assembled from nested pieces, in the order in which they are sent; what is empty leaves a list."""
    event = {"a": 1, "e": {}, "o": {"k": "v w", "l": ["x"]}, "l": [True, {"b": 2}]}
    assert form_pieces(event) == [
        ["a", "=", "1"],
        "&",
        [],
        "&",
        [[["o"], "[", "k", "]", "=", "v+w"], "&", [[["o"], "[", "l", "]", "[]=", "x"]]],
        "&",
        [["l", "[]=", "true"], "&", ["l", "[]=", "%7B%22b%22%3A2%7D"]],
    ]
