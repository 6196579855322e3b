"""The third part: end to end on the emulator, from a request to its response, its item and its message."""

import concurrent.futures
import http.client
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from bench.local import HERE, WITH_BYTECODE
from devtools import aws, emulator, stack
from devtools.dash import launch
from devtools.hook_types import payload_type
from devtools.inbox import Inbox
from devtools.local import DASH_ACCOUNT_ID
from devtools.processes import end_tree
from devtools.stack import Stack
from hookswitch.events.event import event_key
from simulator.encoding import encode_json
from simulator.payloads import payload

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

HOOK = "missed_call"
SENDERS = (1, 8, 32)
LIMIT = 60.0  # seconds that a message may take
BATCH = 100  # keys per lookup in DynamoDB


@dataclass(frozen=True)
class Clocked:
    """Seconds for each event from the request until the response, the item, and a subscriber's message."""

    answered: list[float]
    stored: list[float]
    received: list[float]


class Watch:
    """Polls the table for events and a queue for messages."""

    def __init__(self, table: str, dynamodb: "DynamoDBClient", inbox: Inbox) -> None:
        self.sent: dict[str, float] = {}
        self.stored: dict[str, float] = {}
        self.received: dict[str, float] = {}
        self._table, self._dynamodb, self._inbox = table, dynamodb, inbox
        self._over = threading.Event()
        self._threads = [threading.Thread(target=look) for look in (self._look_at_table, self._look_at_inbox)]

    def __enter__(self) -> Self:
        """Start polling."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop polling."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait(self) -> None:
        """Wait until everything that was sent has arrived."""
        deadline = time.monotonic() + LIMIT
        while not self.sent.keys() <= self.stored.keys() & self.received.keys():
            if time.monotonic() > deadline:
                raise SystemExit("Some messages did not arrive.")
            time.sleep(0.02)

    def _look_at_table(self) -> None:
        while not self._over.wait(0.002):
            missing = [key for key in tuple(self.sent) if key not in self.stored][:BATCH]
            if not missing:
                continue
            keys = [{"event_id": {"S": key}} for key in missing]
            answer = self._dynamodb.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ProjectionExpression": "event_id", "ConsistentRead": True}}
            )
            now = time.monotonic()
            for item in answer["Responses"].get(self._table, []):
                self.stored.setdefault(item["event_id"]["S"], now)

    def _look_at_inbox(self) -> None:
        seen = 0
        while not self._over.wait(0.002):
            messages = self._inbox.read()
            now = time.monotonic()
            for message in messages[seen:]:
                self.received.setdefault(message.id, now)
            seen = len(messages)


def clock(events: int) -> Mapping[int, Clocked]:
    """Deploy the stack to an emulator of its own, send events with 1, 8 and 32 senders, and clock each."""
    port = emulator.free_port()
    with emulator.running(port, HERE / "emulator") as running:
        dash = launch(emulator.free_port(), running.endpoint, HERE)
        try:
            url = f"http://{emulator.ADDRESS}:{_port_of(dash.args)}/v2"
            deployed = stack.deploy(
                running.endpoint, overrides={"DashApiUrl": url}, template=WITH_BYTECODE / "template.yaml"
            )
            return {senders: _send(deployed, senders, events) for senders in SENDERS}
        finally:
            end_tree(dash.pid)
            dash.wait()


def _port_of(command: object) -> str:
    assert isinstance(command, list)  # noqa: S101 - tells the type checker
    port: str = command[command.index("--port") + 1]
    return port


def _send(deployed: Stack, senders: int, events: int) -> Clocked:
    endpoint = deployed.endpoint
    path = urlsplit(deployed.url(HOOK))
    with Inbox(aws.sns(endpoint), aws.sqs(endpoint), deployed.outputs["EventsTopicArn"]) as inbox:
        # Each sender's first request may be a cold start, which is measured elsewhere.
        with concurrent.futures.ThreadPoolExecutor(senders) as pool:
            list(pool.map(lambda _: post(path.port or 80, path.path, _body()[1]), range(senders * 3)))
        with Watch(deployed.outputs["EventsTableName"], aws.dynamodb(endpoint), inbox) as watch:

            def deliver(_: int) -> tuple[str, float]:
                key, body = _body()
                watch.sent[key] = time.monotonic()
                post(path.port or 80, path.path, body)
                return key, time.monotonic()

            with concurrent.futures.ThreadPoolExecutor(senders) as pool:
                answered = dict(pool.map(deliver, range(events)))
            watch.wait()
    return Clocked(
        [answered[key] - began for key, began in watch.sent.items()],
        [watch.stored[key] - began for key, began in watch.sent.items()],
        [watch.received[key] - began for key, began in watch.sent.items()],
    )


def _body() -> tuple[str, bytes]:
    """Return a new missed call and its key."""
    event = payload(HOOK, rng=random.SystemRandom(), now=time.time(), account_id=DASH_ACCOUNT_ID)
    typed, _ = payload_type(HOOK).parse(event)
    return event_key(HOOK, *typed.identity()), encode_json(event)


def post(port: int, path: str, body: bytes) -> None:
    """Deliver a body, which a hook has to accept."""
    connection = http.client.HTTPConnection(emulator.ADDRESS, port, timeout=LIMIT)
    connection.request("POST", path, body, {"content-type": "application/json", "x-account-id": DASH_ACCOUNT_ID})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:  # noqa: PLR2004 - the only status that Dash accepts
        raise SystemExit(f"A hook answered {answer.status}: {text[:200]!r}")
