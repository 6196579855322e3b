"""A client of the API, and a clock that is moved by hand."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from simulator.api import DashApi
from simulator.dash import DEFAULT_API_KEY
from simulator.payloads import DEFAULT_ACCOUNT_ID

WEBHOOKS = f"/accounts/{DEFAULT_ACCOUNT_ID}/webhooks"
VALID = {"name": "n", "hook": "parking", "uri": "https://example.com/h"}
BELOW = "b" * 32
NOW = 1_795_000_000.0


class Clock:
    """A clock that moves by hand, in Unix seconds."""

    def __init__(self) -> None:
        """Begin at a fixed time."""
        self.now = NOW

    def __call__(self) -> float:
        """Return the present."""
        return self.now


class Client:
    """Calls the API over HTTP and returns the status and the envelope."""

    def __init__(self, api: DashApi) -> None:
        """Log in to the first account."""
        self.api = api
        self.token: str | None = None
        self.token = self("PUT", "/api_auth", {"api_key": DEFAULT_API_KEY})[1]["auth_token"]

    def __call__(self, method: str, path: str, data: object = None) -> tuple[int, Any]:
        """Call a path below the base."""
        base = urlsplit(self.api.url)
        connection = HTTPConnection(base.hostname or "", base.port or 0, timeout=5)
        headers = {"X-Auth-Token": self.token} if self.token else {}
        body = None if data is None else json.dumps({"data": data})
        try:
            connection.request(method, base.path + path, body, headers)
            with connection.getresponse() as response:
                return response.status, json.loads(response.read())
        finally:
            connection.close()
