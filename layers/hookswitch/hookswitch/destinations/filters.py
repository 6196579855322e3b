"""Which events a destination gets, and what people may write to choose them."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast, get_args

from hookswitch.calls.numbers import begins_with
from hookswitch.calls.record import Call, Direction
from hookswitch.calls.revisions import is_missed
from hookswitch.dash.hooks import SELECTABLE_HOOKS
from hookswitch.destinations.quiet_hours import parse_quiet_hours
from hookswitch.destinations.record import WHENS, Filter
from hookswitch.errors import InvalidDestinationError
from hookswitch.events.envelope import NOTICED, RESTORED, TYPE_PREFIX
from hookswitch.events.kinds import CALL

RAW = (*SELECTABLE_HOOKS, RESTORED, NOTICED)
"""What can be asked for as it happens: the hooks, and hookswitch's own announcements."""

DIRECTIONS: tuple[str, ...] = get_args(Direction.__value__)

_ACCOUNT = re.compile(r"[0-9a-f]{32}", re.ASCII)
_ACCOUNT_PREFIX = "dash/"
_PARTIES = ("from", "to", "requested", "reached", "answered_by")
_NUMBERS = ("caller_id_number", "callee_id_number", "from_user", "to_user", "from", "to")
"""Fields of a hook's payload that can hold a number; `from` and `to` are SIP addresses, or mailboxes of an e-mail."""


def matches(which: Filter, event: Mapping[str, Any]) -> bool:
    """Tell whether a destination gets an event.

    Args:
        which: What it asks for.
        event: A CloudEvent with its data. One that SNS could not take whole (`dataref`) needs its data first: what is
            not in it meets no condition.
    """
    return _is_kind(which, event) and _is_about(which, event)


def is_once(which: Filter, event: Mapping[str, Any]) -> bool:
    """Tell whether an event that matches is a call that is sent once, when it is final, whatever revisions follow."""
    return _is_call(event) and CALL not in _names(which.types) and _is_wanted_call(which, event)


def parse_filter(  # noqa: PLR0913 - the conditions
    *,
    when: str = "",
    hooks: str = "",
    types: str = "",
    account: str = "",
    numbers: str = "",
    direction: str = "",
    quiet: str = "",
) -> Filter:
    """Return the conditions that somebody wrote, each of them words with commas between; an empty one is not set.

    Raises:
        InvalidDestinationError: A word is not allowed.
    """
    which = Filter(
        when=_words(when),
        hooks=_words(hooks),
        types=tuple(name.removeprefix(TYPE_PREFIX) for name in _words(types)),
        accounts=_words(account),
        directions=_words(direction),
        numbers=_words(numbers),
        quiet=tuple(text.upper() for text in _words(quiet)),
    )
    if CALL in which.hooks:
        raise InvalidDestinationError("HOOKS has 'call', which is no hook. Use WHEN, or TYPES=call for every change.")
    _require("WHEN", which.when, WHENS)
    _require("HOOKS", which.hooks, RAW)
    _require("TYPES", which.types, (*RAW, CALL))
    _require("DIRECTION", which.directions, DIRECTIONS)
    if which.when and CALL in which.types:
        raise InvalidDestinationError(
            "TYPES=call has every change of every call, so it can't go with WHEN. Leave one out."
        )
    for account_id in which.accounts:
        if not _ACCOUNT.fullmatch(account_id):
            raise InvalidDestinationError(
                f"ACCOUNT has {account_id!r}, which is no id of a Dash account: 32 hexadecimal digits."
            )
    for number in which.numbers:
        if not any(character.isalnum() for character in number):
            raise InvalidDestinationError(
                f"NUMBERS has {number!r}, which begins no number. Write +1555, 5551234567 or an extension."
            )
    parse_quiet_hours(which.quiet)
    return which


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for part in text.split(",") if (word := part.strip().lower())))


def _require(name: str, words: Collection[str], allowed: Collection[str]) -> None:
    for word in words:
        if word not in allowed:
            raise InvalidDestinationError(f"{name} has {word!r}. Allowed are {', '.join(allowed)}.")


def _is_kind(which: Filter, event: Mapping[str, Any]) -> bool:
    name = str(event["type"]).removeprefix(TYPE_PREFIX)
    if name in _names(which.types):
        return True
    return _is_wanted_call(which, event) if name == CALL else name in which.hooks


def _is_call(event: Mapping[str, Any]) -> bool:
    return str(event["type"]) == f"{TYPE_PREFIX}{CALL}"


def _names(types: tuple[str, ...]) -> set[str]:
    return {name.removeprefix(TYPE_PREFIX) for name in types}


def _is_wanted_call(which: Filter, event: Mapping[str, Any]) -> bool:
    """Tell whether a final call went as one of the words says; every final call is wanted if nothing is asked for."""
    call = _data(event)
    if not call.get("final") or "merged_into" in call:
        return False
    words = which.when or (() if which.hooks or which.types else ("any",))
    return any(_went(word, cast("Call", call)) for word in words)


def _went(word: str, call: Call) -> bool:
    match word:
        case "any":
            return True
        case "missed":
            return is_missed(call)
        case "voicemail":
            return "voicemail" in call
    return call.get("status") == word


def _is_about(which: Filter, event: Mapping[str, Any]) -> bool:
    """Tell whether account, direction and numbers are asked for."""
    if which.accounts and str(event["source"]).removeprefix(_ACCOUNT_PREFIX) not in which.accounts:
        return False
    data, is_call = _data(event), _is_call(event)
    if which.directions and data.get("direction" if is_call else "call_direction") not in which.directions:
        return False
    if not which.numbers:
        return True
    numbers = list(_numbers_of_call(data) if is_call else _numbers_of_payload(data))
    return any(begins_with(number, beginning) for number in numbers for beginning in which.numbers)


def _numbers_of_call(call: Mapping[str, Any]) -> Iterator[str]:
    for role in _PARTIES:
        if number := (call.get(role) or {}).get("number"):
            yield str(number)


def _numbers_of_payload(payload: Mapping[str, Any]) -> Iterator[str]:
    for name in _NUMBERS:
        if (value := payload.get(name)) and isinstance(value, str | int):
            yield str(value)


def _data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    data = event.get("data")
    return data if isinstance(data, Mapping) else {}
