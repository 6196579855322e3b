"""The stacks that the fault matrix runs on: the real template, a Dash for each, and fault proxies for each function.

All stacks share one emulator. A function's environment variables point its clients to its own proxies, so a fault
affects only that function, and every recorded call belongs to it.
"""

import json
import time
import urllib.request
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote
from uuid import uuid4

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

from devtools import aws, emulator
from devtools.emulator import Emulator
from devtools.inbox import Inbox
from devtools.local import ACCESS_KEY, REGION, SECRET_KEY
from devtools.waiting import wait_for
from hookswitch.dash.hooks import DEFAULT_HOOKS
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.payloads import payload
from simulator.receivers.server import Receiver
from simulator.transport import emulator_resolver
from tests.faults import Call, FaultProxies
from tests.integration import operators
from tests.integration.deployed import IMPATIENT, Deployed, uploaded

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_sqs import SQSClient

CHOSEN = {"ReconcileRate": "off", "TableDeletionProtection": "false", "OperatorRoleArn": operators.ARN}
QUEUES = {"RedriveQueue": "the redrive queue", "PublishDeadLetterQueue": "the publish dead-letter queue"}
DEDICATED = DEFAULT_HOOKS  # without the catch-all, one event is one delivery
BEHIND = ("Publish", "Calls", "Redrive", "Provision", "Rotate", "Reconcile")
SENDING = ("Route", "Send")
AT_ONCE = 20  # destinations that are served
# Seconds: a message can share a batch with one whose function hangs, and both leave the queue together.
LIMIT = 150.0
PLAIN = TypeDeserializer().deserialize


@dataclass
class Clients:
    """Clients that bypass the fault proxies."""

    dynamodb: "DynamoDBClient"
    streams: "DynamoDBStreamsClient"
    functions: "LambdaClient"
    sqs: "SQSClient"
    secrets: Any
    operator: "SQSClient"

    @classmethod
    def of(cls, endpoint: str) -> "Clients":
        """Create them for an emulator that has no operator yet; only the operator's client may send to queues."""
        session = cast(
            "Any", boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION)
        )
        patient = Config(
            proxies={}, read_timeout=200, retries={"total_max_attempts": 1}, max_pool_connections=64, connect_timeout=5
        )
        names = {"dynamodb": "dynamodb", "streams": "dynamodbstreams", "functions": "lambda", "sqs": "sqs"}
        names["secrets"] = "secretsmanager"
        operator = cast("Any", operators.session(endpoint)).client("sqs", endpoint_url=endpoint, config=patient)
        made = {name: session.client(service, endpoint_url=endpoint, config=patient) for name, service in names.items()}
        return cls(**made, operator=operator)


@dataclass(frozen=True)
class Sent:
    """An event that Dash fired.

    Attributes:
        probe: A value in the event that finds it anywhere.
        status: The status of the response; None if there was none.
        outcome: The outcome in the response, such as `stored`.
        event_id: The event's key in the response.
        seconds: How long Dash waited.
    """

    probe: str
    status: int | None
    outcome: str
    event_id: str
    seconds: float

    @property
    def told(self) -> str:
        """The response that Dash got."""
        return f"{self.status}, {self.outcome}" if self.outcome else str(self.status)


