"""One HTTP exchange as the sender makes it, with every header byte under control.

docs/dash-protocol.md, section 1: lowercase headers, no user agent, unverified TLS, redirects of a post that
turn into an empty get. What an address connects to is decided by a `Resolver`, so that public addresses can
lead to an emulator on this machine.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urljoin, urlsplit

HTTP_PORT, HTTPS_PORT = 80, 443
MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303)
EXECUTE_API = re.compile(r"(?P<id>[a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com")


class ClientError(Exception):
    """No HTTP status came back. The message is the error as the attempt log spells it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What to connect to for an address, and the host header to send there."""

    host: str
    port: int
    tls: bool
    host_header: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request: verb in capitals, absolute address, own headers (lowercase), body."""

    verb: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request, after redirects. Header names are lowercase."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Resolver = Callable[[SplitResult], Endpoint]


def default_resolver(address: SplitResult) -> Endpoint:
    """Connect to the host and port that the address names, as usual."""
    tls = address.scheme == "https"
    usual = HTTPS_PORT if tls else HTTP_PORT
    port = address.port or usual
    host = address.hostname or ""
    name = f"[{host}]" if ":" in host else host
    return Endpoint(host, port, tls, name if port == usual else f"{name}:{port}")


def emulator_resolver(endpoint_url: str) -> Resolver:
    """Return a resolver that leads API Gateway's public addresses to an emulator, and all others as usual.

    Args:
        endpoint_url: Where the emulator listens, such as `http://127.0.0.1:4566`. It is spoken to in plain
            HTTP, with the host header `{id}.execute-api.{its own name}:{port}`, which is localhost on the
            loopback address. The path keeps its stage.
    """
    emulator = default_resolver(urlsplit(endpoint_url))
    name = "localhost" if emulator.host == "127.0.0.1" else emulator.host

    def resolve(address: SplitResult) -> Endpoint:
        if not (api := EXECUTE_API.fullmatch(address.hostname or "")):
            return default_resolver(address)
        host_header = f"{api['id']}.execute-api.{name}:{emulator.port}"
        return Endpoint(emulator.host, emulator.port, tls=False, host_header=host_header)

    return resolve


@dataclass(frozen=True, slots=True)
class Transport:
    """Sends requests and follows redirects as the sender does.

    `connect_timeout` and `response_timeout` are seconds; the real sender waits for an answer without limit.
    """

    resolver: Resolver = default_resolver
    connect_timeout: float = 10.0
    response_timeout: float | None = None

    def send(self, request: Request) -> Response:
        """Return the final answer.

        Raises:
            ClientError: refused, unresolved, timed out, or closed before a whole answer came.
        """
        response = self._exchange(request)
        for _ in range(MAX_REDIRECTS):
            location = response.headers.get("location")
            if request.verb == "PUT" or response.status not in REDIRECTS or not location:
                break
            kept = {name: value for name, value in request.headers.items() if name != "content-type"}
            request = Request("GET", urljoin(request.url, location), kept)
            response = self._exchange(request)
        return response

    def _exchange(self, request: Request) -> Response:
        address = urlsplit(request.url)
        endpoint = self.resolver(address)
        connection = self._connect(endpoint)
        try:
            connection.sock.settimeout(self.response_timeout)
            connection.send(_head(request, address, endpoint) + request.body)
            with HTTPResponse(connection.sock, method=request.verb) as response:
                response.begin()
                headers = {name.lower(): value for name, value in response.getheaders()}
                return Response(response.status, headers, response.read())
        except TimeoutError:
            raise ClientError("timeout") from None
        except (HTTPException, OSError):
            raise ClientError("socket_closed_remotely") from None
        finally:
            connection.close()

    def _connect(self, endpoint: Endpoint) -> HTTPConnection:
        connection = HTTPConnection(endpoint.host, endpoint.port, timeout=self.connect_timeout)
        if endpoint.tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection = HTTPSConnection(endpoint.host, endpoint.port, timeout=self.connect_timeout, context=context)
        try:
            connection.connect()
        except socket.gaierror:
            raise ClientError("failed_connect: nxdomain") from None
        except ConnectionRefusedError:
            raise ClientError("failed_connect: econnrefused") from None
        except OSError:
            # The sender can't print the other reasons: it logs a bare "unknown", a connect timeout included.
            connection.close()
            raise ClientError("unknown") from None
        return connection


def _head(request: Request, address: SplitResult, endpoint: Endpoint) -> bytes:
    target = (address.path or "/") + (f"?{address.query}" if "?" in request.url else "")
    own = dict(request.headers)
    headers = {
        **({"content-type": own.pop("content-type")} if "content-type" in own else {}),
        "content-length": str(len(request.body)),
        "te": "",
        "host": endpoint.host_header,
        "connection": "keep-alive",
        **own,
    }
    lines = [f"{request.verb} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def elapsed_ms(since: float) -> float:
    """Return the milliseconds since a `time.monotonic` reading."""
    return (time.monotonic() - since) * 1000
