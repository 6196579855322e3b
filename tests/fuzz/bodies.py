"""Bodies: what Dash sends, changed; what it would never send; and bytes that are nothing at all."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from hookswitch.dash.hooks import HOOKS
from simulator.confidential import MARK
from simulator.disguises import DISGUISES
from simulator.encoding import UnsendableError, encode_form, encode_json
from simulator.payloads import SECRET_EVENTS, payload
from tests.fuzz.values import nested, texts, values, with_raw_numbers

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
AS_SENT = "as Dash sends it"
DISGUISED = "a secret in disguise"
NOW = 1_795_000_000  # a Unix time for all events: what is drawn again is the same again
MAX_CHANGES = 4
SIZES = (131_071, 131_072, 131_073, 200_000, 400_000, 1_000_000)  # around the most that is kept, and far beyond
DEPTHS = (29, 30, 31, 32, 500, 5_000, 60_000)

_MOST = 131_072 - 8  # bytes that are kept, and room for a prefix
_PATTERNS = {
    "quotes": '"' * _MOST,
    "backslashes": "\\" * _MOST,
    "escaped u": "\\u" * (_MOST // 2),
    "names": '"password' * (_MOST // 9),
    "open names": '"' + "password" * (_MOST // 8),
    "colons": '"secret":' * (_MOST // 9),
    "ampersands": "&" * _MOST,
    "ampersands and names": "&a" * (_MOST // 2),
    "equals": "=" * _MOST,
    "percents": "%" * _MOST,
    "percent-encoded percents": "%25" * (_MOST // 3),
    "base64": "QUJD" * (_MOST // 4),
    "brackets": "[" * _MOST,
    "wide": "\ufdfa" * (_MOST // 3),
    "pairs": "&".join(f"k{number}=passwor" for number in range(_MOST // 16)),
    "reset": "reset http " * (_MOST // 11),
    "spaces": " " * _MOST,
    "NUL": "\0" * _MOST,
    "invalid": "\udcff" * (_MOST // 3),
}
ODD_PATTERNS = {name: text.encode("utf-8", "surrogateescape")[:_MOST] for name, text in _PATTERNS.items()}
"""Bodies of nearly the most that is kept, of one thing again and again: what makes regular expressions slow."""

type Fields = dict[str, Any]
type Draw = st.DrawFn


@dataclass(frozen=True)
class Body:
    """What is sent as a body, or as the query of a get.

    Attributes:
        kind: How it was made, for the report.
        content: The bytes.
        content_type: What suits it.
    """

    kind: str
    content: bytes
    content_type: str


@st.composite
def events(draw: Draw, hook: str) -> Fields:
    """Draw an event as Dash makes it."""
    rng = random.Random(draw(st.binary(min_size=8, max_size=8)))  # integers would be small ones, and events the same
    if hook != "notifications":
        return payload(hook, rng=rng, now=NOW)
    name = draw(st.sampled_from(("voicemail_saved", "missed_call", *SECRET_EVENTS)))
    secret = {SECRET_EVENTS[name]: MARK} if name in SECRET_EVENTS else {}
    return payload(hook, rng=rng, now=NOW, event_name=name) | secret


@st.composite
def changed_events(draw: Draw, hook: str) -> Fields:
    """Draw an event some of whose fields are gone, renamed, of other types, exchanged, nested, or new."""
    fields: Fields = draw(events(hook))
    for change in draw(st.lists(st.sampled_from(_CHANGES), min_size=1, max_size=MAX_CHANGES)):
        if fields:
            change(draw, fields, draw(st.sampled_from(sorted(fields, key=ascii))))
    return fields


def encoded_json(fields: object, *, escaped: bool) -> bytes:
    """Return JSON, its text beyond ASCII escaped or raw; a lone surrogate in raw text makes it no UTF-8."""
    return with_raw_numbers(json.dumps(fields, ensure_ascii=escaped)).encode("utf-8", "surrogatepass")


def encoded_form(fields: Fields) -> bytes:
    """Return a form body in Dash's own encoding."""
    try:
        return encode_form(json.loads(json.dumps(fields).encode())).replace(b"<raw:", b"")
    except (UnsendableError, UnicodeEncodeError, ValueError, RecursionError):
        flat = {ascii(name): ascii(value) for name, value in fields.items()}
        return encode_form(flat)


@st.composite
def bodies(draw: Draw, hook: str) -> Body:
    """Draw a body for a hook."""
    kind = draw(st.sampled_from(_WEIGHTED))
    make: Callable[[Draw, str], tuple[bytes, str]] = _KINDS[kind][1]
    content, content_type = make(draw, hook)
    return Body(kind, content, content_type)


def _drop(_: Draw, fields: Fields, name: str) -> None:
    del fields[name]


def _replace(draw: Draw, fields: Fields, name: str) -> None:
    fields[name] = draw(values)


def _rename(draw: Draw, fields: Fields, name: str) -> None:
    fields[draw(st.one_of(texts, st.just(name.upper()), st.just(f"{name}[]")))] = fields.pop(name)


def _exchange(draw: Draw, fields: Fields, name: str) -> None:
    other = draw(st.sampled_from(sorted(fields, key=ascii)))
    fields[name], fields[other] = fields[other], fields[name]


def _wrap(draw: Draw, fields: Fields, name: str) -> None:
    fields[name] = nested(draw(st.integers(1, 3)), lists=draw(st.booleans()), core=fields[name])


def _as_text(_: Draw, fields: Fields, name: str) -> None:
    fields[name] = str(fields[name])


def _add(draw: Draw, fields: Fields, _: str) -> None:
    fields[draw(texts)] = draw(values)


def _make_preview(_: Draw, fields: Fields, name: str) -> None:
    del name
    fields["preview"] = True


