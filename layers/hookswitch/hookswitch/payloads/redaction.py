"""Keeps passwords, reset links and keys out of everything that is stored, queued or logged.

A value under a name such as `password` is replaced by a mark. Text that mentions a secret in any other way can't be
proven free of it: free text, JSON within a string, lists of names and values, bodies in other encodings. All of it is
replaced by a mark with its size and its SHA-256. docs/engineering/decisions/0063-redaction.md says why.

Everything here takes time in proportion to the length of its input: no regular expression can backtrack.
"""

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

MARK = "[removed by hookswitch]"
_MASK = MARK.removesuffix("]")
MIN_HASHED = 64  # bytes: a secret in less could be found by guessing, with the hash to tell which guess is right

# In lower case, without separators.
_SECRETS = (
    *("password", "passwd", "passphrase", "passcode", "secret", "credential", "apikey", "privatekey"),
    *("resetlink", "authtoken", "accesstoken"),
)
_SECRETS_IN_NAMES = (*_SECRETS, "pwd", "token")  # names only: in longer text they would be found by chance
_DECODINGS = 4  # times that text may be encoded; of text that is encoded more often nothing is proven
_MAX_LABEL = 64  # characters of a text that is only the label of a secret, such as "New password:"

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,40}")  # too short and simple to hold the secret itself
_ORDINARY_NAME = re.compile(r"[\w .@:/+\-\[\]]{1,128}")
_LABEL = re.compile(r"[^:=]*[:=]?\s*")  # nothing follows the sign
_ENCODED = re.compile(r"%[0-9a-fA-F]{2}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_BINARY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\udc80-\udcff]")
_SEPARATORS = bytes(set(range(128)) - set(b"abcdefghijklmnopqrstuvwxyz0123456789"))


def redact_fields(fields: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """Return the fields of a delivery without secrets.

    A text that is only the label of a secret, as in a list of names and values, does not say where the secret is. Nor
    does a body that was split at signs that are not separators, so that parts of it became names. Then only the fields
    in `kept` stay.

    Args:
        fields: The decoded body.
        kept: Names of the fields that identify an event; their values stay unless they mention a secret themselves.
    """
    redacted: dict[str, Any] = {}
    is_anywhere = mentions_any = False
    for name, value in fields.items():
        if name in kept:
            redacted[name] = _redact_kept(name, value)
        elif _names_secret(name):
            redacted[name] = _mark(value)
            mentions_any = True
            is_anywhere |= not _PLAIN_NAME.fullmatch(name)
        else:
            redacted[name], is_proven = _redact(value)
            if not is_proven:
                redacted[name] = _masked(value)
                mentions_any = True
                is_anywhere |= any(map(_is_label, _strings(value)))
    odd = [name for name in fields if name and (_BINARY.search(name) or not _ORDINARY_NAME.fullmatch(name))]
    is_anywhere |= bool(odd) and (mentions_any or any(map(_BINARY.search, odd)))
    if not is_anywhere:
        return redacted
    return {
        name if name in kept or _PLAIN_NAME.fullmatch(name) else f"{MARK} {number}": (
            redacted[name] if name in kept else _masked(value)
        )
        for number, (name, value) in enumerate(fields.items(), 1)
    }


def redact_text(text: str) -> str:
    """Return a body that can't be decoded: as it is if it is text that mentions no secret, else a mark."""
    is_proven = not _BINARY.search(text) and not _mentions_secret(text)
    return text if is_proven or text.startswith(_MASK) else _mask(text)


def _redact(value: Any) -> tuple[Any, bool]:
    """Return a value with a mark for all that has the plain name of a secret, and whether the rest is proven free."""
    if isinstance(value, str):
        return value, not _mentions_secret(value)
    if isinstance(value, list):
        elements = [_redact(element) for element in value]
        return [element for element, _ in elements], all(is_proven for _, is_proven in elements)
    if not isinstance(value, Mapping):
        return value, True
    redacted, is_proven = {}, True
    for name, inner in value.items():
        if _names_secret(name):
            redacted[name] = _mark(inner)
            is_proven = is_proven and _PLAIN_NAME.fullmatch(name) is not None
        else:
            redacted[name], is_inner_proven = _redact(inner)
            is_proven = is_proven and is_inner_proven
    return redacted, is_proven


def _redact_kept(name: str, value: object) -> object:
    if name == "event_name" and isinstance(value, str) and _PLAIN_NAME.fullmatch(value):
        return value  # such as password_recovery
    redacted, is_proven = _redact(value)
    return redacted if is_proven else _masked(value, always_hashed=True)  # two events stay two


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(inner)


def _mark(value: object) -> object:
    """Return the mark for a value. An empty one stays, and so does a mark."""
    is_empty = value is None or value in ("", [], {})
    return value if is_empty or (isinstance(value, str) and value.startswith(_MASK)) else MARK


def _masked(value: object, *, always_hashed: bool = False) -> object:
    """Return the mark for a value as a whole, with its size and hash."""
    if _mark(value) is not MARK:
        return value
    return _mask(value if isinstance(value, str) else json.dumps(value, default=str), always_hashed=always_hashed)


def _mask(text: str, *, always_hashed: bool = False) -> str:
    data = text.encode("utf-8", "surrogatepass")
    is_hashed = always_hashed or len(data) >= MIN_HASHED
    digest = f", SHA-256 {hashlib.sha256(data).hexdigest()}" if is_hashed else ""
    return f"{_MASK}: {len(data)} bytes{digest}]"


def _names_secret(name: str) -> bool:
    return _mentions_secret(name, _SECRETS_IN_NAMES)


def _mentions_secret(text: str, secrets: tuple[str, ...] = _SECRETS) -> bool:
    """Return whether text names a secret in any reading, or is encoded so often that it might."""
    for count, reading in enumerate(_readings(text)):
        folded = _folded(reading)
        if count > _DECODINGS or any(secret in folded for secret in secrets):
            return True
        if "reset" in folded and "http" in folded:  # the link itself
            return True
    return False


def _is_label(text: str) -> bool:
    return len(text) <= _MAX_LABEL and _LABEL.fullmatch(text) is not None and _mentions_secret(text)


def _readings(text: str) -> Iterator[str]:
    """Yield text as it is, percent-decoded and unescaped again and again, and what it holds in base64."""
    reading = text
    for _ in range(_DECODINGS + 2):
        yield reading
        decoded = unquote_plus(reading) if _ENCODED.search(reading) else reading
        decoded = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), decoded)
        if decoded.replace(" ", "+") == reading.replace(" ", "+"):
            break
        reading = decoded
    runs = _BASE64.findall(text.replace("+", "-").replace("/", "_"))
    if runs:
        yield "\n".join(base64.urlsafe_b64decode(_padded(run)).decode("latin-1") for run in runs)


def _padded(run: str) -> str:
    run = run[: len(run) - (len(run) % 4 == 1)]
    return run + "=" * (-len(run) % 4)


def _folded(text: str) -> str:
    """Return the letters and digits of text in lower case: separators are not part of a name."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return plain.encode("ascii", "ignore").lower().translate(None, _SEPARATORS).decode()
