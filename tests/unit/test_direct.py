"""The hooks' own way to DynamoDB and Secrets Manager does what the SDK does: both are asked, and have to agree."""

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override
from zlib import crc32

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.retries.standard import ExponentialBackoff

from hookswitch import aws, direct
from hookswitch.direct import DYNAMODB, SECRETS_MANAGER, Client, DirectClient, Service, ServiceError
from hookswitch.line import NoAnswerError
from hookswitch.sdk import SdkClient

REGION = "eu-central-1"
ADDRESS = "127.0.0.1"
TIMEOUT = 0.25
PUT: dict[str, Any] = {
    "TableName": "events",
    "Item": {
        "event_id": {"S": "Zoë \ud83d\ude00"},
        "body": {"B": b"\xff\x00"},
        "n": {"N": "1"},
        "none": {"NULL": True},
    },
    "ConditionExpression": "attribute_not_exists(event_id)",
}
READ = ("GetSecretValue",)
SECRET: dict[str, Any] = {"SecretId": "callback", "VersionStage": "AWSCURRENT"}
TOO_BUSY = {"__type": "com.amazon.coral.availability#ThrottlingException"}


@dataclass(frozen=True)
class Reply:
    """What the service does with one request: it answers, in part or whole, or hangs, or hangs up."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    deed: str = "answers"

    @property
    def content(self) -> bytes:
        """The body's bytes; a text goes as it is."""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


class AwsStub:
    """A service with a script; the last reply stands for all that follow."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply()]
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.done = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                stub._answer(self)

            @override
            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer((ADDRESS, 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{ADDRESS}:{self.server.server_address[1]}"

    def stop(self) -> None:
        """Close the port."""
        self.done.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.requests.append(({name.lower(): value for name, value in handler.headers.items()}, body))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        handler.close_connection = reply.deed != "answers"
        if reply.deed == "hangs":
            self.done.wait(5)
        if reply.deed in {"hangs", "hangs up"}:
            return
        content = reply.content
        handler.send_response(reply.status)
        headers = {"Content-Length": str(len(content)), "x-amz-crc32": str(crc32(content)), **reply.headers}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content[:1] if reply.deed == "breaks off" else content)


@pytest.fixture
def service() -> Iterator[AwsStub]:
    """A service on loopback."""
    stub = AwsStub()
    yield stub
    stub.stop()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between tries, of which none is waited for and each is the longest that chance allows."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    monkeypatch.setattr(random, "random", lambda: 1.0)
    original = ExponentialBackoff.__init__

    def longest(self: ExponentialBackoff, **arguments: Any) -> None:
        original(self, **{**arguments, "random": lambda: 1.0})

    monkeypatch.setattr(ExponentialBackoff, "__init__", longest)
    return found


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, service: AwsStub) -> Iterator[None]:
    """What Lambda sets, with AWS on loopback; and short patience."""
    for name, value in {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "a token",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "_X_AMZN_TRACE_ID": "Root=1-2;Parent=3;Sampled=1;Lineage=é",
        "AWS_ENDPOINT_URL": service.url,
    }.items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if direct._SDK_ONLY.fullmatch(name)]:  # noqa: SLF001 - this machine's own
        monkeypatch.delenv(name)
    for module in (aws, direct):
        monkeypatch.setattr(module, "READ_SECONDS", TIMEOUT)
    forget()
    yield
    forget()


def forget() -> None:
    """Make the next clients afresh."""
    for maker in (direct.dynamodb, direct.secrets_manager):
        if maker.cache_info().currsize and isinstance(client := maker(), DirectClient):
            client.close()
    for made in (aws._session, aws.dynamodb, aws.secrets_manager, direct.dynamodb, direct.secrets_manager):  # noqa: SLF001
        made.cache_clear()


def clients(kind: Service) -> tuple[Client, Client]:
    """Return our way and the SDK's."""
    ours = {DYNAMODB: direct.dynamodb, SECRETS_MANAGER: direct.secrets_manager}[kind]()
    assert isinstance(ours, DirectClient)
    return ours, SdkClient(kind.name)


def outcome(call: Callable[[], Any]) -> tuple[str, Any]:
    """Return what came of a call, in a form in which ours and the SDK's can be compared."""
    try:
        found = call()
    except ServiceError as error:
        return "refused", error.code
    except NoAnswerError as error:
        return "no answer", str(error)
    return "answered", {name: value for name, value in found.items() if name != "ResponseMetadata"}


def test_request_is_the_same(service: AwsStub) -> None:
    """The same parameters go over the wire, in the same protocol."""
    for client in clients(DYNAMODB):
        client.call("PutItem", **PUT)
    (ours, our_body), (sdk, sdk_body) = service.requests
    assert json.loads(our_body) == json.loads(sdk_body)
    for name in ("content-type", "x-amz-target", "host", "x-amz-security-token", "x-amzn-trace-id", "accept-encoding"):
        assert ours[name] == sdk[name], name


