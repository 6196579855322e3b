"""One kept connection to one service, for `direct`. Whatever goes wrong has the name that the SDK has for it."""

import select
from collections.abc import Mapping
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLContext, SSLError, create_default_context
from threading import Lock
from typing import NamedTuple
from urllib.parse import SplitResult

from hookswitch.errors import NoAnswerError


class Answer(NamedTuple):
    """What a service answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@cache
def tls() -> SSLContext:
    """Return what all connections check certificates with: to read the certificate authorities takes long."""
    return create_default_context()


class Line:
    """A connection that is made when first needed, kept, and made anew when it was closed.

    A function is frozen between its invocations, so the other side may have hung up in the meantime.
    """

    def __init__(self, url: SplitResult, connect_seconds: float, read_seconds: float) -> None:
        self._url, self._connect_seconds, self._read_seconds = url, connect_seconds, read_seconds
        self._connection: HTTPConnection | None = None
        self._lock = Lock()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request and return the answer.

        Raises:
            NoAnswerError: There is none.
        """
        with self._lock:
            connection = self._connected()
            whole = False
            try:
                connection.request("POST", "/", body, dict(headers))
                response = connection.getresponse()
                content = response.read()
                whole = not response.will_close
            except TimeoutError as error:
                raise NoAnswerError("ReadTimeoutError") from error
            except SSLError as error:
                raise NoAnswerError("SSLError") from error
            except (OSError, HTTPException) as error:
                raise NoAnswerError("ConnectionClosedError") from error
            finally:
                if not whole:
                    self.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def _connected(self) -> HTTPConnection:
        if self._connection:
            # An idle connection that has something to read has been closed.
            if not select.select([self._connection.sock], [], [], 0)[0]:
                return self._connection
            self.close()
        host, port = self._url.hostname or "", self._url.port
        connection: HTTPConnection
        if self._url.scheme == "https":
            connection = HTTPSConnection(host, port, timeout=self._connect_seconds, context=tls())
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
        connection.sock.settimeout(self._read_seconds)
        self._connection = connection
        return connection

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()
            self._connection = None
