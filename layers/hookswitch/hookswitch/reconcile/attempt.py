"""One entry of Dash's attempt log, typed (docs/dash-protocol.md, section 5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hookswitch.payloads.times import GREGORIAN_EPOCH

RETRIES_OVER = 120
"""Seconds after which Dash no longer retries a delivery.

It makes at most five attempts, two seconds apart. After the first failure, four waits, four connection timeouts of
10 s, and API Gateway's 29 s for the last response add up to at most 77 s. The rest allows for clock skew.
"""

_MAX_SECOND = 253_402_300_799  # in the year 9999, the last one that a datetime supports
_MAX_DIGITS = 15
_BYTES = range(256)
_WORD = re.compile(r"[a-z_]{1,40}")  # the rest may repeat an address and its query


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one delivery.

    Attributes:
        uri: The address that was called.
        hook_id: The id of the webhook; empty if the entry lacks it.
        event_id: The id that all attempts of one delivery share; empty if the entry lacks it.
        at: When it was made, in Unix seconds.
        succeeded: Whether Dash considers it delivered.
        status: The status of the response, in digits; empty if there was no response.
        client_error: Why there was no response.
        tries_left: How many attempts Dash had left after it, for a failure without a response; otherwise 0.
        headers: The request's headers, with names in lower case.
        body: The bytes that were sent; None if the log lacks them or has them in an unknown form.
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

        An entry needs a time and an address. All other fields are optional, and count as absent if their type is wrong.
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
            # Dash does not retry after a response, whatever this field says.
            tries_left=0 if status else _integer(entry.get("retries_left")) or 0,
            headers={
                str(name).lower(): str(value) for name, value in (headers.items() if isinstance(headers, dict) else ())
            },
            body=_body(entry.get("req_body")) or None,
        )

    @property
    def reason(self) -> str:
        """Why it failed, such as `answered 500` or `failed_connect`, without an address."""
        if self.status:
            return f"answered {self.status}"
        error = _WORD.match(self.client_error)
        return error[0] if error else "unknown"

    @property
    def rank(self) -> tuple[int, int]:
        """The sort key for the attempts of one delivery: the last one decides its outcome."""
        return self.at, 1 if self.succeeded else -self.tries_left

    def may_be_retried(self, now: float) -> bool:
        """Tell whether Dash may still make another attempt, at a time in Unix seconds.

        A sender that is stopped between two attempts leaves an entry that has attempts left forever.
        """
        return not self.succeeded and self.tries_left > 0 and now - self.at < RETRIES_OVER


def _body(value: object) -> bytes | None:
    """Return the bytes of a body: the log has JSON as text, and a form as nested lists of its pieces.

    A number among the pieces is one byte, as in any Erlang iolist. Anything else is not a body.
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
