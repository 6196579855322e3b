"""Delivery attempts, their log, and the failures that disable a webhook.

See docs/dash-protocol.md, section 2 (verdict, auto-disable) and section 5 (attempts).
"""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.encoding import Pieces

UNIX_EPOCH_GREGORIAN = 62_167_219_200
CHANNEL_PREFIX = "channel_"


def gregorian(unix: float) -> int:
    """Return a Unix time as gregorian seconds, the unit of every timestamp in Dash."""
    return int(unix) + UNIX_EPOCH_GREGORIAN


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one delivery.

    `timestamp` is in gregorian seconds, `duration_ms` in milliseconds, and `tries_left` includes this attempt.
    `status` is absent after a client error, which `client_error` names. `req_pieces` has the body as logged, if that
    is not its text.
    """

    account_id: str
    hook_id: str
    hook: str
    event_id: str
    uri: str
    method: str
    req_headers: Mapping[str, str]
    req_body: bytes
    timestamp: int
    tries_left: int
    delivered: bool
    duration_ms: float
    status: int | None = None
    resp_headers: Mapping[str, str] | None = None
    resp_body: bytes = b""
    client_error: str | None = None
    req_pieces: Pieces | None = None

    @property
    def last(self) -> bool:
        """Whether this is the last attempt."""
        return self.tries_left == 1

    def entry(self) -> dict[str, Any]:
        """Return the attempt as the API shows it: no id, and only the sender's own headers, in lower case."""
        hook = self.hook.upper() if self.hook.startswith(CHANNEL_PREFIX) else self.hook
        return self._outcome() | {
            "hook_id": self.hook_id,
            "hook_event": hook,
            "event_id": self.event_id,
            "uri": self.uri,
            "method": self.method,
            "req_headers": {name: value.lower() for name, value in self.req_headers.items()},
            "req_body": self.req_body.decode() if self.req_pieces is None else self.req_pieces,
            "timestamp": self.timestamp,
        }

    def _outcome(self) -> dict[str, Any]:
        if self.client_error is not None:
            return {
                "result": "failure",
                "reason": "kazoo http client error",
                "client_error": self.client_error,
                "retries": self.tries_left,
                "retries_left": "retries exceeded" if self.last else self.tries_left,
            }
        answer = {
            "resp_status_code": str(self.status),
            "resp_headers": dict(self.resp_headers or {}),
            "resp_body": self.resp_body.decode(errors="replace"),
        }
        if self.delivered:
            return {"result": "success"} | answer
        left = "retries exceeded" if self.last else self.tries_left - 1
        return {
            "result": "failure",
            "reason": "bad response code",
            "try": self.tries_left,
            "retries_left": left,
        } | answer


class AttemptLog:
    """The stored attempts: failures, and successes only if the system is configured to keep them."""

    def __init__(self, *, keep_successes: bool = False) -> None:
        self._keep_successes = keep_successes
        self._lock = threading.Lock()
        self._attempts: list[Attempt] = []
        self._malformed: list[tuple[str, int, object]] = []

    def add(self, attempt: Attempt) -> None:
        """Store the attempt if it is of a kind to keep."""
        if attempt.delivered and not self._keep_successes:
            return
        with self._lock:
            self._attempts.append(attempt)

    def add_malformed(self, account_id: str, timestamp: int, entry: object) -> None:
        """Store a malformed entry, listed as if it were an attempt at a time in gregorian seconds."""
        with self._lock:
            self._malformed.append((account_id, timestamp, entry))

    def entries(self, account_id: str, hook_id: str | None = None) -> list[tuple[int, object]]:
        """Return the entries that the API lists for an account or one webhook, with gregorian seconds, newest first."""
        entries: list[tuple[int, object]] = [
            (attempt.timestamp, attempt.entry()) for attempt in self.newest_first(account_id, hook_id)
        ]
        with self._lock:
            entries += [
                (second, entry) for owner, second, entry in self._malformed if (owner, hook_id) == (account_id, None)
            ]
        return sorted(entries, key=lambda row: row[0], reverse=True)

    def newest_first(self, account_id: str, hook_id: str | None = None) -> list[Attempt]:
        """Return the attempts of an account's webhooks, or of only one webhook."""
        with self._lock:
            kept = [
                attempt
                for attempt in self._attempts
                if attempt.account_id == account_id and hook_id in {None, attempt.hook_id}
            ]
        kept.sort(key=lambda attempt: attempt.timestamp)
        return kept[::-1]


class FailureWindow:
    """Counts each webhook's failed attempts in the last `seconds`, and acts when they reach `limit`.

    Times are Unix seconds. The real system checks every 15 s; this one checks after each failure.
    """

    def __init__(self, limit: int = 6, seconds: float = 60.0) -> None:
        self._limit, self._seconds = limit, seconds
        self._lock = threading.Lock()
        self._failures: defaultdict[str, deque[float]] = defaultdict(deque)

    def note(self, hook_id: str, now: float, disable: Callable[[], None]) -> None:
        """Count one failed attempt; at the limit, call `disable` and reset the count."""
        with self._lock:
            times = self._failures[hook_id]
            times.append(now)
            while times[0] <= now - self._seconds:
                times.popleft()
            if len(times) < self._limit:
                return
            del self._failures[hook_id]
        disable()

    def forget(self, hook_id: str) -> None:
        """Reset the count of a webhook."""
        with self._lock:
            self._failures.pop(hook_id, None)