@dataclass
class Site:
    """One stack, and everything around it."""

    deployed: Deployed
    proxies: Mapping[str, FaultProxies]
    clients: Clients
    hooks: Sequence[str]
    resources: Mapping[str, str]
    inbox: Inbox
    receiver: Receiver

    def fire(self, hook: str, **fields: Any) -> Sent:
        """Fire an event."""
        probe, account = uuid4().hex, self.deployed.account.id
        sent = payload(hook, account_id=account, probe=probe, **fields)
        began = time.monotonic()
        (firing,) = self.dash.fire(account, hook, sent)
        last = firing.attempts[-1]
        try:
            said = json.loads(last.resp_body)
        except ValueError:
            said = {}
        return Sent(
            probe, last.status, said.get("status", ""), said.get("event_id", ""), seconds=time.monotonic() - began
        )

    @property
    def dash(self) -> Dash:
        """The phone system."""
        return self.deployed.api.dash

    def faults(self, hook: str) -> FaultProxies:
        """Return the proxies of a hook's function."""
        return self.proxies[function_of(hook)]

    def invoke(self, function: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke a function and return its response, even if it is an error."""
        answer = self.clients.functions.invoke(
            FunctionName=self.resources[function], Payload=json.dumps(asked, default=str)
        )
        said = json.loads(answer["Payload"].read() or b"null")
        return said if isinstance(said, dict) else {"said": said}

    def items(self, probe: str, kind: str = "event") -> list[dict[str, Any]]:
        """Return the items of an event."""
        table = self.resources["EventsTable"]
        pages = self.clients.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        found = [{name: PLAIN(value) for name, value in item.items()} for page in pages for item in page["Items"]]
        return [item for item in found if item["kind"] == kind and probe in str(item)]

    def rows(self, owner: str) -> list[dict[str, Any]]:
        """Return the rows of a partition of the table of destinations."""
        found = self.clients.dynamodb.query(
            TableName=self.resources["DestinationsTable"],
            KeyConditionExpression="#owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": owner}},
            ConsistentRead=True,
        )
        return [{name: PLAIN(value) for name, value in row.items()} for row in found["Items"]]

    def messages(self, probe: str) -> int:
        """Return how many messages subscribers got for an event."""
        return sum(probe in str(message.event["data"]) for message in self.inbox.read())

    def queued(self, queue: str) -> list[str]:
        """Return the messages in a queue, including those in flight, with base64 bodies decoded."""
        url = f"{self.deployed.endpoint}/_ministack/sqs/messages?QueueUrl={quote(self.resources[queue], safe='')}"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            accounts = json.load(answer)["messages"]
        queues = [messages for regions in accounts.values() for by in regions.values() for messages in by.values()]
        return [_readable(message["Body"]) for messages in queues for message in messages]

    def where(self, probe: str, event_id: str = "") -> str:
        """Return all places where an event is."""
        table = ["the table"] if self.items(probe) else []
        queues = [
            name
            for queue, name in QUEUES.items()
            if any(probe in body or (event_id and event_id in body) for body in self.queued(queue))
        ]
        log = ["Dash's attempt log"] if self.in_log(probe) else []
        records = ["Dash's records"] if self.in_records(probe) else []
        return ", ".join([*table, *queues, *log, *records]) or "nowhere"

    def in_log(self, probe: str) -> bool:
        """Tell whether Dash's attempt log has an event."""
        attempts = self.dash.sender.log.newest_first(self.deployed.account.id)
        return any(probe in attempt.req_body.decode() for attempt in attempts)

    def in_records(self, probe: str) -> bool:
        """Tell whether Dash has a record of an event."""
        found = self.dash.records.all("cdrs", self.deployed.account.id, time.time())
        return any(probe in str(record.document) for record in found)

    def comes_in(self, probe: str) -> None:
        """Wait until the event is in the table and published."""
        wait_for(lambda: self.items(probe) and self.messages(probe), "the event is stored and published", LIMIT, 0.2)

    def leaves_the_queues(self, sent: Sent) -> None:
        """Wait until the event is in the table, published, and no longer in any queue."""
        self.comes_in(sent.probe)
        wait_for(lambda: "queue" not in self.where(sent.probe, sent.event_id), "it has left the queues", LIMIT, 0.2)

    def quiet(self) -> None:
        """Wait until all queues are empty."""
        wait_for(lambda: not any(self.queued(queue) for queue in QUEUES), "the queues are empty", LIMIT, 0.2)

    def calls(self) -> Iterator[tuple[str, str, Call]]:
        """Yield all calls by functions: the function's logical id, the service, the call."""
        for function, proxies in self.proxies.items():
            for proxy in proxies:
                for call in list(proxy.calls):
                    yield function, proxy.service, call

    def injected(self, function: str, service: str, match: str = "") -> int:
        """Return how many of a function's calls were affected by a fault."""
        return sum(call.injected and match in call.text for call in list(self.proxies[function][service].calls))


def function_of(hook: str) -> str:
    """Return the logical id of a hook's function."""
    return hook.title().replace("_", "")


def _readable(body: str) -> str:
    try:
        message = json.loads(body)
        return f"{body} {b64decode(message['redelivery']['body']).decode()}"
    except (KeyError, TypeError, ValueError):
        return body


class Environment:
    """Creates sites, one at a time."""

    def __init__(self, running: Emulator, template: Mapping[str, Any], undo: ExitStack) -> None:
        self._running, self._template, self._undo = running, template, undo
        self._clients = Clients.of(running.endpoint)

    def make(self, name: str, hooks: Iterable[str] = DEDICATED, *, sends: bool = False) -> Site:
        """Create a site with some hooks registered; it has destinations only if it `sends`."""
        hooks = sorted(hooks)
        receiver = self._undo.enter_context(Receiver())
        destinations = {
            "SendToDestinations": "on",
            "DestinationTestHosts": receiver.place,
            "DestinationConcurrency": str(AT_ONCE),
        }
        dash = Dash(resolver=emulator_resolver(self._running.endpoint), retry_interval=0.1)
        api = self._undo.enter_context(DashApi(dash))
        self._undo.callback(dash.close)
        template = json.loads(json.dumps(self._template))
        # No cell waits for calls, those of calls invoke the function, and on the emulator one thread runs all readers.
        del template["Resources"]["Calls"]["Properties"]["Events"]["Stream"]
        proxies: dict[str, FaultProxies] = {}
        for function in (*map(function_of, hooks), *BEHIND, *(SENDING if sends else ())):
            proxies[function] = self._undo.enter_context(FaultProxies(self._running.port))
            properties = template["Resources"][function]["Properties"]
            variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
            variables.update(proxies[function].environment)
        deployed = Deployed(self._running.endpoint, template, api, dash.add_account(uuid4().hex), name)
        status = deployed.create(Hooks=",".join(hooks), **CHOSEN | (destinations if sends else {}))
        if status != "CREATE_COMPLETE":
            raise AssertionError(f"{status}: {deployed.reasons}")
        endpoint, resources = deployed.endpoint, deployed.resources
        inbox = self._undo.enter_context(Inbox(aws.sns(endpoint), aws.sqs(endpoint), resources["EventsTopic"]))
        return Site(deployed, proxies, self._clients, hooks, dict(resources), inbox, receiver)


@contextmanager
def environment(directory: Path) -> Iterator[Environment]:
    """Start an emulator and upload the build to it."""
    with ExitStack() as undo:
        running = undo.enter_context(emulator.running(emulator.free_port(), directory, IMPATIENT))
        yield Environment(running, uploaded(running.endpoint), undo)