_CHANGES = (_make_preview, _drop, _replace, _replace, _rename, _exchange, _wrap, _as_text, _add)


def _written(draw: Draw, fields: Fields) -> tuple[bytes, str]:
    match draw(st.sampled_from(("json", "escaped", "form"))):
        case "form":
            return encoded_form(fields), FORM
        case how:
            return encoded_json(fields, escaped=how == "escaped"), JSON


def _valid(draw: Draw, hook: str) -> tuple[bytes, str]:
    fields = draw(events(hook))
    return (encode_json(fields), JSON) if draw(st.booleans()) else (encode_form(fields), FORM)


def _disguised(draw: Draw, hook: str) -> tuple[bytes, str]:
    if hook != "notifications":
        return _valid(draw, hook)
    name = draw(st.sampled_from(sorted(SECRET_EVENTS)))
    fields = payload(hook, rng=random.Random(0), now=NOW, event_name=name) | {"msg_id": draw(st.uuids()).hex}
    del fields[SECRET_EVENTS[name]]
    return DISGUISES[draw(st.sampled_from(sorted(DISGUISES)))](fields, SECRET_EVENTS[name], MARK)


def _changed(draw: Draw, hook: str) -> tuple[bytes, str]:
    return _written(draw, draw(changed_events(hook)))


def _of_another_hook(draw: Draw, hook: str) -> tuple[bytes, str]:
    return _valid(draw, draw(st.sampled_from([other for other in HOOKS if other != hook])))


def _damaged(draw: Draw, hook: str) -> tuple[bytes, str]:
    content, content_type = _valid(draw, hook)
    at = draw(st.integers(0, len(content)))
    to = min(len(content), at + draw(st.integers(0, 40)))
    match draw(st.sampled_from(("cut", "remove", "repeat", "insert", "flip"))):
        case "cut":
            content = content[:at]
        case "remove":
            content = content[:at] + content[to:]
        case "repeat":
            content = content[:to] + content[at:]
        case "insert":
            content = content[:at] + draw(st.binary(min_size=1, max_size=8)) + content[at:]
        case _:
            content = bytes(byte ^ (position == at) for position, byte in enumerate(content))
    return content, content_type


def _twice_named(draw: Draw, hook: str) -> tuple[bytes, str]:
    first, second = draw(events(hook)), draw(changed_events(hook))
    if draw(st.booleans()):
        pair = (encoded_json(it, escaped=True).strip() for it in (first, second))
        return b"{" + b",".join(text[1:-1] for text in pair if text != b"{}") + b"}", JSON
    return encode_form(first) + b"&" + encoded_form(second), FORM


def _any_json(draw: Draw, _: str) -> tuple[bytes, str]:
    return encoded_json(draw(values), escaped=draw(st.booleans())), JSON


def _any_bytes(draw: Draw, _: str) -> tuple[bytes, str]:
    return draw(st.binary(max_size=200)), draw(st.sampled_from((JSON, FORM)))


def _any_form(draw: Draw, _: str) -> tuple[bytes, str]:
    pieces = draw(
        st.lists(st.sampled_from(("a", "b", "[", "]", "[]", "=", "&", "%", "%5B", "%00", "{", "1", "ü", "+")))
    )
    return "".join(pieces).encode(), FORM


def _deep(draw: Draw, _: str) -> tuple[bytes, str]:
    depth = draw(st.sampled_from(DEPTHS))
    return draw(
        st.sampled_from(
            (
                (b"[" * depth, JSON),
                (b'{"a":' * depth, JSON),
                (b'{"a":' * depth + b"1" + b"}" * depth, JSON),
                (b'{"a":' + b"[" * depth + b"]" * depth + b"}", JSON),
                (b"a" + b"[b]" * depth + b"=1", FORM),
                (b"a" + b"[]" * depth + b"=1", FORM),
                (b"l[]=" + b"%7B%22a%22:" * min(depth, 5_000) + b"1", FORM),
            )
        )
    )


def _huge(draw: Draw, hook: str) -> tuple[bytes, str]:
    size = draw(st.sampled_from(SIZES))
    fields = draw(events(hook)) | {"filler": ""}
    room = size - len(encoded_json(fields, escaped=True))
    return draw(
        st.sampled_from(
            (
                (encoded_json(fields | {"filler": "x" * room}, escaped=True), JSON),
                (encoded_json(fields | {"filler": "\0" * (room // 6)}, escaped=True), JSON),
                (b"\xff" * size, JSON),
                (b"a=" + b"%00" * (size // 3), FORM),
                (b"&" * size, FORM),
                (b"&".join(b"k%d=%d" % (at, at) for at in range(size // 16)), FORM),
                *((pattern, content_type) for pattern in ODD_PATTERNS.values() for content_type in (JSON, FORM)),
            )
        )
    )


def _empty(draw: Draw, _: str) -> tuple[bytes, str]:
    return draw(st.sampled_from((b"", b" ", b"{}", b"[]", b"null", b'""', b"0", b"&", b"="))), JSON


# How often a kind is drawn, and what makes it. The huge ones are rare: each stays in the emulator's memory.
_KINDS: dict[str, tuple[int, Callable[[Draw, str], tuple[bytes, str]]]] = {
    AS_SENT: (30, _valid),
    "fields changed": (70, _changed),
    DISGUISED: (12, _disguised),
    "of another hook": (12, _of_another_hook),
    "bytes damaged": (40, _damaged),
    "keys twice": (14, _twice_named),
    "any JSON": (10, _any_json),
    "any bytes": (6, _any_bytes),
    "any form": (8, _any_form),
    "deep": (4, _deep),
    "huge": (1, _huge),
    "empty": (5, _empty),
}
_WEIGHTED = [kind for kind, (weight, _) in _KINDS.items() for _ in range(weight)]
