"""What must not get into a log: whoever makes or meets it here remembers it, so that nobody has to keep a list.

The makers of ids, accounts, logins and webhooks note the credentials, numbers and names that they make. Which fields of
an event hold such values follows from the events themselves; what a test puts into such a field is noted when the event
is encoded to be sent.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

SHORTEST, VARIED = 8, 4  # letters in all, and different ones: less may be in a log by chance

NOTED: dict[str, str] = {}
"""What was noted so far, and what each is, such as `number` or `API key`."""

_FIELDS: set[str] = set()
_WORD = re.compile(r"[A-Za-z_./-]+")


def is_distinctive(value: str) -> bool:
    """Tell whether a value, without a number's plus, is in a log only if it was put there."""
    bare = value.removeprefix("+")
    return len(bare) >= SHORTEST and len(set(bare)) >= VARIED


def note(value: str, kind: str) -> str:
    """Remember a value if it is distinctive, and return it. A number is remembered without its plus."""
    if is_distinctive(value):
        NOTED[value.removeprefix("+")] = kind
    return value


def note_address(uri: object) -> None:
    """Remember the token of a webhook's address: the last part of its path, if that is long enough to be one."""
    token = str(uri).partition("?")[0].rpartition("/")[2]
    if len(token) > 4 * SHORTEST:
        note(token, "token")


def learn(event: Mapping[str, Any], made: Iterable[str]) -> None:
    """Learn from an event which fields hold what was made for it to be confidential."""
    made = list(made)
    for name, value in _texts(event):
        if name not in _FIELDS and any(secret in value for secret in made):
            _FIELDS.add(name)


def note_event(event: Mapping[str, Any]) -> None:
    """Remember what an event that is about to be sent has in such fields.

    A word such as `parking` or `PARK_PARKED`, which fuzzing puts there, is nobody's number or name.
    """
    for name, value in _texts(event):
        if name in _FIELDS and not _WORD.fullmatch(value):
            note(value, f"{name} of an event")


def _texts(value: Any, name: str = "") -> Iterable[tuple[str, str]]:
    """Yield all strings in an event with the names of the fields that they are in, at any depth."""
    match value:
        case str():
            yield name, value
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, str(key))
        case list() | tuple():
            for inner in value:
                yield from _texts(inner, name)
