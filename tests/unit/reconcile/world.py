"""An in-process stack and its Dash: Dash's deliveries reach the hook functions' own handlers.

Only the front door is missing: a delivery goes to its handler in the same way as a redelivery.
"""

import contextlib
import io
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from functions.reconcile import handler as reconcile
from hookswitch.aws import clients, hook_clients
from hookswitch.aws.protocol import DYNAMODB
from hookswitch.aws.via_botocore import SdkClient
from hookswitch.dash import client
from hookswitch.dash.client import DashClient
from hookswitch.dash.credentials import ApiKey
from hookswitch.dash.hooks import CATALOGUE, DISABLED
from hookswitch.deliveries.delivery import Delivery
from hookswitch.events.cloudevent import cloud_event, to_json
from hookswitch.events.envelope import NOTICED, RESTORED
from hookswitch.receiving.hook_functions import ALIAS
from hookswitch.reconcile import notification, redeliverer
from hookswitch.webhooks.apply import apply_desired
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership
from simulator.api import DashApi
from simulator.dash import DEFAULT_API_KEY, Dash
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from simulator.transport import ClientError, Request, Response
from simulator.webhooks import Webhook
from tests.receiving import hook_module
from tests.unit.doubles import Context, properties, usual_secrets
from tests.unit.reconcile.table import Table

HOOKS = ("channel_create", "channel_destroy", "parking", "missed_call")
BEHIND: Mapping[str, Mapping[str, Any]] = {"calls": {"events": 0}, "publish": {"unpublished": []}}  # and their answers
START = 1_795_000_000.0


class KilledError(BaseException):
    """Lambda ended a run."""


@dataclass
class World:
    """Dash, its API, the table and the functions.

    Attributes:
        now: Our clock, in Unix seconds.
        ahead: How many seconds Dash's clock is ahead of ours.
        loses_responses: Whether Dash gets 504 although the hook function has done its work.
        broken: What Dash gets instead of a hook function's response: a status, or 0 for no connection.
        down: Hooks whose functions fail when another function invokes them.
        invoked: The hook of each delivery that one function passed to another.
        stack_status: The stack's status in CloudFormation.
        queue: The messages in the redrive queue.
        listed: How often the stack's resources were listed.
        asked: What calls and publish were invoked with.
        kill_after: Ends a run, like a timeout on Lambda, after so many calls of hook functions.
        notified: The keys of notifications that SNS has invoked the function for.
        slept: How long each wait was for the next look at the webhooks, in seconds.
        during: Called whenever a run invokes a hook function.
    """

    legacy: bool = False
    now: float = START
    ahead: float = 0
    loses_responses: bool = False
    broken: int | None = None
    down: set[str] = field(default_factory=set)
    invoked: list[str] = field(default_factory=list)
    stack_status: str = "UPDATE_COMPLETE"
    table: Table = field(default_factory=Table)
    queue: list[dict[str, Any]] = field(default_factory=list)
    listed: int = 0
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    kill_after: int | None = None
    notified: set[str] = field(default_factory=set)
    slept: list[float] = field(default_factory=list)
    during: Callable[[], object] = lambda: None
    api: DashApi = field(init=False)

    def __post_init__(self) -> None:
        """Create a Dash whose requests arrive here."""
        self.dash = Dash(retry_interval=0, clock=lambda: self.now + self.ahead, legacy=self.legacy)
        self.dash.sender.transport = self  # type: ignore[assignment]
        self.secrets = usual_secrets()

    def send(self, request: Request) -> Response:
        """Receive a request, as Dash's transport."""
        if self.broken is not None:
            if not self.broken:
                raise ClientError("failed_connect: econnrefused")
            return Response(self.broken, {}, b"")
        hook = urlsplit(request.url).path.split("/")[-2]
        body, query = request.body.decode(), urlsplit(request.url).query
        sent = {"headers": dict(request.headers), "body": body, "rawQueryString": query}
        arrived = Delivery.from_api_gateway(sent, hook)
        answer = self.call(hook, self._received(arrived), queue=True)
        status = 504 if self.loses_responses else answer["statusCode"]
        return Response(status, {}, answer["body"].encode())

    def _received(self, arrived: Delivery) -> Delivery:
        message = arrived.to_message() | {"received_at": datetime.fromtimestamp(self.now, UTC).isoformat()}
        return Delivery.from_message(message)

    def call(self, hook: str, delivery: Delivery, *, queue: bool) -> dict[str, Any]:
        """Pass a delivery to a hook's handler."""
        event = {"redelivery": delivery.to_message(), "queue": queue}
        answer: dict[str, Any] = hook_module(hook).handler(event, Context())
        return answer

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:
        """Invoke a function, like Lambda."""
        hook = FunctionName.removeprefix("phones-").removesuffix(f":{ALIAS}")
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after < 0:
                self.table.away = True  # so that nothing after this has an effect
                raise KilledError
        self.invoked.append(hook)
        self.during()
        if hook in self.down:
            return {"Payload": io.BytesIO(b'{"errorType": "Boom"}'), "FunctionError": "Unhandled"}
        if hook in BEHIND:
            self.asked.append((hook, json.loads(Payload)))
            return {"Payload": io.BytesIO(json.dumps(BEHIND[hook]).encode())}
        answer = hook_module(hook).handler(json.loads(Payload), Context())
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:
        """Queue a message, like SQS."""
        assert QueueUrl == "queue"
        self.queue.append(json.loads(MessageBody))

    def redrive(self) -> None:
        """Process all queued deliveries."""
        while self.queue:
            delivery = Delivery.from_message(self.queue.pop()["redelivery"])
            assert self.call(delivery.hook, delivery, queue=False)["statusCode"] == 200

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        """Return the stack's status, like CloudFormation."""
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.stack_status}]}

    def get_paginator(self, operation: str) -> "World":
        """Return a paginator, like botocore."""
        assert operation == "list_stack_resources"
        return self

    def paginate(self, *, StackName: str) -> list[dict[str, Any]]:
        """Return one resource per page, like CloudFormation."""
        assert StackName.startswith("arn:")
        self.listed += 1
        return [
            {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": hook.title().replace("_", ""),
                        "PhysicalResourceId": f"phones-{hook}",
                        "ResourceType": "AWS::Lambda::Function",
                    }
                ]
            }
            for hook in (*CATALOGUE, *BEHIND)
        ]

    def miss(self, hook: str, times: int = 1, status: int = 500) -> None:
        """Fire events while the receiver fails."""
        self.broken = status
        for _ in range(times):
            self.fire(hook, payload(hook, now=self.now))
        self.broken = None

    def fire(self, hook: str, event: Mapping[str, Any]) -> int:
        """Fire an event; return how many webhooks Dash called for it."""
        return len(self.dash.fire(DEFAULT_ACCOUNT_ID, hook, event))

    def webhook(self, hook: str) -> Webhook:
        """Return the webhook of a hook."""
        return next(it for it in self.webhooks if f"/{hook}/" in it.uri)

    @property
    def webhooks(self) -> list[Webhook]:
        """The account's webhooks."""
        return self.dash.webhooks(DEFAULT_ACCOUNT_ID)

    @property
    def off(self) -> set[str]:
        """The hooks whose webhooks are disabled."""
        return {it.uri.split("/")[-2] for it in self.webhooks if not it.enabled}

    @property
    def published(self) -> list[str]:
        """The keys of Dash's events, in stream order."""
        return [key for key in self.table.inserted if not self._is_news(key)]

    @property
    def news(self) -> list[dict[str, Any]]:
        """The announcements, oldest first."""
        items = self.table.plain("event")
        return [items[key] for key in self.table.inserted if self._is_news(key)]

    def reconcile(self, seconds: float = 60.0, **event: Any) -> dict[str, Any]:
        """Run the function with a timeout of some seconds."""
        context: Any = Context(seconds)
        return dict(reconcile.handler(event, context))

    def reconcile_later(self, after: float = 300, **event: Any) -> dict[str, Any]:
        """Let some seconds pass, then run the function."""
        self.now += after
        return self.reconcile(**event)

    def notify(self, *, seconds: float = 60.0) -> list[dict[str, Any]]:
        """Have SNS invoke the function for each disabled webhook that Dash has told of since the last time.

        Returns what each run returned.
        """
        items = self.table.plain("event")
        told = [key for key in self.table.inserted if items[key]["hook"] == DISABLED and key not in self.notified]
        self.notified |= set(told)
        return [self.reconcile(seconds, **sns_event(items[key])) for key in told]

    def disable(self, hook: str) -> None:
        """Have Dash disable the webhook of a hook, and say so."""
        self.dash.disable(self.webhook(hook).id)

    def sleep(self, seconds: float) -> None:
        """Let time pass, as it does while a run waits."""
        self.slept.append(seconds)
        self.now += seconds

    def _is_news(self, key: str) -> bool:
        return self.table.items[key]["hook"]["S"] in {RESTORED, NOTICED}


