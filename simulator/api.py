"""Dash's API over HTTP on loopback (docs/dash-protocol.md, section 5)."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self, override
from urllib.parse import parse_qsl, unquote, urlsplit

from simulator.callflows import Callflows
from simulator.cdr_resources import Cdrs
from simulator.dash import Dash
from simulator.envelope import Answer, ApiError, Call, bad_identifier, failure, invalid_method, success
from simulator.faults import Fault, Faults
from simulator.login import TOKEN_LIFETIME, Bucket, Login, RateLimit
from simulator.message_resources import Faxes, VoicemailBoxes
from simulator.resources import Webhooks, descendants
from simulator.serving import LOOPBACK, Server

RELEASE_INTERVAL = 0.05  # seconds between two looks whether a delay ends early
LOGINS = ("api_auth", "user_auth")

type Resource = Callable[[Call, str, Sequence[str]], Answer]


@dataclass(slots=True)
class RecordedCall:
    """A call to the API: verb, path without the query, query, and the status of the response.

    `status` is `None` until the response is sent, and stays `None` if there is none.
    """

    method: str
    path: str
    query: str = ""
    status: int | None = None


class DashApi:
    """Serves a `Dash` on loopback, as a context manager.

    Attributes:
        dash: The system behind the API.
        faults: Injected faults.
        calls: Every call, in order of arrival.
    """

    def __init__(
        self,
        dash: Dash,
        *,
        port: int = 0,
        address: str = LOOPBACK,
        token_lifetime: float = TOKEN_LIFETIME,
        rate_limit: RateLimit | None = None,
    ) -> None:
        """Bind a port; calls are served once the context is entered.

        Args:
            dash: The system to serve.
            port: The port; 0 selects any free one.
            address: The address to listen on, where clients can't reach loopback.
            token_lifetime: In seconds.
            rate_limit: By default there is no limit.
        """
        self.dash = dash
        self.faults = Faults()
        self.calls: list[RecordedCall] = []
        self._login = Login(dash, token_lifetime)
        self._cdrs = Cdrs(dash)
        self._resources: dict[str, Resource] = {
            "api_key": self._api_key,
            "callflows": Callflows(dash).answer,
            "cdrs": self._cdrs.answer,
            "descendants": self._descendants,
            "faxes": Faxes(dash).answer,
            "users": self._users,
            "vmboxes": VoicemailBoxes(dash).answer,
            "webhooks": Webhooks(dash).answer,
        }
        self._bucket = Bucket(rate_limit, dash.clock) if rate_limit else None
        self._server = _Server((address, port), self)
        self._running = ExitStack()

    @property
    def url(self) -> str:
        """The base URL, such as `http://127.0.0.1:8000/v2`."""
        address, port = self._server.server_address[:2]
        return f"http://{address!s}:{port}/v2"

    def __enter__(self) -> Self:
        """Start to serve calls."""
        self._running.enter_context(self._server.serving())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and close all open connections."""
        self._running.close()

    def wait(self, fault: Fault) -> None:
        """Wait as long as a fault delays an answer."""
        ends = time.monotonic() + fault.delay
        while time.monotonic() < ends and not self._server.closing.wait(min(fault.delay, RELEASE_INTERVAL)):
            if fault.release and fault.release.is_set():
                return

    def expire_tokens(self) -> None:
        """Make all issued tokens expire now."""
        self._login.expire()

    def answer(self, call: Call) -> tuple[int, dict[str, Any]]:
        """Carry a call out and return the HTTP status and the envelope."""
        try:
            answer = self._route(call)
        except ApiError as error:
            return error.status, failure(error, call.token)
        return answer.status, success(answer, call.token)

    def _route(self, call: Call) -> Answer:
        if self._bucket:
            self._bucket.take(login=call.path[0] in LOGINS)
        match call.path:
            case ["api_auth" | "user_auth"] if call.method != "PUT":
                raise invalid_method()
            case ["api_auth"]:
                return self._login.api_auth(call)
            case ["user_auth"]:
                return self._login.user_auth(call)
            case ["accounts", account_id, resource, *rest] if resource in self._resources:
                self._login.authorize(call, account_id)
                return self._resources[resource](call, account_id, rest)
            case _:
                raise bad_identifier(call.path[-1])

    def _api_key(self, call: Call, account_id: str, path: Sequence[str]) -> Answer:
        if path:
            raise bad_identifier(path[-1])
        return self._login.api_key(call, account_id)

    def _descendants(self, call: Call, account_id: str, path: Sequence[str]) -> Answer:
        if path:
            raise bad_identifier(path[-1])
        return descendants(call, self.dash, account_id)

    def _users(self, call: Call, account_id: str, path: Sequence[str]) -> Answer:
        match path:
            case [user_id, "cdrs", *rest]:
                return self._cdrs.answer(call, account_id, rest, user_id)
        raise bad_identifier(call.path[-1])


class _Server(Server):
    def __init__(self, address: tuple[str, int], api: DashApi) -> None:
        super().__init__(address, _Handler)
        self.api = api


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: a client with a persistent connection would wait
    server_version = "Dash"

    def _handle(self) -> None:
        api = self.server.api
        target = urlsplit(self.path)
        record = RecordedCall(self.command, target.path, target.query)
        api.calls.append(record)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fault = api.faults.strike(self.command, target.path) or Fault()
        broken = fault.drop or fault.status is not None
        performed = self._perform(body) if fault.perform or not (broken or fault.delay) else None
        api.wait(fault)
        if fault.drop:
            self.close_connection = True
            return
        if fault.status is not None:
            error = ApiError(fault.status, fault.message)
            performed = fault.status, failure(error, self.headers.get("x-auth-token"))
        record.status, envelope = performed or self._perform(body)
        self._send(record.status, envelope)

    def do_GET(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PATCH(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def _perform(self, body: bytes) -> tuple[int, dict[str, Any]]:
        token = self.headers.get("x-auth-token")
        target = urlsplit(self.path)
        version, *path = (unquote(part) for part in target.path.strip("/").split("/"))
        if version != "v2":
            return 404, failure(bad_identifier(version), token)
        try:
            document = json.loads(body) if body else {}
        except ValueError:
            error = ApiError(400, "parse_error", {"message": "failed to parse request body"})
            return error.status, failure(error, token)
        data = document.get("data") if isinstance(document, dict) else None
        data = data if isinstance(data, dict) else {}
        return self.server.api.answer(
            Call(self.command, tuple(path or [""]), dict(parse_qsl(target.query)), data, token)
        )

    def _send(self, status: int, envelope: dict[str, Any]) -> None:
        body = json.dumps(envelope).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.server.api.dash.clock() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Write no access log."""
