"""How somebody who takes part in a call is named to people."""

import re
from collections.abc import Mapping
from typing import cast

from hookswitch.calls.numbers import number_key
from hookswitch.calls.record import Party
from hookswitch.payloads.text import part

UNKNOWN = "unknown"

_NORTH_AMERICAN = re.compile(r"\+?1(\d{3})(\d{3})(\d{4})", re.ASCII)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def ways_to_name(party: Mapping[str, object] | Party | None) -> list[str]:
    """Return how a party can be named, longest first: name and number, name, number. Never by an id of Dash."""
    known = cast("Mapping[str, object]", party or {})
    said = (part(str(known.get(key) or "")) for key in ("name", "extension", "number"))
    name, extension, number = ("" if _ID.fullmatch(text) else text for text in said)
    number = extension or number
    if number and name and number_key(name) == number_key(number):
        name = ""
    elif not number and _NORTH_AMERICAN.fullmatch(name):
        number, name = name, ""
    numbers = spelled(number) if number else []
    if name and numbers:
        return [*(f"{name} {number}" for number in numbers), name]
    if name or numbers:
        return [name] if name else numbers
    return ["a phone" if known.get("device") or known.get("owner") else UNKNOWN]


def named(party: Mapping[str, object] | Party | None) -> str:
    """Return a party's name and number, as far as they are known."""
    return ways_to_name(party)[0]


def spelled(number: str) -> list[str]:
    """Return how people write a number, longest first."""
    if parts := _NORTH_AMERICAN.fullmatch(number):
        return [f"+1 {'-'.join(parts.groups())}", "-".join(parts.groups())]
    return [number]