def sns_event(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what SNS invokes a function with for an event (AWS Lambda, "Using AWS Lambda with SNS")."""
    published = {"MessageId": "a-message", "Message": to_json(cloud_event(item))}
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": published}]}


@contextlib.contextmanager
def running(
    *, hooks: tuple[str, ...] = HOOKS, on_drift: str = "repair", legacy: bool = False, **changed: str
) -> Iterator[World]:
    """Run a world whose webhooks are registered."""
    world = World(legacy=legacy)
    with contextlib.ExitStack() as exits:
        api = exits.enter_context(DashApi(world.dash))
        desired = Desired.from_properties(properties(ApiUrl=api.url, Hooks=",".join(hooks), **changed))
        environment = {
            "EVENTS_TABLE": "events",
            "CALLBACK_SECRET_ARN": desired.callback_secret_arn,
            "REDRIVE_QUEUE_URL": "queue",
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "DASH_ACCOUNT_ID": DEFAULT_ACCOUNT_ID,
            "INCLUDE_SUBACCOUNTS": "false",
            "HOOKS": ",".join(hooks),
            "RETENTION_DAYS": "0",
            "DASH_WEBHOOKS": desired.state(),
            "DESTINATIONS_TABLE": "destinations",
            "ON_DRIFT": on_drift,
            "DASH_READ_SECONDS": "0.5",
        }
        exits.enter_context(mock.patch.dict(os.environ, environment))
        for target, name, double in (
            (clients, "dynamodb", lambda **_: world.table),
            (clients, "secrets_manager", lambda: world.secrets),
            (clients, "sqs", lambda: world),
            (hook_clients, "dynamodb", lambda: SdkClient(DYNAMODB)),
            (clients, "lambda_", lambda _: world),
            (clients, "cloudformation", lambda: world),
            (redeliverer, "WORKERS", 1),
            (client, "BACKOFF_SECONDS", 0),
            (time, "time", lambda: world.now),
            (notification, "time", SimpleNamespace(time=lambda: world.now, sleep=world.sleep)),
        ):
            exits.enter_context(mock.patch.object(target, name, double))
        for retry in (client._SAFE, client._UNSAFE):  # noqa: SLF001 - created at import
            exits.enter_context(mock.patch.multiple(retry, backoff_factor=0, backoff_jitter=0))
        world.api = api
        to_dash = DashClient(api.url, ApiKey(api_key=DEFAULT_API_KEY))
        apply_desired(to_dash, desired, Ownership.of(desired))
        yield world
