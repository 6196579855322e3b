"""One entry of Dash's attempt log, typed (docs/dash-protocol.md, section 5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hookswitch.payloads.times import GREGORIAN_EPOCH

RETRIES_OVER = 120
"""Seconds after which Dash makes no further try of a delivery.

It makes five at most, two seconds apart: after the first failure four waits, four connection timeouts of 10 s, and
API Gateway's 29 s for the last answer are 77 s at most. The rest is for clocks that differ.
"""

_MAX_SECOND = 253_402_300_799  # of the year 9999, the last that a datetime has
_MAX_DIGITS = 15
_BYTES = range(256)
_WORD = re.compile(r"[a-z_]{1,40}")  # what follows may repeat an address, and what is in it


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one delivery.

    Attributes:
        uri: The address that was called.
        hook_id: The id of the webhook; empty if the entry lacks it.
        event_id: What all tries of one delivery have in common; empty if the entry lacks it.
        at: When it was made, in Unix seconds.
        succeeded: Whether Dash takes it for delivered.
        status: The status of the answer, in digits; empty if none came.
        client_error: Why none came.
        tries_left: How many tries Dash had left after it, for a failure without an answer; else 0.
        headers: The request's, with names in lower case.
        body: The bytes that were sent; None if the log does not have them, or not in a known form.
    """

    uri: str
    hook_id: str
    event_id: str
    at: int
    succeeded: bool
    status: str
    client_error: str
    tries_left: int
    headers: Mapping[str, str]
    body: bytes | None

    @classmethod
    def from_entry(cls, entry: object) -> Self | None:
        """Return the attempt that an entry of the log describes; None if it is malformed.

        An entry needs a time and an address. Everything else can be absent, and counts as absent if its type is wrong.
        """
        if not isinstance(entry, dict):
            return None
        timestamp, uri = _integer(entry.get("timestamp")), entry.get("uri")
        if timestamp is None or not isinstance(uri, str):
            return None
        at = timestamp - GREGORIAN_EPOCH
        if not 0 <= at <= _MAX_SECOND:
            return None
        headers = entry.get("req_headers")
        status = entry.get("resp_status_code")
        return cls(
            uri=uri,
            hook_id=_text(entry.get("hook_id")),
            event_id=_text(entry.get("event_id")),
            at=at,
            succeeded=entry.get("result") == "success",
            status="" if _integer(status) is None else str(status),
            client_error=_text(entry.get("client_error")),
            # Dash repeats nothing that was answered, whatever this field says.
            tries_left=0 if status else _integer(entry.get("retries_left")) or 0,
            headers={
                str(name).lower(): str(value) for name, value in (headers.items() if isinstance(headers, dict) else ())
            },
            body=_body(entry.get("req_body")) or None,
        )

    @property
    def reason(self) -> str:
        """Why it failed, such as `answered 500` or `failed_connect`, without any address."""
        if self.status:
            return f"answered {self.status}"
        error = _WORD.match(self.client_error)
        return error[0] if error else "unknown"

    @property
    def rank(self) -> tuple[int, int]:
        """What tries of one delivery are sorted by: the last one decides what became of it."""
        return self.at, 1 if self.succeeded else -self.tries_left

    def may_be_retried(self, now: float) -> bool:
        """Tell whether Dash may still make another try, at a moment in Unix seconds.

        A sender that is stopped between two tries leaves an entry that has attempts left forever.
        """
        return not self.succeeded and self.tries_left > 0 and now - self.at < RETRIES_OVER


def _body(value: object) -> bytes | None:
    """Return the bytes of a body: of a JSON one its text is logged, of a form the nested lists of its pieces.

    A piece that is a number is one byte, as in any Erlang iolist. Anything else is not a body.
    """
    parts: list[bytes] = []
    rest = [value]
    while rest:
        piece = rest.pop()
        if isinstance(piece, str):
            parts.append(piece.encode("utf-8", "replace"))
        elif isinstance(piece, list):
            rest += reversed(piece)
        elif isinstance(piece, int) and not isinstance(piece, bool) and piece in _BYTES and piece is not value:
            parts.append(bytes([piece]))
        else:
            return None
    return b"".join(parts)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isdecimal() and len(value) <= _MAX_DIGITS:
        return int(value)
    return None
