"""The way out over HTTP: one message to one address, and what came of it.

Each attempt has a connection of its own, to an IP address that was checked. There are no proxies, redirects, cookies or
retries here, and one deadline for everything: time-outs of a socket begin again with each byte.
"""

import io
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, RemoteDisconnected
from typing import override

from hookswitch import __version__
from hookswitch.destinations import addresses
from hookswitch.destinations.addresses import Address
from hookswitch.destinations.answers import Answer
from hookswitch.destinations.excerpts import excerpt
from hookswitch.errors import AddressError

SECONDS = 15.0
CONNECT_SECONDS = 5.0  # for one IP address of the host, so that another one can still be tried
MAX_BODY = 1_048_576  # bytes of a message
MAX_ANSWER = 4_096  # bytes of an answer that are read
MAX_RETRY_AFTER = 86_400.0  # seconds

_OWN = frozenset(
    {"accept-encoding", "connection", "content-length", "cookie", "expect", "host", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "user-agent"}
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110, section 5.1
_VALUE = re.compile(r"[!-~]([ -~]{0,4000}[!-~])?")
_CERTIFICATE_REASONS = {
    10: "The certificate has expired",
    18: "The certificate is not of a known authority",
    19: "The certificate is not of a known authority",
    20: "The certificate is not of a known authority",
    21: "The certificate is not of a known authority",
    62: "The certificate is not valid for this host",
    64: "The certificate is not valid for this host",
}
"""By OpenSSL's number (X509_V_ERR_...)."""


class _NoAnswerError(Exception):
    """No answer came; the text is why, as people may see it."""


class _Deadline:
    """Ends a connection when the time for the whole attempt is used up, whatever the receiver sends meanwhile."""

    def __init__(self, seconds: float) -> None:
        self.late = _NoAnswerError(f"No answer within {seconds:g} seconds")
        self.has_passed = False
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def start(self) -> None:
        """Begin to watch the clock."""
        self._timer.start()

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            _NoAnswerError: None are.
        """
        left = self._ends - time.monotonic()
        if left <= 0 or self.has_passed:
            raise self.late
        return left

    def watch(self, connection: socket.socket) -> None:
        """End this connection, and not the one before."""
        with self._lock:
            self._socket = connection
            if self.has_passed:
                raise self.late

    def stop(self) -> None:
        """End nothing any more."""
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def _end(self) -> None:
        with self._lock:
            self.has_passed = True
            if self._socket:
                # SSLSocket's own shutdown would let the thread that reads go on without TLS.
                with suppress(OSError):  # it has ended already
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Lines(io.BufferedReader):
    """Remembers the last line that was read."""

    last = b""

    @override
    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(-1 if size is None else size)
        return self.last


class _Response(HTTPResponse):
    """A response whose head has to be complete: http.client takes one that was cut off for a short one."""

    @override
    def begin(self) -> None:
        lines = self.fp = _Lines(self.fp.detach())
        super().begin()
        if lines.last.strip(b"\r\n") or not lines.last:
            raise RemoteDisconnected("")


@dataclass(frozen=True, slots=True)
class _Request:
    address: Address
    url: str
    body: bytes
    headers: Mapping[str, str]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    test_hosts: Collection[str] = frozenset(),
    seconds: float = SECONDS,
) -> Answer:
    """Send a message with POST, and return what came of it, also where nothing did.

    Args:
        url: The destination's address, a secret.
        body: The message, at most 1 MiB.
        headers: Content-Type and the like. Host, User-Agent and those of the connection are set here.
        test_hosts: Each `host:port` that may be private and without TLS.
        seconds: For the whole attempt, from the lookup of the name to the last byte that is read.
    """
    started = time.monotonic()
    answer = _unsendable(body, headers) or _attempt(url, body, headers, test_hosts, seconds)
    return replace(answer, seconds=time.monotonic() - started)


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds in a header Retry-After, at most a day; None if there is none that can be read.

    Args:
        value: Seconds, or a date of HTTP (RFC 9110, section 10.2.3).
        now: Unix seconds.
    """
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), MAX_RETRY_AFTER))
    try:
        seconds = parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _unsendable(body: bytes, headers: Mapping[str, str]) -> Answer | None:
    if len(body) > MAX_BODY:
        return Answer(reason=f"The message is larger than {MAX_BODY // 1024} KiB", is_unsendable=True)
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OWN or not _VALUE.fullmatch(value):
            return Answer(reason="One of the headers can't be sent", is_unsendable=True)
    return None


