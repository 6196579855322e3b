"""A stack at work in this process: the real handlers, in-memory services, a simulated Dash, and a scheduler."""

import contextlib
import io
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, override
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import urllib3
from botocore.exceptions import ReadTimeoutError

from functions.publish import handler as publish
from functions.redrive import handler as redrive
from hookswitch.receiving.receiver import Handler, receiver
from simulator.api import DashApi
from simulator.attempts import Attempt, AttemptLog
from simulator.dash import Dash
from simulator.envelope import Call
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from simulator.transport import ClientError as SenderError
from simulator.transport import Request, Response
from tests.interleaving.scheduler import Scheduler, Task
from tests.interleaving.services import Message, Queues, Stream, Topic
from tests.receiving import event as event_from
from tests.receiving import payload_type, rest_event
from tests.unit.doubles import Context, usual_secrets
from tests.unit.reconcile.table import Table

HOOKS = ("channel_create", "channel_destroy", "parking", "missed_call")
START = 1_795_000_000.0
REDRIVE_QUEUE, PUBLISH_QUEUE = "https://sqs/redrive", "https://sqs/unpublished"
PARKING = "parking"


@cache
def hook_handler(hook: str) -> Handler:
    """Return a hook's handler, in an environment of its own."""
    return receiver(payload_type(hook))


