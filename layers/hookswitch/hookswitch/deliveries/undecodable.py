"""Bytes that are not UTF-8, kept within text, so that texts made from different bytes differ.

Each such byte becomes two code points, U+DBFF and U+DC00 plus the byte. Nothing else makes this sequence: UTF-8 has no
surrogates, and json.loads combines two escapes of this kind into one character.
"""

import codecs
import re
from typing import Any

ERRORS = "hookswitch-undecodable"
"""The error handler: pass it to `bytes.decode` and `urllib.parse.unquote`."""

_MARK = "\udbff"
_KEPT_BYTE = re.compile("\udbff[\udc80-\udcff]")
_REPLACED = re.compile("\udbff[\udc80-\udcff]|[\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_ESCAPED = "\0"  # the first character of a text that `distinct` has changed


def decode_bytes(body: bytes) -> str:
    """Return UTF-8 as text, with every other byte kept."""
    return body.decode("utf-8", ERRORS)


def encode_text(text: str) -> bytes:
    """Return what `decode_bytes` was given. A lone surrogate from a JSON escape becomes that escape again."""
    return text.encode("utf-8", ERRORS)


def readable(value: Any) -> Any:
    """Return a decoded value with U+FFFD for each byte that is not UTF-8; the same object if there is none."""
    return _changed(value, lambda text: _REPLACED.sub(_REPLACEMENT, text))


def distinct(value: Any) -> Any:
    """Return a decoded value in valid Unicode. Equal results come from equal values only; most are as they were."""
    return _changed(value, lambda text: text if is_usual(text) else _ESCAPED + ascii(text))


def is_usual(value: Any) -> bool:
    """Return whether `readable` and `distinct` leave a decoded value as it is, which takes less time than they do."""
    if isinstance(value, str):
        return (value.isascii() or not _SURROGATES.search(value)) and value[:1] != _ESCAPED
    if isinstance(value, dict):
        for name, inner in value.items():  # noqa: SIM110 - a generator would take half as long again
            if not (is_usual(name) and is_usual(inner)):
                return False
        return True
    return not isinstance(value, list) or all(map(is_usual, value))


def _changed(value: Any, change: Any) -> Any:
    """Return a value with all its texts changed, keys included; the same object if that changes none."""
    changed: Any = value
    match value:
        case str():
            changed = change(value)
        case dict():
            changed = {_changed(name, change): _changed(inner, change) for name, inner in value.items()}
        case list():
            changed = [_changed(inner, change) for inner in value]
    return value if changed == value else changed


def _handle(error: UnicodeError) -> tuple[str | bytes, int]:
    match error:
        case UnicodeDecodeError():
            kept = "".join(_MARK + chr(0xDC00 + byte) for byte in error.object[error.start : error.end])
            return kept, error.end
        case UnicodeEncodeError():
            surrogates, found, position = error.object[error.start : error.end], b"", 0
            while position < len(surrogates):
                if _KEPT_BYTE.match(surrogates, position):
                    found += bytes([ord(surrogates[position + 1]) - 0xDC00])
                    position += 2
                else:
                    found += f"\\u{ord(surrogates[position]):04x}".encode()
                    position += 1
            return found, error.end
    raise error


codecs.register_error(ERRORS, _handle)