def _attempt(url: str, body: bytes, headers: Mapping[str, str], test_hosts: Collection[str], seconds: float) -> Answer:
    deadline = _Deadline(seconds)
    try:
        address = addresses.parse(url, test_hosts)
        pinned = addresses.resolve(address, min(addresses.RESOLVE_SECONDS, deadline.left()))
        deadline.start()
        with _connected(address, pinned, deadline) as connection:
            return _exchange(connection, _Request(address, url, body, headers), deadline)
    except AddressError as error:
        return Answer(reason=str(error).removesuffix("."))
    except _NoAnswerError as error:
        return Answer(reason=str(error))
    except (OSError, HTTPException) as error:
        is_late = deadline.has_passed or isinstance(error, TimeoutError)
        return Answer(reason=str(deadline.late) if is_late else _why(error))
    finally:
        deadline.stop()


@contextmanager
def _connected(address: Address, pinned: tuple[str, ...], deadline: _Deadline) -> Iterator[HTTPConnection]:
    """Connect to the first IP address that takes the connection; with TLS, if the address has it."""
    connection = HTTPConnection(address.host, address.port)
    connection.auto_open = 0  # it would resolve the name again
    connection.response_class = _Response
    connection.sock = _first(address, pinned, deadline)
    try:
        deadline.watch(connection.sock)
        if address.scheme == "https":
            context = _tls(os.environ.get("SSL_CERT_FILE", ""))
            secured = context.wrap_socket(connection.sock, server_hostname=address.host, do_handshake_on_connect=False)
            connection.sock = secured
            deadline.watch(secured)
            secured.do_handshake()
        yield connection
    finally:
        connection.close()


def _first(address: Address, pinned: tuple[str, ...], deadline: _Deadline) -> socket.socket:
    reason = "The address can't be reached"
    for ip in pinned:
        left = deadline.left()
        try:
            connection = socket.create_connection((ip, address.port), min(left, CONNECT_SECONDS))
        except ConnectionRefusedError:
            reason = "The connection was refused"
        except OSError:
            reason = "The address can't be reached"
        else:
            connection.settimeout(left + 1)  # the timer is first
            return connection
    raise _NoAnswerError(reason)


def _exchange(connection: HTTPConnection, request: _Request, deadline: _Deadline) -> Answer:
    connection.putrequest("POST", request.address.target, skip_host=True, skip_accept_encoding=True)
    for name, value in {
        "Host": request.address.authority,
        "User-Agent": f"hookswitch/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Length": str(len(request.body)),
        **request.headers,
    }.items():
        connection.putheader(name, value)
    broken: OSError | None = None
    try:
        connection.endheaders(request.body)
    except OSError as error:  # a server that refuses a message may answer before it has read all of it
        broken = error
    try:
        response = connection.getresponse()
    except (OSError, HTTPException) as error:
        raise broken or error from None
    with response:
        deadline.left()  # else the head may have been cut off by the deadline
        content = _beginning(response)
    return Answer(
        status=response.status,
        retry_after=retry_after(response.headers.get("Retry-After"), time.time()),
        excerpt=excerpt(content, request.url, request.body, request.headers),
    )


def _beginning(response: HTTPResponse) -> bytes:
    """Return the beginning of a body, as much of it as arrives: the status has said what matters."""
    content = b""
    try:
        while len(content) < MAX_ANSWER and (more := response.read1(MAX_ANSWER - len(content))):
            content += more
    except (OSError, HTTPException, ValueError):
        return content
    return content


@cache
def _tls(authorities: str) -> ssl.SSLContext:
    """Return a TLS context; one for each value of SSL_CERT_FILE, which OpenSSL reads by itself."""
    del authorities
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _why(error: OSError | HTTPException) -> str:
    """Return why no answer came over a connection, without anything of the address or the message."""
    match error:
        case ssl.SSLCertVerificationError():
            return _CERTIFICATE_REASONS.get(error.verify_code, "The certificate is not valid")
        case ssl.SSLEOFError() | ConnectionError():  # also http.client.RemoteDisconnected
            return "The connection was closed before an answer"
        case ssl.SSLError():
            return "No TLS connection could be made"
        case HTTPException():
            return "What answered does not speak HTTP"
        case _:
            return "The connection broke"
