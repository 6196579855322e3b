"""The two body encodings of the sender, byte for byte (docs/dash-protocol.md, section 3)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

INDENT = "  "
MAX_ZEROS = 6
NEVER_IN_A_QUERY = frozenset(" []")

type Pieces = list[str | Pieces]


class UnsendableError(ValueError):
    """The sender can't put this payload on the wire: nothing is ever sent."""


def encode_json(payload: Mapping[str, Any]) -> bytes:
    """Return the JSON body: pretty-printed, raw UTF-8, types kept, undefined (`None`) fields left out."""
    return _pretty(payload, "").encode()


def encode_form(payload: Mapping[str, Any]) -> bytes:
    """Return the form body, with the empty pairs and the unencoded keys of the sender.

    Undefined (`None`) fields are left out, as they are in JSON.

    Raises:
        UnsendableError: an array is an element of an array, which the sender has no encoding for.
    """
    return _joined(form_pieces(payload)).encode()


def form_pieces(payload: Mapping[str, Any]) -> Pieces:
    """Return the form body as the sender assembles it: nested lists of its pieces, which is how it is logged.

    `{"a": 1, "o": {}}` is `[["a", "=", "1"], "&", []]` (Kazoo, `kz_http_util:json_to_querystring/1`).

    Raises:
        UnsendableError: See `encode_form`.
    """
    return _form_object(payload, None)


def get_url(uri: str, payload: Mapping[str, Any], *, lenient: bool = False) -> str:
    """Return the address of a get: always `<uri>?<form>`, even where the uri already has a query.

    Args:
        uri: The webhook's address.
        payload: The event.
        lenient: Older releases send what current ones find invalid.

    Raises:
        UnsendableError: a nested object or array, or a space in a key, makes the address invalid (section 1).
            An empty object or array leaves only an empty pair, which is valid.
    """
    query = encode_form(payload).decode()
    if not lenient and not NEVER_IN_A_QUERY.isdisjoint(query):
        raise UnsendableError("A nested object or array, or a space in a key, makes the address invalid.")
    return f"{uri}?{query}"


def _defined(payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in payload.items() if value is not None)


def _is_array(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _pretty(value: Any, margin: str) -> str:
    inner = margin + INDENT
    if isinstance(value, Mapping):
        items = [f"{_pretty(key, '')} : {_pretty(item, inner)}" for key, item in _defined(value)]
        return _bracket("{", items, "}", margin)
    if _is_array(value):
        return _bracket("[", [_pretty(item, inner) for item in value], "]", margin)
    return json.dumps(value, ensure_ascii=False)


def _bracket(opening: str, items: list[str], closing: str, margin: str) -> str:
    # An empty one still gets its two line breaks and an indented, empty line.
    inner = f"\n{margin}{INDENT}"
    return f"{opening}{inner}{f',{inner}'.join(items)}\n{margin}{closing}"


def _form_object(payload: Mapping[str, Any], prefix: Pieces | None) -> Pieces:
    return _separated([_form_field(_form_key(prefix, key), value) for key, value in _defined(payload)])


def _form_key(prefix: Pieces | None, key: str) -> Pieces:
    return [key] if prefix is None else [prefix, "[", key, "]"]


def _form_field(key: Pieces, value: Any) -> Pieces:
    if isinstance(value, Mapping):
        return _form_object(value, key)
    if _is_array(value):
        return _separated([[*key, "[]=", quote_plus(_form_element(item), safe="")] for item in value])
    return [*key, "=", quote_plus(_form_scalar(value), safe="")]


def _separated(fields: list[Pieces]) -> Pieces:
    return [piece for field in fields for piece in ("&", field)][1:]


def _joined(pieces: str | Pieces) -> str:
    return pieces if isinstance(pieces, str) else "".join(map(_joined, pieces))


def _form_element(value: Any) -> str:
    if isinstance(value, Mapping):
        return json.dumps(dict(_defined(value)), ensure_ascii=False, separators=(",", ":"))
    if _is_array(value):
        raise UnsendableError("The sender has no encoding for an array in an array.")
    return _form_scalar(value)


def _form_scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return _erlang_float(value)
        case _:
            return str(value)


def _erlang_float(value: float) -> str:
    """Return the shortest digits that read back as this number, in the sender's own notation."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise UnsendableError("Neither infinity nor NaN exists in JSON.")
    text, minus = "".join(map(str, digits)), "-" if sign else ""
    point = len(text) + exponent if value else 0
    zeros = point - len(text)
    if -MAX_ZEROS < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    if point > 0 and zeros < 0:
        return f"{minus}{text[:point]}.{text[point:]}"
    if point > 0 and zeros < MAX_ZEROS:
        return f"{minus}{text}{'0' * zeros}.0"
    return f"{minus}{text[0]}.{text[1:] or '0'}e{'-' if point < 0 else '+'}{abs(point - 1)}"
