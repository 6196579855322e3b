"""AWS on loopback, by a script, and both ways to it."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override
from zlib import crc32

from hookswitch.aws import hook_clients
from hookswitch.aws.direct import DirectClient
from hookswitch.aws.protocol import DYNAMODB, SECRETS_MANAGER, Client, Service
from hookswitch.aws.via_botocore import SdkClient
from hookswitch.errors import NoAnswerError, ServiceError

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
        self.credentials: list[Reply] = []
        self.done = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stub._reply(self, stub.credentials.pop(0))

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
        self._reply(handler, self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])

    def _reply(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
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


def clients(kind: Service) -> tuple[Client, Client]:
    """Return our way and the SDK's."""
    ours = {DYNAMODB: hook_clients.dynamodb, SECRETS_MANAGER: hook_clients.secrets_manager}[kind]()
    assert isinstance(ours, DirectClient)
    return ours, SdkClient(kind)


def outcome(call: Callable[[], Any]) -> tuple[str, Any]:
    """Return what came of a call, in a form in which ours and the SDK's can be compared."""
    try:
        found = call()
    except ServiceError as error:
        return "refused", error.code
    except NoAnswerError as error:
        return "no answer", str(error)
    return "answered", {name: value for name, value in found.items() if name != "ResponseMetadata"}
