"""One message to one address, against real servers, well-behaved and not."""

import json
import socket
import tomllib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from devtools.local import ROOT
from hookswitch import __version__
from hookswitch.destinations import https, signing
from hookswitch.destinations.answers import Answer
from hookswitch.destinations.https import MAX_ANSWER, MAX_BODY, retry_after
from simulator.receivers import behaviors
from simulator.receivers.authority import Authority
from simulator.receivers.server import Exchange, Receiver, Route
from simulator.receivers.signed import Signed
from simulator.receivers.slack import Slack
from simulator.receivers.teams import CARD, Teams

BODY = json.dumps({"type": "call", "text": "Café"}).encode()
JSON = {"content-type": "application/json"}
LITTLE = 0.3  # seconds that bad receivers get
CLOSED = "The connection was closed before an answer"


def post(
    receiver: Receiver, path: str = "/hook?sig=s3cr3t-of-the-address", *, host: str = "localhost", seconds: float = 15
) -> Answer:
    """Send the usual message to a receiver."""
    url = receiver.url(path, host)
    return https.post(url, BODY, JSON, test_hosts={f"{host}:{receiver.port}"}, seconds=seconds)


def test_request(receiver: Receiver) -> None:
    """The receiver gets the message as it is, with few headers and no cookie."""
    answer = post(receiver)
    assert (answer.status, answer.excerpt, answer.reason, answer.meaning) == (200, "ok", "", "taken")
    [request] = receiver.requests
    assert (request.verb, request.target, request.body) == ("POST", "/hook?sig=s3cr3t-of-the-address", BODY)
    assert request.headers == {
        "host": f"localhost:{receiver.port}",
        "user-agent": f"hookswitch/{__version__}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
        "content-length": str(len(BODY)),
        "content-type": "application/json",
    }


def test_plain_http_of_a_test_host() -> None:
    """A host that is named for tests may do without TLS; without being named, it is not connected to."""
    with Receiver() as receiver:
        assert post(receiver).status == 200
        answer = https.post(receiver.url(), BODY, JSON)
        assert "https://" in answer.reason
        assert len(receiver.requests) == 1


@pytest.mark.parametrize(("host", "address"), [("10.0.0.1", "10.0.0.1"), ("169.254.169.254", "169.254.169.254")])
def test_private_address(host: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is connected to that is not public, whether the address or the name's resolution says so."""
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("This is connected to."))
    assert "public internet" in https.post(f"https://{host}/s3cr3t", BODY, JSON).reason
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (address, 443))])
    answer = https.post("https://example.com/s3cr3t", BODY, JSON)
    assert "public internet" in answer.reason
    assert "s3cr3t" not in answer.reason
    assert answer.meaning == "retry"


def test_rebinding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is checked, and private a moment later, is connected to where it was checked."""
    replies = iter(["8.8.8.8", "169.254.169.254"])
    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], _: float) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (next(replies), 443))])
    monkeypatch.setattr(socket, "create_connection", connect)
    assert https.post("https://example.com/", BODY, JSON).reason == "The connection was refused"
    assert connected == [("8.8.8.8", 443)]


def test_certificate_is_of_the_name(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the resolved address, while TLS and the header Host are about the name."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert post(receiver, host="receiver.example").status == 200
    assert receiver.requests[0].headers["host"] == f"receiver.example:{receiver.port}"
    assert "receiver.example" in asked
    answer = post(receiver, host="other.example")
    assert answer.reason == "The certificate is not valid for this host"
    assert len(receiver.requests) == 1


def test_address_without_a_name(receiver: Receiver) -> None:
    """A certificate can be of an IP address."""
    assert post(receiver, host="127.0.0.1").status == 200


@pytest.mark.usefixtures("_trusted")
def test_certificate_of_a_stranger() -> None:
    """A certificate of an authority that is not trusted is refused, and nothing is sent."""
    with Receiver(Authority().context()) as receiver:
        answer = post(receiver)
        assert answer.reason == "The certificate is not of a known authority"
        assert (answer.status, answer.meaning) == (0, "retry")
        assert not receiver.requests


@pytest.mark.usefixtures("_trusted")
def test_no_tls() -> None:
    """A server that speaks no TLS gets nothing."""
    with Receiver() as receiver:
        answer = https.post(
            f"https://localhost:{receiver.port}/", BODY, JSON, test_hosts={receiver.place}, seconds=LITTLE
        )
        assert answer.status == 0
        assert answer.reason
        assert not receiver.requests


def test_nobody_listens() -> None:
    """A refused connection is an answer to show, and no error."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"localhost:{free.getsockname()[1]}"
    answer = https.post(f"https://{place}/", BODY, JSON, test_hosts={place})
    assert (answer.reason, answer.meaning) == ("The connection was refused", "retry")


