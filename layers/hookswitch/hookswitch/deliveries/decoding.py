"""Decodes the bodies that Dash sends into fields (docs/dash-protocol.md, section 3).

Dash has a form encoding of its own: nesting in brackets, keys that are not encoded at all, empty pairs in place of
empty objects, JSON inside arrays. The standard library's parser would reject or misread ordinary events.
"""

import json
import re
from codecs import BOM_UTF8
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import quote_plus, unquote, unquote_plus

from hookswitch.deliveries.undecodable import ERRORS, decode_bytes
from hookswitch.errors import UnusableError

# DynamoDB stores at most 32 levels, of which the item and its attribute take two.
MAX_DEPTH = 30

# Beyond any float. `1e9999999` is nine bytes, and converting it to an integer takes a minute.
MAX_EXPONENT = 400

_KEY = re.compile(r"([^\[]+)((?:\[[^\[\]]*\])*)", re.DOTALL)


def decode(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the fields of a body, JSON or form.

    A body that opens with a brace is read as JSON whatever its content type says, since older releases of the sender
    and requests made by hand get that wrong; any other as its content type says, a form by default.
    Numbers with a fraction come out as Decimal, which DynamoDB stores exactly, and those beyond MAX_EXPONENT as they
    are written. A byte order mark is not part of the body (RFC 8259, section 8.1). Bytes that are not UTF-8 are kept
    (`undecodable`): a call with an odd name is still a call.

    Raises:
        UnusableError: The body is not a JSON object, or nests deeper than MAX_DEPTH levels.
    """
    text = decode_bytes(body.removeprefix(BOM_UTF8))
    is_json = content_type.partition(";")[0].strip().lower() == "application/json"
    fields: object
    if is_json or text.lstrip().startswith("{"):
        try:
            fields = json.loads(text, parse_float=_number, parse_constant=_no_number)
        except RecursionError:
            raise UnusableError(f"The body nests deeper than {MAX_DEPTH} levels.") from None
        except ValueError as error:
            if not is_json:
                return _checked(decode_form(text))
            raise UnusableError(f"The body is not valid JSON: {_in_words(error)}.") from None
    else:
        fields = decode_form(text)
    return _checked(fields)


def _checked(fields: object) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise UnusableError("The body is not an object of fields.")
    level: list[Any] = [fields]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return fields
    raise UnusableError(f"The body nests deeper than {MAX_DEPTH} levels.")


def _number(text: str) -> Decimal | str:
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise ValueError("an exponent is out of range") from None
    return number if abs(number.adjusted()) <= MAX_EXPONENT else text


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _in_words(error: ValueError) -> str:
    # A decoder's message says where it stopped; others may quote the body.
    return (
        f"{error.msg} at character {error.pos}"
        if isinstance(error, json.JSONDecodeError)
        else "a value is not a number"
    )


def decode_form(text: str) -> dict[str, Any]:
    """Return the fields of a form body or query string in Dash's encoding.

    Every scalar is a string. `a[b][c]=v` nests, `l[]=v` appends, an element of a list that is a JSON object
    becomes one. A pair's last `=` divides it and a piece without any belongs to the next key, since values are
    encoded and keys are not. Where a key occurs twice, or once with and once without brackets, the last wins.
    """
    fields: dict[str, Any] = {}
    started: list[str] = []  # pieces of a key that contains an ampersand
    for piece in text.split("&"):
        if not piece and not started:
            continue  # an empty object or array was here
        key, divider, value = piece.rpartition("=")
        if divider:
            _insert(fields, _path("&".join([*started, key])), unquote_plus(value, errors=ERRORS))
            started = []
        else:
            started.append(piece)
    if any(started):
        fields["&".join(started)] = ""
    return fields


def _path(key: str) -> list[str]:
    """Split `a[b][]` into a, b and an empty part. A key whose brackets are not in pairs is one name."""
    if "[" not in key and "%5B" in key.upper():
        key = unquote(key, errors=ERRORS)  # not Dash, but every other form encoder
    match = _KEY.fullmatch(key)
    if not match:
        return [key]
    name, brackets = match.groups()
    return [name, *brackets[1:-1].split("][")] if brackets else [name]


def _insert(fields: dict[str, Any], path: list[str], value: str) -> None:
    if len(path) > MAX_DEPTH:
        raise UnusableError(f"The body nests deeper than {MAX_DEPTH} levels.")
    here = fields
    for position, name in enumerate(path[:-1]):
        if path[position + 1] == "":
            _append(here, name, path[position + 2 :], value)
            return
        inner = here.get(name)
        if not isinstance(inner, dict):
            inner = here[name] = {}
        here = inner
    here[path[-1]] = value


def _append(here: dict[str, Any], name: str, rest: list[str], value: str) -> None:
    elements = here.get(name)
    if not isinstance(elements, list):
        elements = here[name] = []
    if rest:  # `l[][a]=v`, which Dash does not send
        element: dict[str, Any] = {}
        _insert(element, rest, value)
        elements.append(element)
    else:
        elements.append(_element(value))


def _element(value: str) -> object:
    if value.startswith("{"):
        try:
            return json.loads(value, parse_float=_number, parse_constant=_no_number)
        except (ValueError, RecursionError):
            pass  # a string that happens to start with a brace
    return value


def encode_query(pairs: list[tuple[str, str]]) -> bytes:
    """Return decoded query parameters as a form body in Dash's encoding, keys left as they are."""
    return "&".join(f"{key}={quote_plus(value)}" for key, value in pairs).encode("utf-8", "replace")
