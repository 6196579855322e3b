"""The published contract: a message fits docs/schemas/, and holds nothing that no schema declares."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from devtools.schemas import ENVELOPE, FOLDER, NAMES, OWN_TYPES, Schema
from hookswitch.events.envelope import TYPE_PREFIX

CATCH_ALL = "notifications"  # its events are of any kind, so its schema can't declare their fields


@cache
def checked_in(name: str) -> Schema:
    """Return a schema as consumers find it."""
    schema: Schema = json.loads((FOLDER / f"{name}.json").read_text())
    return schema


def check(message: Mapping[str, Any], *, allowed: Iterable[str] | None = ()) -> None:
    """Validate a published message, formats too.

    Args:
        message: A CloudEvent as subscribers get it.
        allowed: Fields of a hook's `data` that its schema need not declare; None for any, as Dash may send them.

    Raises:
        AssertionError: No schema declares its type, or one of its fields.
        ValidationError: It does not fit its schemas.
    """
    name = message["type"].removeprefix(TYPE_PREFIX)
    assert name in NAMES, f"docs/schemas/ has no schema of the type {message['type']}."
    _check(ENVELOPE, message)
    if "data" in message:
        any_field = name == CATCH_ALL or (allowed is None and name not in OWN_TYPES)
        _check(name, message["data"], message["data"] if any_field else allowed or ())


def _check(name: str, part: Mapping[str, Any], allowed: Iterable[str] = ()) -> None:
    schema = checked_in(name)
    undeclared = part.keys() - schema["properties"].keys() - set(allowed)
    assert not undeclared, f"docs/schemas/{name}.json does not declare {', '.join(sorted(undeclared))}."
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(part)
