"""While DynamoDB hangs, each call but the first gets one short try; the SDK alone knows no such thing."""

import contextlib
import time
from functools import partial
from urllib.parse import urlsplit

import pytest

from hookswitch.aws.connection import Response
from hookswitch.aws.direct import DirectClient
from hookswitch.aws.protocol import DYNAMODB, READ_SECONDS, SECRETS_MANAGER, SHORT_READ_SECONDS, Service
from hookswitch.aws.sigv4 import Credentials
from hookswitch.errors import NoAnswerError, ServiceError
from tests.unit.aws.stub import PUT, AwsStub, Reply, clients, outcome


class FakeConnection:
    """A connection to a service that hangs, or answers.

    Attributes:
        answers: What comes: a status, or None for no answer.
        waits: How long each try would have waited.
    """

    def __init__(self) -> None:
        self.answers: int | None = None
        self.waits: list[float] = []

    def post(self, body: bytes, headers: object, read_seconds: float | None = None) -> Response:
        """Wait, or answer."""
        del body, headers
        self.waits.append(read_seconds or READ_SECONDS)
        if self.answers is None:
            raise NoAnswerError("ReadTimeoutError")
        return Response(self.answers, {}, b"{}")


class Clock:
    """A clock that a test sets."""

    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the client sees; waits take no time."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return clock


def client_of(service: Service) -> tuple[DirectClient, FakeConnection]:
    """Return a client of a service that hangs, and its connection."""
    client = DirectClient(service, urlsplit("http://x"), "us-east-1", lambda: Credentials("a", "b", ""))
    line = FakeConnection()
    client._connection = line  # type: ignore[assignment] # noqa: SLF001 - instead of a network
    return client, line


def waits(client: DirectClient, line: FakeConnection) -> list[float]:
    """Return how long each try of a call may wait."""
    line.waits.clear()
    with contextlib.suppress(NoAnswerError, ServiceError):
        client.call("PutItem")
    return list(line.waits)


def test_one_short_try_while_it_hangs(clock: Clock) -> None:
    """After a call without an answer there is one short try a call, for ten seconds after the last of them."""
    client, line = client_of(DYNAMODB)
    assert waits(client, line) == [READ_SECONDS] * 3
    for _ in range(4):
        clock.now += 9.9
        assert waits(client, line) == [SHORT_READ_SECONDS]
    clock.now += 10.1
    assert waits(client, line) == [READ_SECONDS] * 3


@pytest.mark.parametrize("status", [200, 400, 500])
def test_any_answer_ends_it(status: int, clock: Clock) -> None:
    """A service that answers does not hang, whatever it says."""
    client, line = client_of(DYNAMODB)
    waits(client, line)
    clock.now += 1
    line.answers = status
    assert waits(client, line) == [SHORT_READ_SECONDS]
    line.answers = None
    assert waits(client, line) == [READ_SECONDS] * 3


@pytest.mark.usefixtures("waits")
def test_the_sdk_has_one_too(service: AwsStub) -> None:
    """Where hooks call through the SDK, calls are cut short as well, until there is an answer."""
    found = []
    for client in clients(DYNAMODB):
        tries = []
        for reply in (Reply(deed="hangs"), Reply(deed="hangs"), Reply(500), Reply(deed="hangs")):
            service.replies = [reply]
            service.requests.clear()
            outcome(partial(client.call, "PutItem", **PUT))
            tries.append(len(service.requests))
        found.append(tries)
    assert found == [[3, 1, 1, 3]] * 2


@pytest.mark.usefixtures("clock")
def test_the_secret_gets_all_tries() -> None:
    """Nothing can take the place of the callback secret, so its reading is not cut short."""
    client, line = client_of(SECRETS_MANAGER)
    assert waits(client, line) == waits(client, line) == [READ_SECONDS] * 2
