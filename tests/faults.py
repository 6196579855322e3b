"""Proxies between the functions and the emulated services, that fail on demand.

The emulator hands its environment to the functions, so `AWS_ENDPOINT_URL_DYNAMODB` and its like lead the
functions' clients through these proxies while the template stays as it is. The tests themselves bypass them.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, override
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

ADDRESS = "127.0.0.1"
Wire = Literal["json-1.0", "json-1.1", "rest-json", "query"]

# What botocore speaks with each service, and the name that the service has in AWS_ENDPOINT_URL_<NAME>.
SERVICES: Mapping[str, tuple[Wire, str]] = {
    "dynamodb": ("json-1.0", "DYNAMODB"),
    "sqs": ("json-1.0", "SQS"),
    "secretsmanager": ("json-1.1", "SECRETS_MANAGER"),
    "lambda": ("rest-json", "LAMBDA"),
    "sns": ("query", "SNS"),
}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


@dataclass(frozen=True)
class Call:
    """One request that a function made.

    Attributes:
        operation: As the service names it: `PutItem`.
        body: The request's parameters; in the query protocol (SNS) each is a list of strings.
        status: The HTTP status that the function saw, or None if it got no answer.
        injected: Whether a fault decided that.
    """

    operation: str
    body: Mapping[str, Any]
    status: int | None
    injected: bool


@dataclass
class Fault:
    """What happens to the calls of one operation.

    Attributes:
        operation: Its name, or `*` for all.
        times: How many calls it befalls; None for all until it is cleared.
        code: The service's error code; empty if the call goes through.
        status: The HTTP status of the error.
        delay: Seconds to wait first (cut short when the faults are cleared).
        lost: The service does what it was asked to, but its answer never arrives.
    """

    operation: str
    times: int | None = None
    code: str = ""
    status: int = 500
    delay: float = 0.0
    lost: bool = False


@dataclass
class FaultProxy:
    """A pass-through proxy in front of one service.

    Attributes:
        service: One of `SERVICES`.
        target_port: The emulator's.
        calls: Every call that came, oldest first.
    """

    service: str
    target_port: int
    calls: list[Call] = field(default_factory=list)
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _cleared: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Open the port; requests are served from `start` on."""
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def wire(self) -> Wire:
        """The protocol that clients speak with this service."""
        return SERVICES[self.service][0]

    @property
    def environment(self) -> dict[str, str]:
        """The variable that leads a function's clients here."""
        return {f"AWS_ENDPOINT_URL_{SERVICES[self.service][1]}": f"http://{ADDRESS}:{self.port}"}

    def start(self) -> None:
        """Serve requests."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of delayed calls and close the port."""
        self.clear()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fail(
        self, operation: str, code: str = "InternalServerError", status: int = 500, times: int | None = None
    ) -> None:
        """Answer calls with an error: `fail("PutItem", "ThrottlingException", 400, times=3)`."""
        self._add(Fault(operation, times, code=code, status=status))

    def delay(self, operation: str, seconds: float, times: int | None = None) -> None:
        """Let calls wait before they go through; a delay beyond the client's timeout is a hanging service."""
        self._add(Fault(operation, times, delay=seconds))

    def lose_answer(self, operation: str, times: int | None = None) -> None:
        """Let the service do its work, then break the connection: the caller can't know of it."""
        self._add(Fault(operation, times, lost=True))

    def clear(self) -> None:
        """End all faults, also for the calls that wait; forget the calls so far."""
        with self._lock:
            self._faults.clear()
            self.calls.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def count(self, operation: str) -> int:
        """Return how many calls of an operation came since the last `clear`."""
        with self._lock:
            return sum(call.operation == operation for call in self.calls)

    def take(self, operation: str) -> tuple[Fault | None, threading.Event]:
        """Return the fault that befalls a call now, used up by one, and the event that ends its delay."""
        with self._lock:
            for fault in self._faults:
                if fault.operation in {operation, "*"} and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault, self._cleared
            return None, self._cleared

    def record(self, call: Call) -> None:
        """Remember a call."""
        with self._lock:
            self.calls.append(call)

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)


class FaultProxies:
    """One proxy for each service: `faults["dynamodb"].fail("PutItem")`."""

    def __init__(self, target_port: int) -> None:
        self._proxies = {service: FaultProxy(service, target_port) for service in SERVICES}

    def __getitem__(self, service: str) -> FaultProxy:
        """Return the proxy of a service."""
        return self._proxies[service]

    def __iter__(self) -> Iterator[FaultProxy]:
        """Go through all proxies."""
        return iter(self._proxies.values())

    @property
    def environment(self) -> dict[str, str]:
        """The emulator's extra environment."""
        return {name: value for proxy in self for name, value in proxy.environment.items()}

    def clear(self) -> None:
        """End all faults of all services and forget all calls."""
        for proxy in self:
            proxy.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__((ADDRESS, 0), _Handler)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: callers that hang up are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation, parameters = _asked(proxy.wire, self.headers.get("X-Amz-Target"), body)
        fault, cleared = proxy.take(operation)
        if fault and fault.delay:
            cleared.wait(fault.delay)
        if fault and fault.code:
            proxy.record(Call(operation, parameters, fault.status, injected=True))
            self._answer(fault.status, *_error(proxy.wire, fault.code))
            return
        status, headers, content = self._forward(proxy.target_port, body)
        if fault and fault.lost:
            proxy.record(Call(operation, parameters, None, injected=True))
            self.close_connection = True
            return
        proxy.record(Call(operation, parameters, status, injected=fault is not None))
        self._answer(status, headers, content)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: `calls` has it all."""

    def _forward(self, port: int, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(ADDRESS, port, timeout=60)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        except (OSError, HTTPException) as error:
            return 502, {"Content-Type": "text/plain"}, f"The emulator does not answer: {error}".encode()
        finally:
            connection.close()

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _asked(wire: Wire, target: str | None, body: bytes) -> tuple[str, Mapping[str, Any]]:
    """Return the operation that a request calls, and its parameters."""
    if wire == "query":
        form = parse_qs(body.decode())
        return form["Action"][0], form
    if wire == "rest-json":
        return "Invoke", {"Payload": body.decode()}
    return (target or "").rpartition(".")[2], json.loads(body or b"{}")


def _error(wire: Wire, code: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an error as the service would send it."""
    message = f"{code} injected by a test"
    if wire == "query":
        sender = "Sender" if code.startswith(("Invalid", "Not", "Authorization")) else "Receiver"
        text = (
            '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error>'
            f"<Type>{sender}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
            "</Error><RequestId>injected</RequestId></ErrorResponse>"
        )
        return {"Content-Type": "text/xml"}, text.encode()
    headers = {"Content-Type": f"application/x-amz-{wire}", "x-amzn-ErrorType": code}
    return headers, json.dumps({"__type": code, "message": message}).encode()