def test_second_address_is_tried(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with several addresses is reached as long as one of them takes connections."""
    connect = socket.create_connection

    def create_connection(address: tuple[str, int], seconds: float) -> socket.socket:
        if address[0] == "127.0.0.2":
            raise ConnectionRefusedError
        return connect(address, seconds)

    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("127.0.0.2", "127.0.0.1")]
    lookup = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: infos if host == "localhost" else lookup(host, *a, **k)
    )
    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert post(receiver).status == 200


def test_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again later."""

    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    answer = https.post("https://example.com/s3cr3t", BODY, JSON)
    assert answer.reason.startswith("The address does not resolve")
    assert answer.meaning == "retry"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect(receiver: Receiver, status: int) -> None:
    """Redirects are not followed, wherever they lead: the address that was checked is the only one."""
    receiver.then = behaviors.redirecting(receiver.url("/elsewhere"), status)
    answer = post(receiver)
    assert (answer.status, answer.meaning) == (status, "refused")
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "route",
    [behaviors.hang, behaviors.drip_head, behaviors.continue_forever],
    ids=["hangs", "drips a head", "continues forever"],
)
def test_no_answer_in_time(receiver: Receiver, route: Route) -> None:
    """One deadline ends the attempt, also while the receiver sends a byte now and then."""
    receiver.then = route
    answer = post(receiver, seconds=LITTLE)
    assert answer == Answer(reason="No answer within 0.3 seconds", seconds=answer.seconds)
    assert answer.meaning == "retry"


def test_tls_that_never_begins() -> None:
    """A server that takes the connection and then says nothing is ended by the same deadline."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"localhost:{silent.getsockname()[1]}"
        answer = https.post(f"https://{place}/", BODY, JSON, test_hosts={place}, seconds=LITTLE)
    assert answer.reason == "No answer within 0.3 seconds"


def test_dripped_body(receiver: Receiver) -> None:
    """The status is the answer: a body that never ends is left, after the same deadline."""
    receiver.then = behaviors.drip_body
    answer = post(receiver, seconds=LITTLE)
    assert (answer.status, answer.reason, answer.meaning) == (200, "", "taken")
    assert set(answer.excerpt) <= {"x"}


@pytest.mark.parametrize("route", [behaviors.close_at_once, behaviors.close_in_head], ids=["at once", "in the head"])
def test_closed_before_an_answer(receiver: Receiver, route: Route) -> None:
    """A head that was cut off is no answer, even if it begins with 200."""
    receiver.then = route
    answer = post(receiver)
    assert (answer.status, answer.reason, answer.meaning) == (0, CLOSED, "retry")


def test_closed_in_the_body(receiver: Receiver) -> None:
    """A body that was cut off changes nothing about its status."""
    receiver.then = behaviors.close_in_body
    answer = post(receiver)
    assert (answer.status, answer.excerpt) == (200, "half of")


def test_huge_body(receiver: Receiver) -> None:
    """Of an answer of a gigabyte, 4 KiB are read."""
    receiver.then = behaviors.huge_body
    answer = post(receiver)
    assert answer.status == 200
    assert len(answer.excerpt) <= 500
    assert MAX_ANSWER == 4096


def test_huge_head(receiver: Receiver) -> None:
    """A head without end is no answer, and is not read for long."""
    receiver.then = behaviors.huge_head
    answer = post(receiver)
    assert answer.reason == "What answered does not speak HTTP"


def test_other_protocol(receiver: Receiver) -> None:
    """What is not HTTP is no answer."""
    receiver.then = behaviors.not_http
    assert post(receiver).reason == "What answered does not speak HTTP"


def test_compressed_answer(receiver: Receiver) -> None:
    """Nothing is decompressed, so nothing small can become large."""
    receiver.then = behaviors.answering(200, b"\x1f\x8b\x08\x00\x00\x00\x00\x00", content_encoding="gzip")
    assert (post(receiver).status, post(receiver).excerpt) == (200, "")


def test_answer_before_the_message_was_read(receiver: Receiver) -> None:
    """A chunked answer is read, and secrets of the address and the message are not kept."""

    def route(exchange: Exchange) -> None:
        chunk = b"cannot POST /hook?sig=s3cr3t-of-the-address for Caf\xc3\xa9"
        exchange.send(b"HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n")
        exchange.send(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n0\r\n\r\n")

    receiver.then = route
    assert str(post(receiver)) == "404 Not Found: cannot POST /hook?sig=… for …"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_told(receiver: Receiver, status: int) -> None:
    """A receiver that wants a pause is heard."""
    receiver.then = behaviors.answering(status, retry_after="7")
    answer = post(receiver)
    assert (answer.status, answer.retry_after, answer.meaning) == (status, 7.0, "retry")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((None, None), ("", None), ("soon", None), ("-5", None), ("1.5", None), ("٣", None)),
        *(("0", 0.0), (" 120 ", 120.0), ("99999999999999999999", 86_400.0), ("Wed, 99 Foo 2026", None)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    """Seconds and dates are understood, up to a day; anything else says nothing."""
    assert retry_after(value, 1_790_000_000) == expected


def test_retry_after_a_date() -> None:
    """A date is as many seconds ahead as it is."""
    now = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
    assert retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now.timestamp()) == 90.0


def test_largest_message(receiver: Receiver) -> None:
    """A message has a largest size; beyond it nothing is sent, and other messages go on."""
    assert https.post(receiver.url(), b"x" * MAX_BODY, JSON, test_hosts={receiver.place}).status == 200
    answer = https.post(receiver.url(), b"x" * (MAX_BODY + 1), JSON, test_hosts={receiver.place})
    assert (answer.reason, answer.meaning) == ("The message is larger than 1024 KiB", "refused")
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "a\r\nX-Injected: yes"),
        ("webhook-id", "a\nX-Injected: yes"),
        ("webhook-id", "a\0"),
        ("webhook-id", "é"),
        ("webhook-id", ""),
        ("x: y\r\nX-Injected", "yes"),
        ("", "yes"),
        ("Host", "internal.example"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Cookie", "session=1"),
    ],
)
def test_header_injection(receiver: Receiver, name: str, value: str) -> None:
    """A header with a line break in it, or one that changes where the message goes or ends, is never sent."""
    answer = https.post(receiver.url(), BODY, {name: value}, test_hosts={receiver.place})
    assert (answer.reason, answer.meaning) == ("One of the headers can't be sent", "refused")
    assert not receiver.requests


def test_no_proxy_of_the_environment(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that name proxies change nothing."""
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(receiver).status == 200