@dataclass
class World:
    """What there is of one run.

    Attributes:
        scheduler: Decides.
        now: The clock of all, in Unix seconds.
        fired: The events that Dash has begun to send, by the key of their item.
        owed: Those of them of which Dash has made an attempt: each must be stored and published.
        senders: The key of the event that each sends.
    """

    scheduler: Scheduler
    now: float = START
    fired: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    owed: set[str] = field(default_factory=set)
    senders: dict[Task, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the services."""
        self.table = Table()
        self.stream = Stream(self.table)
        self.queues = Queues(lambda: self.now, {REDRIVE_QUEUE: [], PUBLISH_QUEUE: []})
        bad = self.scheduler.rng.randrange(16)
        self.topic = Topic(self.scheduler, lambda key: int(key[0], 16) == bad)
        self.dash = Dash(retry_interval=0, clock=lambda: self.now, keep_successes=self.scheduler.rng.random() < 0.3)
        self.dash.sender.transport = self  # type: ignore[assignment]
        self.dash.sender.log = Attempts(self, keep_successes=self.dash.keep_successes)
        self.api = DashApi(self.dash)
        self.secrets = usual_secrets()
        self.publishing: Task | None = None

    # Lambda

    def start(self, name: str, handler: Callable[[Any, Any], Any], event: object, seconds: float = 100) -> Task:
        """Invoke a function, in an environment of its own."""
        return self.scheduler.spawn(name, lambda: handler(event, Context(seconds)))

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:
        """Invoke a function for another one, as Lambda does; the caller waits, whatever becomes of the function."""
        event = json.loads(Payload)
        handler = publish.handler if FunctionName == "publish" else hook_handler(event["redelivery"]["hook"])
        callee = self.start(f"{FunctionName} for {self._me}", handler, event)
        self.scheduler.wait_for(callee)
        if callee.error:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorType": "Sandbox.Timedout"}')}
        return {"Payload": io.BytesIO(json.dumps(callee.result).encode())}

    @property
    def _me(self) -> str:
        task = self.scheduler.running()
        return task.name if task else "the test"

    # Dash, which sends

    def fire(self, number: int) -> None:
        """Let an event happen; its sender is a task for each webhook."""
        hook = self.scheduler.rng.choice(HOOKS)
        sent = payload(hook, rng=random.Random(self.scheduler.rng.random()), now=self.now)
        key = str(sent["call_id"]) if hook == PARKING else event_from(hook, sent).key
        for webhook in self.dash.webhooks(DEFAULT_ACCOUNT_ID):
            if webhook.enabled and webhook.uri.split("/")[-2] == hook:
                self.fired[key] = sent
                deliver: Callable[[], object] = partial(self.dash.sender.deliver, webhook, sent)
                self.senders[self.scheduler.spawn(f"sender {number} of {hook}", deliver)] = key

    def send(self, request: Request) -> Response:
        """Take a request of Dash's to API Gateway and the hook's function."""
        hook, token = urlsplit(request.url).path.split("/")[-2:]
        event = rest_event(request.body, headers=dict(request.headers), pathParameters={"token": token})

        def handled() -> Response:
            function = self.start(f"hook of {self._me}", hook_handler(hook), event, 25)
            self.scheduler.wait_for(function)
            if function.error:
                return Response(502, {}, b'{"message": "Internal server error"}')
            answer: Any = function.result
            return Response(answer["statusCode"], {}, answer["body"].encode())

        return self.scheduler.call("API Gateway", hook, handled, lambda _: SenderError("failed_connect: econnrefused"))

    # Dash's API, without HTTP: takes the place of urllib3's pool

    def request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], **_: Any) -> Any:
        """Carry out a call of the API."""
        target = urlsplit(url)
        path = tuple(target.path.strip("/").split("/")[1:])
        data = json.loads(body)["data"] if body else {}

        def answer() -> Any:
            call = Call(method, path, dict(parse_qsl(target.query)), data, headers.get("x-auth-token"))
            status, envelope = self.api.answer(call)
            return mock.Mock(status=status, data=json.dumps(envelope).encode(), headers={})

        return self.scheduler.call("Dash", f"{method} {path[-1]}", answer, lambda _: urllib3.exceptions.HTTPError())

    # What Lambda's pollers do

    def poll_queue(self, url: str) -> None:
        """Hand visible messages to redrive, and delete those that it has done."""
        messages = self.queues.receive(url, self.scheduler.rng.randint(1, 5))
        if messages:
            self.scheduler.spawn(f"poller of {url}", partial(self._redrive, url, messages))

    def _redrive(self, url: str, messages: list[Message]) -> None:
        function = self.start(
            f"redrive of {[each.number for each in messages]}", redrive.handler, _batch(url, messages)
        )
        self.scheduler.wait_for(function)
        if function.error:
            return
        answer: Any = function.result
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            if str(message.number) not in failed:
                with contextlib.suppress(ReadTimeoutError):
                    delete = partial(self.queues.delete, url, message)
                    self.scheduler.call("SQS", "delete_message", delete, lambda _: ReadTimeoutError(endpoint_url=""))

    def poll_stream(self) -> None:
        """Hand records to publish, unless it is at work: a shard has one function at a time."""
        if self.stream.left and not (self.publishing and not self.publishing.done):
            size = self.scheduler.rng.choice([1, 3, 100])
            self.publishing = self.scheduler.spawn("poller of the stream", partial(self._publish, size))

    def _publish(self, size: int) -> None:
        records = self.stream.records(self.stream.position, self.stream.position + size)
        function = self.start("publish", publish.handler, {"Records": records}, 120)
        self.scheduler.wait_for(function)
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        answer: Any = function.result
        if not function.error:
            failed = [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]
            self.stream.position = min(failed, default=numbers[-1] + 1)
        elif self.scheduler.rng.random() < 0.3:  # as if it had failed for six hours
            self.queues.send_message(QueueUrl=PUBLISH_QUEUE, MessageBody=json.dumps(_pointer(numbers)))
            self.stream.position = numbers[-1] + 1

    # CloudFormation

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        """Do as CloudFormation does."""
        return {"Stacks": [{"StackName": StackName, "StackStatus": "UPDATE_COMPLETE"}]}

    def list_functions(self) -> list[dict[str, Any]]:
        """Return the stack's functions."""
        return [
            {
                "LogicalResourceId": hook.title().replace("_", ""),
                "PhysicalResourceId": hook,
                "ResourceType": "AWS::Lambda::Function",
            }
            for hook in HOOKS
        ]

    def get_paginator(self, operation: str) -> "Paginator":
        """Do as botocore does."""
        assert operation == "list_stack_resources"
        return Paginator(self)


class Attempts(AttemptLog):
    """Dash's attempt log, which notes what is owed: a sender that was killed before it logged anything owes nothing."""

    def __init__(self, world: World, *, keep_successes: bool) -> None:
        super().__init__(keep_successes=keep_successes)
        self._world = world

    @override
    def add(self, attempt: Attempt) -> None:
        if task := self._world.scheduler.running():
            self._world.owed.add(self._world.senders[task])
        super().add(attempt)


@dataclass
class Paginator:
    """What goes through the stack's resources."""

    world: World

    def paginate(self, *, StackName: str) -> list[dict[str, Any]]:
        """Do as CloudFormation does."""
        assert StackName
        return [{"StackResourceSummaries": self.world.list_functions()}]


def _batch(url: str, messages: list[Message]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": str(message.number),
                "receiptHandle": str(message.number),
                "body": message.body,
                "attributes": {"ApproximateReceiveCount": str(message.receives)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{url.rpartition('/')[2]}",
                "awsRegion": "us-east-1",
            }
            for message in messages
        ]
    }


def _pointer(numbers: list[int]) -> dict[str, Any]:
    batch = {"startSequenceNumber": str(numbers[0]), "endSequenceNumber": str(numbers[-1])}
    return {"DDBStreamBatchInfo": {"streamArn": "stream", "shardId": "shard", "batchSize": len(numbers), **batch}}
