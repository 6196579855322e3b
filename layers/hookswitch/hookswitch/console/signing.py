"""Cookies that only this stack can have made, and only for one use of them.

They are signed, not encrypted: what is in one is for its browser to know.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

MOST = 4_096  # characters of a cookie (RFC 6265, 6.1)


class Signer:
    """Signs and verifies with a key that is derived from a secret (HMAC-SHA-256).

    Args:
        secret: Which nobody can guess.
        purpose: What the cookies are for: one for another purpose is not valid.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        """Derive the key."""
        self._key = hmac.digest(secret, f"hookswitch console: {purpose}".encode(), hashlib.sha256)

    def sign(self, value: Mapping[str, Any], until: float) -> str:
        """Return a cookie's value that says something until a time, in Unix seconds."""
        text = _encode(json.dumps({**value, "until": int(until)}, separators=(",", ":")).encode())
        return f"{text}.{self._signature(text)}"

    def verify(self, cookie: str, now: float) -> dict[str, Any] | None:
        """Return what a cookie says; None if we did not make it, or its time is over."""
        text, _, signature = cookie.partition(".")
        if len(cookie) > MOST or not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            return None
        value: dict[str, Any] = json.loads(_decode(text))
        return value if value.pop("until") > now else None

    def _signature(self, text: str) -> str:
        return _encode(hmac.digest(self._key, text.encode("utf-8", "replace"), hashlib.sha256))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def decoded(text: str) -> str:
    """Return text that was encoded for an address; empty if it was not.

    What comes back is somebody's to choose: whoever uses it validates it.
    """
    try:
        return _decode(text).decode()
    except (binascii.Error, ValueError):
        return ""


def encoded(text: str) -> str:
    """Return text in characters that need no encoding in an address."""
    return _encode(text.encode())