def test_signed_receiver(receiver: Receiver) -> None:
    """A receiver that was written from the specification takes what is signed, and refuses what is not."""
    secret = signing.new_secret()
    signed = Signed(secret)
    receiver.then = signed
    headers = {**JSON, **signing.headers("evt_1", BODY, [signing.new_secret(), secret], datetime.now(UTC).timestamp())}
    for _ in range(2):
        assert https.post(receiver.url(), BODY, headers, test_hosts={receiver.place}).status == 204
    assert https.post(receiver.url(), BODY + b" ", headers, test_hosts={receiver.place}).status == 401
    assert https.post(receiver.url(), BODY, JSON, test_hosts={receiver.place}).status == 401
    assert (signed.accepted, signed.copies, signed.refused) == ({"evt_1": BODY}, {"evt_1": 2}, 2)


def test_slack(receiver: Receiver) -> None:
    """Slack's answers arrive as they are documented."""
    receiver.then = Slack(burst=1)
    url = receiver.url("/services/T0/B0/s3cr3t")
    said = [
        str(https.post(url, json.dumps(message).encode(), JSON, test_hosts={receiver.place}))
        for message in ({"text": "Missed call"}, {"text": ""}, {"text": "Too soon"})
    ]
    assert said == ["200 OK: ok", "400 Bad Request: no_text", "429 Too Many Requests: rate_limited"]


def test_teams(receiver: Receiver) -> None:
    """A workflow accepts a card with an empty answer."""
    receiver.then = Teams()
    card = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "Missed call"}]}
    message = {"type": "message", "attachments": [{"contentType": CARD, "content": card}]}
    url = receiver.url("/workflows/0/triggers/manual/paths/invoke?sig=s3cr3t")
    assert str(https.post(url, json.dumps(message).encode(), JSON, test_hosts={receiver.place})) == "202 Accepted"
    assert https.post(url, json.dumps(card).encode(), JSON, test_hosts={receiver.place}).meaning == "refused"


def test_version() -> None:
    """Receivers see the version of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert __version__ == project["project"]["version"]
