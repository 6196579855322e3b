"""Requests like Dash's, one at a time and with any body, including ones that Dash would not send."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3

from devtools.stack import Stack


@dataclass(frozen=True)
class Answer:
    """The API's response: its status, and its body as JSON."""

    status: int
    body: Mapping[str, Any]

    @property
    def outcome(self) -> str:
        """The outcome of the delivery: stored, duplicate, quarantined, queued, ..."""
        return str(self.body.get("status", ""))

    @property
    def event_id(self) -> str:
        """The key of the item; empty if there is none."""
        return str(self.body.get("event_id", ""))


class Deliver:
    """Posts a body to a hook's callback URL: `deliver("parking", encode_json(payload("parking")))`."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=urllib3.Timeout(60))

    def __call__(
        self,
        hook: str,
        body: bytes,
        *,
        form: bool = False,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post a body, by default as JSON and to the hook's own callback URL."""
        content_type = "application/x-www-form-urlencoded" if form else "application/json"
        response = self._pool.request(
            "POST", url or self._stack.url(hook), body=body, headers={"content-type": content_type, **(headers or {})}
        )
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = {}
        return Answer(response.status, answer)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()
