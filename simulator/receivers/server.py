"""A threaded HTTPS server on loopback that records requests, and answers as its routes do."""

import contextlib
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, override

from simulator.serving import LOOPBACK, Server

MAX_HEAD = 65_536  # bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: verb, path with query, headers with names in lower case, body, and its time.

    `at` is in Unix seconds, when all of it was there.
    """

    verb: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(slots=True)
class Exchange:
    """A request, and the means to answer it in any way, also in wrong ones.

    Attributes:
        request: The request.
        closing: Set when the server stops, so that nobody waits any longer.
        status: The status that was sent, once one was.
    """

    request: Request
    closing: threading.Event
    _connection: socket.socket
    status: int = 0

    def send(self, data: bytes) -> None:
        """Send bytes as they are.

        Raises:
            OSError: The other side has closed the connection.
        """
        self._connection.sendall(data)

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.status = status
        self.send(head(status, {"content-length": str(len(body)), **(headers or {})}) + body)

    def wait(self, seconds: float) -> bool:
        """Wait; return whether the server goes on."""
        return not self.closing.wait(seconds)


type Route = Callable[[Exchange], None]


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Return the head of an answer."""
    lines = [
        f"HTTP/1.1 {status} Whatever",
        "connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def taken(exchange: Exchange) -> None:
    """Answer 200."""
    exchange.answer(200, b"ok")


@dataclass
class Receiver:
    """Listens on loopback, as a context manager.

    Attributes:
        context: The server's TLS context; None for plain HTTP.
        routes: What answers, by path without query. `then` answers all others.
        requests: Every request, in order of arrival.
    """

    context: ssl.SSLContext | None = None
    routes: dict[str, Route] = field(default_factory=dict)
    then: Route = taken
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        """Begin to listen."""
        server = _Server((LOOPBACK, self.port), self)
        self.port = server.port
        self._running = ExitStack()
        self._running.enter_context(server.serving())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening, and end what hangs."""
        self._running.close()

    @property
    def place(self) -> str:
        """Its `host:port`, as the setting DESTINATION_TEST_HOSTS names it."""
        return f"localhost:{self.port}"

    def url(self, path: str = "/", host: str = "localhost") -> str:
        """Return an address that leads here."""
        return f"{'https' if self.context else 'http'}://{host}:{self.port}{path}"

    def to(self, path: str) -> list[Request]:
        """Return the requests to a path."""
        return [request for request in self.requests if request.target.partition("?")[0] == path]


class _Server(Server):
    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        super().__init__(address, _Handler)
        self.receiver = receiver


class _Handler(socketserver.BaseRequestHandler):
    @override
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        receiver = self.server.receiver
        connection: socket.socket = self.request
        with contextlib.suppress(OSError):
            if receiver.context:
                # Here, and not where connections are accepted: one that never begins TLS must not hold up the others.
                connection = receiver.context.wrap_socket(connection, server_side=True)
            try:
                request = _read(connection)
                if request is None:
                    return
                receiver.requests.append(request)
                route = receiver.routes.get(request.target.partition("?")[0], receiver.then)
                route(Exchange(request, self.server.closing, connection))
            finally:
                connection.close()


def _read(connection: socket.socket) -> Request | None:
    """Return the request, or None if there is no whole one."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(MAX_HEAD)
        if not more or len(data) > MAX_HEAD:
            return None
        data += more
    raw, _, body = data.partition(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    parts = [body]
    missing = int(headers.get("content-length", "0")) - len(body)
    while missing > 0:
        more = connection.recv(MAX_HEAD)
        if not more:
            return None
        parts.append(more)
        missing -= len(more)
    verb, target, _ = first.split(" ")
    return Request(verb, target, headers, b"".join(parts), time.time())