@pytest.mark.parametrize("token", ["a token", ""])
def test_signature_is_the_same(service: AwsStub, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's signer signs our request as we do."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    clients(DYNAMODB)[0].call("PutItem", **PUT)
    headers, body = service.requests[0]
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("POST", service.url, {name: headers[name] for name in names if name != "x-amz-date"}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(
        Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token or None), "dynamodb", REGION
    )
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert headers["authorization"].endswith(f"Signature={signer.signature(text, request)}")
    assert set(names) >= {"host", "x-amz-date", "x-amz-target", "content-type"}


SCRIPTS: dict[str, list[Reply]] = {
    "success": [Reply()],
    "success without a body": [Reply(body="")],
    "condition": [Reply(400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"})],
    "validation": [Reply(400, {"__type": "com.amazon.coral.validate#ValidationException", "message": "no"})],
    "code with an address": [Reply(400, {"__type": "AccessDeniedException:http://internal.amazon.com/"})],
    "no code": [Reply(400, {})],
    "throttled once": [Reply(400, TOO_BUSY), Reply()],
    "throttled for long": [Reply(400, TOO_BUSY)],
    "hot key": [Reply(400, {"__type": "x#ProvisionedThroughputExceededException"})],
    "limit": [Reply(400, {"__type": "LimitExceededException"})],
    "transaction in progress": [Reply(400, {"__type": "TransactionInProgressException"}), Reply()],
    "too many requests, nameless": [Reply(429, "")],
    "too many requests, of an unknown name": [Reply(429, {"__type": "SomethingNew"})],
    "asked to wait": [Reply(503, {}, {"x-amz-retry-after": "3000"}), Reply()],
    "asked to wait long": [Reply(400, TOO_BUSY, {"x-amz-retry-after": "60000"}), Reply()],
    "asked to wait for nonsense": [Reply(503, {}, {"x-amz-retry-after": "soon"}), Reply()],
    "fault once": [Reply(500, {"__type": "InternalServerError"}), Reply()],
    "fault for long": [Reply(500, {"__type": "InternalServerError"})],
    "page of a proxy": [Reply(502, "<html><body>Bad Gateway</body></html>")],
    "empty fault": [Reply(503, "")],
    "gateway timeout": [Reply(504, "late"), Reply()],
    "not implemented": [Reply(501, {"__type": "Odd"})],
    "moved": [Reply(301, "")],
    "hangs": [Reply(deed="hangs")],
    "hangs once": [Reply(deed="hangs"), Reply()],
    "hangs up": [Reply(deed="hangs up")],
    "hangs up once": [Reply(deed="hangs up"), Reply()],
    "expired": [Reply(400, {"__type": "ExpiredTokenException"})],
}


@pytest.mark.parametrize("kind", [DYNAMODB, SECRETS_MANAGER], ids=lambda kind: kind.name)
@pytest.mark.parametrize("script", SCRIPTS)
def test_agrees_with_the_sdk(script: str, kind: Service, service: AwsStub, waits: list[float]) -> None:
    """The outcome, the number of tries and the waits between them are the SDK's."""
    found = []
    for client in clients(kind):
        service.replies = list(SCRIPTS[script])
        service.requests.clear()
        waits.clear()
        ask = partial(client.call, "PutItem", **PUT) if kind is DYNAMODB else partial(client.call, *READ, **SECRET)
        found.append((outcome(ask), len(service.requests), [round(wait, 6) for wait in waits if wait]))
    assert found[0] == found[1]


def test_garbled_answer_of_dynamodb(service: AwsStub, waits: list[float]) -> None:
    """An answer that does not fit its checksum is asked for again, as the SDK does."""
    for client in clients(DYNAMODB):
        service.replies = [Reply(headers={"x-amz-crc32": "1"}), Reply()]
        service.requests.clear()
        client.call("PutItem", **PUT)
        assert len(service.requests) == 2
    assert len(waits) == 2


def test_answer_that_breaks_off(service: AwsStub, waits: list[float]) -> None:
    """It is no answer, and asked for again."""
    service.replies = [Reply(body={"SecretString": "x"}, deed="breaks off"), Reply(body={"SecretString": "x"})]
    assert clients(SECRETS_MANAGER)[0].call("GetSecretValue", SecretId="callback")["SecretString"] == "x"
    assert len(waits) == 1


def test_nobody_listens(service: AwsStub, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection is tried again and has the SDK's name."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{ADDRESS}:9")
    del service
    found = [(outcome(partial(client.call, "PutItem", **PUT)), len(waits)) for client in clients(DYNAMODB)]
    assert found == [(("no answer", "EndpointConnectionError"), 2), (("no answer", "EndpointConnectionError"), 4)]


def test_service_that_is_away_for_long(service: AwsStub, waits: list[float]) -> None:
    """In time fewer calls are tried again; once the service is back, all are."""
    counts = []
    for client in clients(DYNAMODB):
        service.requests.clear()
        tries = []
        for reply in [*[Reply(500)] * 25, *[Reply()] * 20, *[Reply(500)] * 3]:
            service.replies = [reply]
            before = len(service.requests)
            outcome(partial(client.call, "PutItem", **PUT))
            tries.append(len(service.requests) - before)
        counts.append(tries)
    assert counts[0] == counts[1]
    assert {1, 2, 3} <= set(counts[0])
    assert waits


def test_cancelled_transaction_has_its_reasons(service: AwsStub) -> None:
    """What the storing of parking events looks at is where the SDK has it, and each transaction has a token."""
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "no"}]
    service.replies = [Reply(400, {"__type": "x#TransactionCanceledException", "CancellationReasons": reasons})]
    for client in clients(DYNAMODB):
        with pytest.raises(ServiceError) as caught:
            client.call("TransactWriteItems", TransactItems=[{"Put": {"TableName": "events", "Item": PUT["Item"]}}])
        assert caught.value.code == "TransactionCanceledException"
        assert [reason["Code"] for reason in caught.value.body["CancellationReasons"]] == [
            "None",
            "ConditionalCheckFailed",
        ]
    assert all(json.loads(body)["ClientRequestToken"] for _, body in service.requests)


def test_retried_transaction_is_the_same(service: AwsStub, waits: list[float]) -> None:
    """By its token DynamoDB knows a retry; the next transaction has another."""
    service.replies = [Reply(500), Reply()]
    client = direct.dynamodb()
    for _ in range(2):
        client.call("TransactWriteItems", TransactItems=[])
    tokens = [json.loads(body)["ClientRequestToken"] for _, body in service.requests]
    assert tokens[0] == tokens[1] != tokens[2]
    assert waits


def test_connection_is_kept_and_made_anew(service: AwsStub, waits: list[float]) -> None:
    """One connection serves many calls; one that was closed while the function was frozen costs no try."""
    client = direct.dynamodb()
    for closes in (False, False, True, False):
        service.replies = [Reply(headers={"Connection": "close"} if closes else {})]
        client.call("PutItem", **PUT)
    assert len(service.requests) == 4
    assert not waits


def test_server_closes_an_idle_connection(service: AwsStub, waits: list[float]) -> None:
    """It is noticed before anything is sent."""
    client = direct.dynamodb()
    client.call("PutItem", **PUT)
    port = service.server.server_address[1]
    service.stop()
    service.server = ThreadingHTTPServer((ADDRESS, port), service.server.RequestHandlerClass)
    assert isinstance(client, DirectClient)
    sock = client._line._connection  # noqa: SLF001 - stands in for a server that hangs up
    assert sock
    sock.sock.shutdown(2)
    service.thread = threading.Thread(target=service.server.serve_forever, args=(0.02,), daemon=True)
    service.thread.start()
    client.call("PutItem", **PUT)
    assert not waits


def test_addresses_are_those_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every region of the main partition."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    session = botocore.session.get_session()
    for kind in (DYNAMODB, SECRETS_MANAGER):
        regions = [region for region in session.get_available_regions(kind.name) if "fips" not in region]
        assert REGION in regions
        for region in regions:
            url = direct._endpoint(kind, region)  # noqa: SLF001 - what is tested
            assert direct._plain(region)  # noqa: SLF001 - the same
            assert url
            assert url.geturl() == session.create_client(kind.name, region_name=region).meta.endpoint_url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_DEFAULT_REGION", "cn-north-1"),
        ("AWS_DEFAULT_REGION", "us-gov-west-1"),
        ("AWS_DEFAULT_REGION", ""),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9001/credentials"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_CA_BUNDLE", "bundle.pem"),
        ("AWS_PROFILE", "other"),
        ("AWS_CONFIG_FILE", "config"),
        ("https_proxy", "http://proxy.example.com"),
        ("HTTPS_PROXY", "http://proxy.example.com"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "https://example.com/below/a/path"),
        ("AWS_ENDPOINT_URL", "https://user@example.com"),
    ],
)
def test_leaves_the_rest_to_the_sdk(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else decides where or how the SDK calls, the SDK decides."""
    made: list[str] = []
    monkeypatch.setattr("hookswitch.sdk.SdkClient", made.append)
    monkeypatch.setenv(name, value)
    direct.dynamodb()
    assert made == ["dynamodb"]


def test_own_address_goes_before_the_general_one(monkeypatch: pytest.MonkeyPatch, service: AwsStub) -> None:
    """A service's own variable decides, as in the SDK."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", service.url)
    direct.secrets_manager().call("GetSecretValue", SecretId="callback")
    assert len(service.requests) == 1


def test_traces_need_no_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Lambda sets besides when it traces leaves hooks to their own way."""
    monkeypatch.setenv("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR")
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000")
    monkeypatch.setattr("hookswitch.sdk.SdkClient", pytest.fail)
    direct.dynamodb()
    direct.secrets_manager()
