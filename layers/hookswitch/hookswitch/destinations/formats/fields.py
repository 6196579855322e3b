"""A template of the payload: which fields a destination gets, and under which names.

It is a JSON object whose strings may name fields of the event in braces, such as `"Call from {data.from.number}"`. Only
strings are looked at after the template was parsed, and the result is written as JSON anew. So whatever an event holds,
it stays within the value that names it. A path has names and list indexes only: no code is run, no attribute read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, NoReturn

from hookswitch.destinations.record import Type
from hookswitch.errors import InvalidDestinationError
from hookswitch.events.cloudevent import to_json
from hookswitch.events.envelope import Envelope
from hookswitch.payloads.text import part

FOR_PEOPLE: frozenset[Type] = frozenset({"slack", "teams"})
MAX_TEXT = 4_000  # characters of a template
MAX_DEPTH = 8  # objects and lists within each other
MAX_PLACEHOLDERS = 100
MAX_PATH = 16  # names of a path
MAX_VALUES = 200_000  # bytes of all values that are filled in; what is sent then stays below 256 KB
SHORT = 200  # characters of each text, if the values are larger than that together
FIELDS = sorted(Envelope.__annotations__)
EXAMPLE = '{"text": "Call from {data.from.number}"}'

_PART = re.compile(r"(?P<literal>\{\{|\}\}|[^{}]+)|\{(?P<path>[^{}]*)\}|(?P<stray>[{}])")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


def check_fields(text: str, destination_type: Type = "https") -> None:
    """Check the template of a destination when it is added or edited.

    Args:
        text: The template; empty for none.
        destination_type: What is at the address.

    Raises:
        InvalidDestinationError: It can't be used; the text says where it is wrong, without what it holds there.
    """
    if text and destination_type in FOR_PEOPLE:
        raise InvalidDestinationError(f"FIELDS is not for {destination_type}, whose messages have a form of their own.")
    if text:
        _parse(text)


def fill(text: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template with the fields of an event.

    A string that is one placeholder becomes the field's value, of whatever type; null if there is no such field. In a
    longer string, a field that there is not is empty, and objects and lists are JSON. If all values are larger than
    MAX_VALUES together, texts are cut, and objects and lists left out.

    Args:
        text: A template that `check_fields` accepts.
        event: A CloudEvent.

    Raises:
        InvalidDestinationError: The template can't be used.
    """
    template = _parse(text)
    filler = _Filler(event)
    filled = filler.fill(template)
    if filler.size > MAX_VALUES:
        filled = _Filler(event, are_short=True).fill(template)
    return dict(filled)


class _Filler:
    """Fills the strings of a template in.

    Attributes:
        size: The bytes of the values so far, as JSON. Once it exceeds MAX_VALUES, nothing more is filled in.
    """

    def __init__(self, event: Mapping[str, Any], *, are_short: bool = False) -> None:
        self._event, self._are_short = event, are_short
        self.size = 0

    def fill(self, template: Any) -> Any:
        match template:
            case dict():
                return {name: self.fill(value) for name, value in template.items()}
            case list():
                return [self.fill(value) for value in template]
            case str():
                return self._text(template)
        return template

    def _text(self, text: str) -> Any:
        parts = list(_parts(text))
        if len(parts) == 1 and parts[0][1]:
            return self._value(parts[0][1])
        return "".join(literal if path is None else _written(self._value(path)) for literal, path in parts)

    def _value(self, path: list[str]) -> Any:
        if not self._are_short and self.size > MAX_VALUES:
            return None
        value = _find(self._event, path)
        if self._are_short and isinstance(value, dict | list | tuple):
            return None
        if self._are_short and isinstance(value, str):
            return value[:SHORT]
        self.size += len(to_json({"": value}).encode())
        return value


def _find(value: Any, path: list[str]) -> Any:
    for name in path:
        match value:
            case Mapping():
                value = value.get(name)
            case list() | tuple():
                value = value[int(name)] if _is_index(name) and int(name) < len(value) else None
            case _:
                return None
    return value


def _is_index(name: str) -> bool:
    return name.isdecimal() and name.isascii() and len(name) <= 6  # noqa: PLR2004 - no list of an event is longer


def _written(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return to_json({"": value})[len('{"":') : -1]


def _parts(text: str) -> Iterator[tuple[str, list[str] | None]]:
    """Yield the parts of a string: literal text, or the path of a placeholder."""
    for found in _PART.finditer(text):
        if found["path"] is not None:
            yield "", found["path"].split(".")
        else:
            yield {"{{": "{", "}}": "}"}.get(found["literal"], found["literal"]), None


@lru_cache(maxsize=128)
def _parse(text: str) -> dict[str, Any]:
    """Return a checked template; whoever gets it does not change it.

    Raises:
        InvalidDestinationError: See `check_fields`.
    """
    if len(text) > MAX_TEXT:
        raise InvalidDestinationError(f"FIELDS has {len(text)} characters; at most {MAX_TEXT} are possible.")
    try:
        template = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise InvalidDestinationError(
            f"FIELDS is not JSON: line {error.lineno}, column {error.colno}. It is an object such as {EXAMPLE}."
        ) from None
    except (RecursionError, ValueError):  # too many of [, or digits of a number
        raise InvalidDestinationError(
            "FIELDS is not JSON that can be used: its depth or a number is too large."
        ) from None
    if not isinstance(template, dict):
        raise InvalidDestinationError(f"FIELDS is not a JSON object, such as {EXAMPLE}.")
    if sum(_check(template, "", 1)) > MAX_PLACEHOLDERS:
        raise InvalidDestinationError(f"FIELDS names more than {MAX_PLACEHOLDERS} fields.")
    return template


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidDestinationError("FIELDS has an object with the same name twice.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise InvalidDestinationError(f"FIELDS holds {part(name)}, which is no number in JSON.")


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _no_constant(text)


def _check(value: Any, where: str, depth: int) -> Iterator[int]:
    """Check a part of a template; yield how many placeholders each of its strings has."""
    if depth > MAX_DEPTH:
        raise InvalidDestinationError(f"FIELDS has objects and lists deeper than {MAX_DEPTH}.")
    match value:
        case dict():
            for name, inner in value.items():
                yield from _check(inner, f"{where}.{part(name)}" if where else part(name), depth + 1)
        case list():
            for number, inner in enumerate(value):
                yield from _check(inner, f"{where}.{number}", depth + 1)
        case str():
            yield _check_text(value, where)


def _check_text(text: str, where: str) -> int:
    count = 0
    for found in _PART.finditer(text):
        at = f'FIELDS, in "{where}" at character {found.start() + 1}'
        if found["stray"]:
            raise InvalidDestinationError(f"{at}: a brace alone. Write {{{{ or }}}} for a brace, {{name}} for a field.")
        if found["path"] is not None:
            count += 1
            _check_path(found["path"].split("."), at)
    return count


def _check_path(path: list[str], at: str) -> None:
    if len(path) > MAX_PATH or not all(_NAME.fullmatch(name) for name in path):
        raise InvalidDestinationError(
            f"{at}: not a field. Write names and list indexes, with dots between them, such as {{data.legs.0.role}}."
        )
    if path[0] not in FIELDS:
        raise InvalidDestinationError(f"{at}: there is no such field. A path begins with one of {', '.join(FIELDS)}.")
