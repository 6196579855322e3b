"""The stack on its own emulator, and the fixtures around it.

Emulator, build and deployment are those of the laptop commands, created once for all tests. The table, the topic
and the functions are shared, so each test creates its own events (with a new call id, message id and so on) and
looks only for their ids.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from boto3.dynamodb.types import TypeDeserializer
from pytest_localstack.session import RunningSession

from devtools import emulator as emulators
from devtools.console import local_users
from devtools.dash import simulator
from devtools.emulator import Emulator
from devtools.inbox import Inbox
from devtools.samlocal.docker import NoDockerError, daemon, reach
from devtools.stack import Stack, StackError
from hookswitch.dash.hooks import CATALOGUE, HOOKS
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.receivers.authority import Authority
from simulator.receivers.server import Receiver
from simulator.transport import emulator_resolver
from tests import contract
from tests.faults import FaultProxies
from tests.integration import operators
from tests.integration.delivering import Deliver
from tests.integration.deployed import IMPATIENT, deploy, uploaded
from tests.integration.here import Here, begin
from tests.integration.sessions import ROOT_USER, container_session, running_session

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

type Stored = Callable[[str], dict[str, Any] | None]
type Logs = Callable[[str], list[str]]
type OpenInbox = Callable[[dict[str, Any]], Inbox]

IN_CONTAINER = "localstack"
HERE = Path(__file__).parent
DESTINATION_QUEUE = "arn:aws:sqs:us-east-1:000000000000:calls-of-a-customer"
DESTINATION_BUS = "arn:aws:events:us-east-1:000000000000:event-bus/calls-of-a-customer"
LEFT_OUT = pytest.StashKey[bool]()  # whether a test of this folder was left out


@pytest.hookimpl(tryfirst=True)  # before -m evaluates the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, so that `-m "not integration"` excludes them.

    `make test` runs several processes. Tests that share the stack run in one of them, and so do the tests of a file
    with its own emulator. Tests that depend on all others run last.
    """
    files = {file for file in {item.path for item in items} if file.is_relative_to(HERE)}
    ours = [item for item in items if item.path in files]
    for item in ours:
        item.add_marker(pytest.mark.integration)
        shares = "stack" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("stack" if shares else item.path.stem))
    config.stash[LEFT_OUT] = files != set(HERE.rglob("test_*.py")) or "::" in str(config.args)
    items.sort(key=lambda item: item.get_closest_marker("comes_last") is not None)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remember that some tests were excluded. Those in containers do not count: no trail records what they do."""
    for item in items:
        if item.path.is_relative_to(HERE) and not item.get_closest_marker("docker"):
            item.config.stash[LEFT_OUT] = True


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """An emulator and a Dash of their own, and a user who has chosen what leads to them."""
    with begin(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("emulator")) as begun:
        yield begun


@pytest.fixture(scope="module")
def own_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator for the stacks of one file."""
    with emulators.running(emulators.free_port(), tmp_path_factory.mktemp("own"), IMPATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def packaged(own_emulator: Emulator, built: Path) -> dict[str, Any]:
    """The real template, with its code uploaded once for all stacks of the file."""
    del built
    return uploaded(own_emulator.endpoint)


@pytest.fixture(scope="session")
def emulator_port() -> int:
    """A free port for the emulator."""
    return emulators.free_port()


@pytest.fixture(scope="session")
def in_container(pytestconfig: pytest.Config) -> bool:
    """Whether AWS is emulated in a container (`--aws=localstack`) instead of the emulator that the tests start."""
    return bool(pytestconfig.getoption("--aws") == IN_CONTAINER)


@pytest.fixture(scope="session")
def fault_proxies(emulator_port: int) -> Iterator[FaultProxies]:
    """The proxies between the functions and the emulator; tests use `faults`."""
    with FaultProxies(emulator_port) as proxies:
        yield proxies


@pytest.fixture(scope="session")
def authority() -> Authority:
    """The authority whose certificates the functions trust at destinations."""
    return Authority()


@pytest.fixture(scope="session")
def https_receiver(authority: Authority) -> Iterator[Receiver]:
    """A server with TLS on which tests have their destinations, each at a path of its own."""
    with Receiver(authority.context()) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def emulator(
    emulator_port: int, fault_proxies: FaultProxies, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """MiniStack, whose functions reach AWS only through the fault proxies. It enforces IAM."""
    environment = ROOT_USER | fault_proxies.environment | {"CALLS_SETTLE_SECONDS": IMPATIENT["CALLS_SETTLE_SECONDS"]}
    environment |= {"CONSOLE_REFRESH_SECONDS": "2"}
    environment |= {"SSL_CERT_FILE": str(authority.write(tmp_path_factory.mktemp("authority")))}
    with emulators.running(emulator_port, tmp_path_factory.mktemp("emulator"), environment) as running:
        yield running


@pytest.fixture(scope="session")
def aws(request: pytest.FixtureRequest, *, in_container: bool) -> Iterator[RunningSession]:
    """pytest-localstack's session, on the emulator or in a container; it creates the clients below."""
    with ExitStack() as undo:
        if in_container:
            try:
                session = undo.enter_context(container_session(request.config.getoption("--localstack-image")))
            except NoDockerError as error:
                pytest.fail(str(error), pytrace=False)
        else:
            running: Emulator = request.getfixturevalue("emulator")
            session = undo.enter_context(running_session(running.reach.here, running.port))
        yield session


@pytest.fixture(scope="session")
def endpoint(aws: RunningSession) -> str:
    """The address of the emulated AWS."""
    return str(aws.endpoint_url("cloudformation"))


@pytest.fixture(scope="session")
def dash_api(endpoint: str, *, in_container: bool) -> Iterator[DashApi]:
    """The API of the Dash on which the stack registers its webhooks."""
    address = _bridge() if in_container else emulators.ADDRESS
    with DashApi(simulator(endpoint), address=address) as api:
        yield api


@pytest.fixture(scope="session")
def stack(
    endpoint: str, dash_api: DashApi, https_receiver: Receiver, built: Path, emulator_port: int, *, in_container: bool
) -> Stack:
    """The stack of template.yaml with all hooks, and with the page except in a container, which has no user pools.

    `stack.url("parking")` is a callback URL with its token, at an address that tests can reach; see also
    `stack.outputs`, `stack.resources` (physical ids by logical id) and `stack.parameters`.
    """
    del built
    try:
        chosen = {
            "DashApiUrl": dash_api.url,
            "ReconcileRate": "off",
            "ReconcileAtOnce": "off",  # tests send that notification, too
            "OperatorRoleArn": operators.ARN,
            "SubscriberAccounts": operators.SUBSCRIBER,
            "DestinationTestHosts": https_receiver.place,
            "DestinationArns": f"{DESTINATION_QUEUE},{DESTINATION_BUS}",
            **({} if in_container else local_users.parameters(emulator_port)),
        }
        return deploy(endpoint, chosen)
    except StackError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def cloudformation(aws: RunningSession) -> Iterator["CloudFormationClient"]:
    """A CloudFormation client."""
    yield from _client(aws, "cloudformation")


@pytest.fixture(scope="session")
def dynamodb(aws: RunningSession) -> Iterator["DynamoDBClient"]:
    """A DynamoDB client that bypasses the fault proxies."""
    yield from _client(aws, "dynamodb")


@pytest.fixture(scope="session")
def iam(aws: RunningSession) -> Iterator["IAMClient"]:
    """An IAM client."""
    yield from _client(aws, "iam")


@pytest.fixture(scope="session")
def lambda_(aws: RunningSession) -> Iterator["LambdaClient"]:
    """A Lambda client that bypasses the fault proxies."""
    yield from _client(aws, "lambda")


@pytest.fixture(scope="session")
def cloudwatch_logs(aws: RunningSession) -> Iterator["CloudWatchLogsClient"]:
    """A CloudWatch Logs client."""
    yield from _client(aws, "logs")


@pytest.fixture(scope="session")
def secretsmanager(aws: RunningSession) -> Iterator["SecretsManagerClient"]:
    """A Secrets Manager client that bypasses the fault proxies."""
    yield from _client(aws, "secretsmanager")


@pytest.fixture(scope="session")
def sns(aws: RunningSession) -> Iterator["SNSClient"]:
    """An SNS client that bypasses the fault proxies."""
    yield from _client(aws, "sns")


@pytest.fixture(scope="session")
def sqs(aws: RunningSession) -> Iterator["SQSClient"]:
    """An SQS client that bypasses the fault proxies."""
    yield from _client(aws, "sqs")


@pytest.fixture
def faults(fault_proxies: FaultProxies, *, in_container: bool) -> Iterator[FaultProxies]:
    """Faults of the services that the functions call, for this test only.

    `faults["dynamodb"].fail("PutItem", "InternalServerError", times=2)`; also `delay` and `lose_answer`.
    `faults["sns"].calls` has the functions' calls since the test began, and `count("Publish")` counts them.
    """
    if in_container:
        pytest.skip("A container's functions can't use the fault proxies.")
    fault_proxies.clear()
    yield fault_proxies
    fault_proxies.clear()


@pytest.fixture
def dash(stack: Stack) -> Iterator[Dash]:
    """A simulated Dash with the stack's webhooks, registered to post JSON.

    `dash.fire(DEFAULT_ACCOUNT_ID, hook, payload(hook))` delivers an event. The catch-all is registered but disabled, so
    that each event is one delivery; tests that need it can enable it in `dash.webhooks()`. For other encodings,
    register webhooks with `CATALOGUE[hook].registration()` and `stack.public_url(hook)`.
    """
    simulated = Dash(resolver=emulator_resolver(stack.endpoint), retry_interval=0.1)
    for hook in HOOKS:
        document = {"name": hook, "uri": stack.public_url(hook), "http_verb": "post", "format": "json"}
        enabled = {"enabled": hook != "notifications"}
        simulated.register(DEFAULT_ACCOUNT_ID, document | CATALOGUE[hook].registration() | enabled)
    yield simulated
    simulated.close()


@pytest.fixture
def inbox(stack: Stack, sns: "SNSClient", sqs: "SQSClient") -> Iterator[Inbox]:
    """A queue subscribed to the topic during this test.

    `inbox.wait_for(event_id)` returns an event's message, and `inbox.counts()[event_id]` its number of copies.
    At the end, all messages must follow the contract: only types and fields of docs/schemas/.
    """
    with Inbox(sns, sqs, stack.outputs["EventsTopicArn"]) as subscribed:
        yield subscribed
    for message in subscribed.messages:
        contract.check(message.event, allowed=None)


@pytest.fixture
def filtered_inbox(stack: Stack, sns: "SNSClient", sqs: "SQSClient") -> OpenInbox:
    """Open inboxes that have a filter policy.

    For example, `with filtered_inbox({"alert": ["true"]}) as alerts:`.
    """
    return lambda policy: Inbox(sns, sqs, stack.outputs["EventsTopicArn"], policy)


@pytest.fixture(scope="session")
def stored(stack: Stack, dynamodb: "DynamoDBClient") -> Stored:
    """Look an item up by its event id: `stored(event_id)` is a dict of plain values, or None."""
    table = stack.outputs["EventsTableName"]
    plain = TypeDeserializer()

    def look(event_id: str) -> dict[str, Any] | None:
        answer = dynamodb.get_item(TableName=table, Key={"event_id": {"S": event_id}}, ConsistentRead=True)
        item = answer.get("Item")
        return {name: plain.deserialize(value) for name, value in item.items()} if item else None

    return look


@pytest.fixture(scope="session")
def deliver(stack: Stack) -> Iterator[Deliver]:
    """Post bodies to the stack: `deliver("parking", body).outcome`."""
    delivering = Deliver(stack)
    yield delivering
    delivering.close()


@pytest.fixture
def logs(stack: Stack, cloudwatch_logs: "CloudWatchLogsClient", lambda_: "LambdaClient") -> Logs:
    """Read what has been logged since the test began to the group of a function: `logs("MissedCall")`.

    All functions of the stack share one group, so its lines may be another's.
    """
    began = time.time_ns() // 1_000_000

    def lines(logical_id: str) -> list[str]:
        configuration = lambda_.get_function_configuration(FunctionName=stack.resources[logical_id])
        default = f"/aws/lambda/{configuration['FunctionName']}"
        group = configuration.get("LoggingConfig", {}).get("LogGroup", default)
        pages = cloudwatch_logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=began)
        return [event["message"] for page in pages for event in page["events"]]

    return lines


def _bridge() -> str:
    with daemon() as client:
        return reach(client).bind


def _client(session: RunningSession, service: str) -> Iterator[Any]:
    client = cast("Any", session.boto3.client(service))
    yield client
    client.close()
