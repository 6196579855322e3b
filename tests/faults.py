"""Proxies between the functions and the emulated services that fail on demand.

The emulator passes its environment to the functions, so variables such as `AWS_ENDPOINT_URL_DYNAMODB` point the
functions' clients to these proxies without a change of the template. The tests themselves bypass them.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, override

from tests.wires import SERVICES, Wire, asked, error

ADDRESS = "127.0.0.1"
SELDOM = 3600.0  # seconds between checks whether to stop: frequent checks by many proxies would be a load
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


@dataclass(frozen=True)
class Call:
    """One request that a function made.

    Attributes:
        operation: The service's name for it, such as `PutItem`.
        body: The request's parameters; in the query protocol (SNS, CloudFormation) each is a list of strings.
        text: Path and body, unparsed.
        status: The HTTP status that the function got, or None if it got no response.
        injected: Whether a fault affected the call.
    """

    operation: str
    body: Mapping[str, Any]
    text: str
    status: int | None
    injected: bool


@dataclass
class Fault:
    """A fault that affects the calls of one operation.

    Attributes:
        operation: The operation's name, or `*` for all.
        times: How many calls it affects; None for all until it is lifted.
        code: The service's error code; empty if the call goes through.
        status: The HTTP status of the error.
        delay: Seconds to wait first (cut short when the fault is lifted).
        hung: The service does not get the call, and there is no response.
        lost: The service carries out the call, but its response never arrives.
        match: Only calls with this text in their path or body, such as an event's key, are affected.
        lifted: Set when the fault is lifted.
    """

    operation: str
    times: int | None = None
    code: str = ""
    status: int = 500
    delay: float = 0.0
    hung: bool = False
    lost: bool = False
    match: str = ""
    lifted: threading.Event = field(default_factory=threading.Event)


@dataclass
class FaultProxy:
    """A pass-through proxy in front of one service.

    Attributes:
        service: One of `SERVICES`.
        target_port: The emulator's port.
        calls: All calls, oldest first.
    """

    service: str
    target_port: int
    calls: list[Call] = field(default_factory=list)
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Open the port; `start` begins to serve requests."""
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(SELDOM,), daemon=True)

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self._server.server_address[1])

    @property
    def wire(self) -> Wire:
        """The protocol that clients speak with this service."""
        return SERVICES[self.service][0]

    @property
    def environment(self) -> dict[str, str]:
        """The variable that points a function's clients here."""
        return {f"AWS_ENDPOINT_URL_{SERVICES[self.service][1]}": f"http://{ADDRESS}:{self.port}"}

    def start(self) -> None:
        """Serve requests."""
        self._thread.start()

    def stop(self) -> None:
        """Release delayed calls and close the port."""
        self.clear()
        closing = threading.Thread(target=self._server.shutdown)
        closing.start()
        while closing.is_alive():  # it returns after the next connection
            socket.create_connection((ADDRESS, self.port)).close()
            closing.join(0.05)
        self._thread.join()
        self._server.server_close()

    def fail(
        self,
        operation: str,
        code: str = "InternalServerError",
        status: int = 500,
        times: int | None = None,
        match: str = "",
    ) -> Fault:
        """Answer calls with an error: `fail("PutItem", "ThrottlingException", 400, times=3)`."""
        return self.inject(Fault(operation, times, code=code, status=status, match=match))

    def delay(self, operation: str, seconds: float, times: int | None = None, match: str = "") -> Fault:
        """Delay calls before passing them on, even if the client has given up by then."""
        return self.inject(Fault(operation, times, delay=seconds, match=match))

    def hang(self, operation: str, times: int | None = None, match: str = "") -> Fault:
        """Accept calls without passing them on or responding."""
        return self.inject(Fault(operation, times, hung=True, match=match))

    def lose_answer(self, operation: str, times: int | None = None, match: str = "") -> Fault:
        """Let the service carry out calls, but break the connection before the response."""
        return self.inject(Fault(operation, times, lost=True, match=match))

    def inject(self, fault: Fault) -> Fault:
        """Add a fault to the current ones."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def lift(self, fault: Fault) -> None:
        """End a fault, and release the calls that it delays."""
        with self._lock:
            if fault in self._faults:
                self._faults.remove(fault)
        fault.lifted.set()

    def clear(self) -> None:
        """End all faults, release delayed calls, and forget all recorded calls."""
        with self._lock:
            for fault in self._faults:
                fault.lifted.set()
            self._faults.clear()
            self.calls.clear()

    def find(self, operation: str, match: str = "") -> list[Call]:
        """Return the calls of an operation since the last `clear` whose path or body contains a text.

        Functions may still be at work on what tests before have sent, so name what is your own.
        """
        with self._lock:
            return [call for call in self.calls if call.operation == operation and match in call.text]

    def count(self, operation: str, match: str = "") -> int:
        """Return the number of calls that `find` returns."""
        return len(self.find(operation, match))

    def take(self, operation: str, text: str) -> Fault:
        """Return the fault for a call and count it as used; if there is none, return one without an effect."""
        with self._lock:
            for fault in self._faults:
                if fault.operation in {operation, "*"} and fault.times != 0 and fault.match in text:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return Fault("")

    def record(self, call: Call) -> None:
        """Record a call."""
        with self._lock:
            self.calls.append(call)


class FaultProxies:
    """One proxy for each service: `faults["dynamodb"].fail("PutItem")`."""

    def __init__(self, target_port: int) -> None:
        self._proxies = {service: FaultProxy(service, target_port) for service in SERVICES}

    def __getitem__(self, service: str) -> FaultProxy:
        """Return the proxy of a service."""
        return self._proxies[service]

    def __iter__(self) -> Iterator[FaultProxy]:
        """Iterate over all proxies."""
        return iter(self._proxies.values())

    def __enter__(self) -> Self:
        """Serve requests."""
        for proxy in self:
            proxy.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all ports."""
        for proxy in self:
            proxy.stop()

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
        """Print nothing: the tests make callers hang up on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation, parameters = asked(proxy.wire, self.headers.get("X-Amz-Target"), body)
        text = self.path + body.decode(errors="replace")
        fault = proxy.take(operation, text)
        call = Call(operation, parameters, text, None, injected=bool(fault.operation))
        if fault.hung:
            proxy.record(call)
            fault.lifted.wait()
            self.close_connection = True
            return
        fault.lifted.wait(fault.delay)
        if fault.code:
            proxy.record(replace(call, status=fault.status))
            self._answer(fault.status, *error(proxy.wire, fault.code))
            return
        status, headers, content = self._forward(proxy.target_port, body)
        if fault.lost:
            proxy.record(call)
            self.close_connection = True
            return
        proxy.record(replace(call, status=status))
        self._answer(status, headers, content)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: `calls` has all requests."""

    def _forward(self, port: int, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(ADDRESS, port, timeout=60)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        except (OSError, HTTPException) as error:
            return 502, {"Content-Type": "text/plain"}, f"The emulator does not respond: {error}".encode()
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
