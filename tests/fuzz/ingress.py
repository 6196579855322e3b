"""The two ways in: by HTTP at the API, or at the handlers themselves, with API Gateway's events."""

import io
import os
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Protocol
from urllib.parse import urlsplit

from devtools.gateway import DOMAIN, STAGE, Arrival, rest_event
from simulator.transport import Request
from tests.fuzz.judge import Answer, of_time
from tests.fuzz.logscan import LogScan
from tests.fuzz.requests import Fuzzed

TIMEOUT = 60.0  # seconds
AT = 1_795_000_000


class NoAnswerError(Exception):
    """There was no answer; the text says why."""


class Ingress(Protocol):
    """Takes requests in.

    Attributes:
        lines: Lines of the log that were looked at here.
    """

    lines: int

    def send(self, request: Fuzzed) -> Answer:
        """Send one request.

        Raises:
            NoAnswerError: There is no answer.
        """

    def complaints(self) -> list[str]:
        """Return what else was wrong with the last request, a sentence each."""


class HttpIngress:
    """Sends by HTTP, on a kept connection."""

    def __init__(self, api_url: str) -> None:
        self._address = urlsplit(api_url)
        self._connection = self._new()
        self.lines = 0

    def send(self, request: Fuzzed) -> Answer:
        """Send one request. If the other side has closed the connection meanwhile, reconnect once."""
        try:
            return self._exchange(request)
        except (HTTPException, OSError):
            self._connection.close()
            self._connection = self._new()
        try:
            return self._exchange(request)
        except (HTTPException, OSError) as error:
            raise NoAnswerError(f"There was no answer: {type(error).__name__}.") from error

    def complaints(self) -> list[str]:
        """Return nothing: the log is looked at elsewhere."""
        return []

    def _new(self) -> HTTPConnection:
        return HTTPConnection(self._address.hostname or "", self._address.port, timeout=TIMEOUT)

    def _exchange(self, request: Fuzzed) -> Answer:
        connection = self._connection
        connection.putrequest(request.verb, self._address.path + request.target, skip_accept_encoding=True)
        for name, value in {**request.headers, "content-length": str(len(request.body))}.items():
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.endheaders(request.body)
        response = connection.getresponse()
        return Answer(response.status, response.read())


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function of itself, as far as Powertools reads it."""

    aws_request_id: str = "11111111-2222-4333-8444-555555555555"
    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"


class HandlerIngress:
    """Calls the handlers of the hooks in this process, and looks at every line that they print."""

    def __init__(self, tokens: Mapping[str, str], environment: Mapping[str, str]) -> None:
        os.environ.update(environment)
        self._printed = sys.stdout = io.StringIO()  # Powertools takes hold of it when it is imported
        from tests.receiving import hook_module  # noqa: PLC0415 - after the environment is set

        self._handlers = {hook: hook_module(hook).handler for hook in tokens}
        self._secrets = list(tokens.values())
        self._context = Context()
        self._rng = random.Random(0)
        self._busy = 0.0
        self.lines = 0

    def send(self, request: Fuzzed) -> Answer:
        """Hand one request over."""
        self._printed.seek(0)
        self._printed.truncate()
        began = time.process_time()
        try:
            said = self._handlers[request.hook](self._event(request), self._context)
        except Exception as error:
            raise NoAnswerError(f"The handler raised {type(error).__name__}: {error}") from error
        finally:
            self._busy = time.process_time() - began
        return Answer(said["statusCode"], said["body"].encode())

    def complaints(self) -> list[str]:
        """Return what is wrong with the lines that the last request made, and with the processor time that it took."""
        scan = LogScan(self._secrets)
        scan.look(self._printed.getvalue().splitlines())
        self.lines += scan.lines
        return [*scan.failures, *of_time(self._busy)]

    def _event(self, request: Fuzzed) -> dict[str, Any]:
        sent = Request(request.verb, f"https://{DOMAIN}/{STAGE}{request.target}", request.headers, request.body)
        arrival = Arrival(sent, f"/hooks/{request.hook}/{{token}}", AT, self._rng)
        return rest_event(arrival, as_base64=not _is_text(request.body) or len(request.body) % 2 == 1)


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
