"""A persistent connection to one service. Errors have the same names as in the SDK."""

import select
from collections.abc import Mapping
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLContext, SSLError, create_default_context
from threading import Lock
from typing import NamedTuple
from urllib.parse import SplitResult

from hookswitch.errors import NoAnswerError


class Response(NamedTuple):
    """A service's response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@cache
def tls_context() -> SSLContext:
    """Return the TLS context that all connections share, because loading the certificate authorities is slow."""
    return create_default_context()


class Connection:
    """A connection that opens on first use, stays open, and reopens after it was closed.

    Lambda freezes a function between invocations, so the server may have closed the connection in the meantime.
    """

    def __init__(self, url: SplitResult, connect_seconds: float, read_seconds: float) -> None:
        self._url, self._connect_seconds, self._read_seconds = url, connect_seconds, read_seconds
        self._connection: HTTPConnection | None = None
        self._lock = Lock()

    def post(self, body: bytes, headers: Mapping[str, str], read_seconds: float | None = None) -> Response:
        """Send a request and return its response, within `read_seconds` if given.

        Raises:
            NoAnswerError: There was no response, or only part of one.
        """
        with self._lock:
            connection = self._connected()
            connection.sock.settimeout(read_seconds or self._read_seconds)
            complete = False
            try:
                connection.request("POST", "/", body, dict(headers))
                response = connection.getresponse()
                content = response.read()
                complete = not response.will_close
            except TimeoutError as error:
                raise NoAnswerError("ReadTimeoutError") from error
            except SSLError as error:
                raise NoAnswerError("SSLError") from error
            except (OSError, HTTPException) as error:
                raise NoAnswerError("ConnectionClosedError") from error
            finally:
                if not complete:
                    self.close()
        return Response(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def _connected(self) -> HTTPConnection:
        if self._connection:
            # If an idle connection has something to read, the server has closed it.
            if not select.select([self._connection.sock], [], [], 0)[0]:
                return self._connection
            self.close()
        host, port = self._url.hostname or "", self._url.port
        connection: HTTPConnection
        if self._url.scheme == "https":
            connection = HTTPSConnection(host, port, timeout=self._connect_seconds, context=tls_context())
        else:
            connection = HTTPConnection(host, port, timeout=self._connect_seconds)
        try:
            connection.connect()
        except TimeoutError as error:
            connection.close()
            raise NoAnswerError("ConnectTimeoutError") from error
        except SSLError as error:
            connection.close()
            raise NoAnswerError("SSLError") from error
        except OSError as error:
            connection.close()
            raise NoAnswerError("EndpointConnectionError") from error
        self._connection = connection
        return connection

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection:
            self._connection.close()
            self._connection = None
