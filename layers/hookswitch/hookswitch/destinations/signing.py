"""Signatures by Standard Webhooks, so that a receiver knows who sends.

The specification: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Sequence

from hookswitch.errors import SigningSecretError

PREFIX = "whsec_"
KEY_BYTES = 32
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64  # of the specification

_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")  # no full stop: that ends the id in what is signed


def new_secret() -> str:
    """Return a new secret, such as `whsec_` and 44 characters of base64."""
    return PREFIX + base64.b64encode(random.token_bytes(KEY_BYTES)).decode()


def key(secret: str) -> bytes:
    """Return the key in a secret.

    Raises:
        SigningSecretError: It is not `whsec_` with 24 to 64 bytes in base64.
    """
    try:
        decoded = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not secret.startswith(PREFIX) or not MIN_KEY_BYTES <= len(decoded) <= MAX_KEY_BYTES:
        raise SigningSecretError(
            f"This is not a signing secret. It is {PREFIX} and {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes in base64; "
            "rotate the destination's secret to get a new one."
        )
    return decoded


def headers(message_id: str, body: bytes, secrets: Sequence[str], now: float) -> dict[str, str]:
    """Return the headers that sign a message.

    Args:
        message_id: The event's id: the same in each attempt, so that a receiver recognizes what it has already.
        body: The body, exactly as it is sent.
        secrets: The newest first. While one is being replaced there are two, and either verifies the message.
        now: The time of the attempt, in Unix seconds. Receivers refuse what is older than some minutes.

    Raises:
        SigningSecretError: One of the secrets can't be used.
        ValueError: The id has other characters than letters, digits, `_` and `-`, or there is no secret.
    """
    if not _ID.fullmatch(message_id):
        raise ValueError("An id has letters, digits, _ and - only.")
    if not secrets:
        raise ValueError("There is no secret to sign with.")
    timestamp = str(int(now))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(signed, key(secret)) for secret in secrets),
    }


def _signature(signed: bytes, with_key: bytes) -> str:
    return f"v1,{base64.b64encode(hmac.digest(with_key, signed, hashlib.sha256)).decode()}"
