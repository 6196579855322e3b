"""Events on their way to destinations: through the deployed stack, to real servers with TLS."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from devtools.aws import CONFIG, SESSION
from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.destinations.record import Filter, Options
from hookswitch.destinations.requests import Add, Added, List, Listed, Owe, Remove, Request, Rotate, Test, Tested
from simulator.dash import Dash
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from simulator.receivers import behaviors
from simulator.receivers.server import Receiver
from simulator.receivers.slack import Slack
from tests.faults import FaultProxies
from tests.integration.conftest import DESTINATION_BUS, DESTINATION_QUEUE, Stored

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_sqs.client import SQSClient

HOOK = "missed_call"
type Ask = Callable[[Request], Any]
type AddOne = Callable[..., Added]


@pytest.fixture
def ask(stack: Stack, lambda_: "LambdaClient") -> Ask:
    """Invoke the functions that manage destinations: `ask(List())`; an error is a RuntimeError."""

    def invoke(request: Request) -> Any:
        function = stack.resources["Send" if isinstance(request, Test) else "Destinations"]
        answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(request.to_message()).encode())
        result = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RuntimeError(result["errorMessage"])
        return result

    return invoke


@pytest.fixture
def add(ask: Ask) -> Iterator[AddOne]:
    """Add a destination for the time of a test: `add("https", url, numbers=(...,))`."""
    names: list[str] = []

    def add_one(kind: str, url: str, options: Options | None = None, **which: tuple[str, ...]) -> Added:
        name = f"it-{uuid4().hex[:12]}"
        request = Add.model_validate(
            {"name": name, "type": kind, "url": url, "filter": Filter(**which), "options": options}
        )
        added = Added.model_validate(ask(request))
        names.append(name)
        return added

    yield add_one
    for name in names:
        ask(Remove(name=name))


def happen(dash: Dash, number: str) -> Mapping[str, Any]:
    """Have a call be missed that a number made, and return the payload."""
    event = payload(HOOK) | {"caller_id_number": number}
    dash.fire(DEFAULT_ACCOUNT_ID, HOOK, event)
    return event


def a_number() -> str:
    """Return a number that no other test calls from."""
    return f"+1555{uuid4().int % 10**7:07}"


def test_a_signed_event_arrives(dash: Dash, add: AddOne, https_receiver: Receiver, stored: Stored, ask: Ask) -> None:
    """An event that happens on Dash arrives once at a service that asked for it, signed, as SNS has it."""
    number, path = a_number(), f"/{uuid4().hex}"
    added = add("https", https_receiver.url(path), hooks=(HOOK,), numbers=(number,))
    happen(dash, a_number())
    happen(dash, number)
    (request,) = wait_for(lambda: https_receiver.to(path), "the event arrives")
    event = Webhook(added.secret).verify(request.body, dict(request.headers))
    assert event["id"] == request.headers["webhook-id"]
    assert event["data"]["caller_id_number"] == number
    assert stored(event["id"])
    (view,) = Listed.model_validate(ask(List(name=added.destination.name))).destinations
    assert (view.backlog, view.state) == (0, "on")
    assert len(https_receiver.to(path)) == 1


def test_both_secrets_verify_during_a_rotation(dash: Dash, add: AddOne, https_receiver: Receiver, ask: Ask) -> None:
    """While a secret is replaced, a receiver that knows either of them can verify."""
    number, path = a_number(), f"/{uuid4().hex}"
    added = add("https", https_receiver.url(path), hooks=(HOOK,), numbers=(number,))
    rotated = Added.model_validate(ask(Rotate(name=added.destination.name)))
    happen(dash, number)
    (request,) = wait_for(lambda: https_receiver.to(path), "the event arrives")
    for secret in (added.secret, rotated.secret):
        Webhook(secret).verify(request.body, dict(request.headers))


def test_slack_takes_the_test_message(add: AddOne, https_receiver: Receiver, ask: Ask) -> None:
    """The sample that is sent after adding a Slack channel is one that Slack takes."""
    path, slack = f"/services/{uuid4().hex}", Slack()
    https_receiver.routes[path] = slack
    added = add("slack", https_receiver.url(path))
    tested = Tested.model_validate(ask(Test(name=added.destination.name)))
    assert (tested.outcome, tested.status) == ("taken", 200)
    https_receiver.routes[path] = behaviors.answering(404, b"no_service")
    tested = Tested.model_validate(ask(Test(name=added.destination.name)))
    assert (tested.outcome, tested.status) == ("refused", 404)
    assert "no_service" in tested.answer


def test_one_that_hangs_delays_nobody_else(dash: Dash, add: AddOne, https_receiver: Receiver) -> None:
    """While a destination answers nothing, others get their events, and it gets its own when it answers again."""
    number, hanging, quick = a_number(), f"/{uuid4().hex}", f"/{uuid4().hex}"
    https_receiver.routes[hanging] = behaviors.in_turn(
        behaviors.close_at_once, behaviors.slow(3), behaviors.answering(200)
    )
    for path in (hanging, quick):
        add("https", https_receiver.url(path), hooks=(HOOK,), numbers=(number,))
    event = happen(dash, number)
    wait_for(lambda: https_receiver.to(quick), "the quick one has it")
    wait_for(lambda: len(https_receiver.to(hanging)) >= 2, "the other has it in the end")
    ids = {request.headers["webhook-id"] for request in https_receiver.to(hanging)}
    assert len(ids) == 1
    assert json.loads(https_receiver.to(hanging)[-1].body)["data"]["call_id"] == event["call_id"]


@pytest.fixture
def customers_queue(sqs: "SQSClient") -> Iterator[str]:
    """A queue of a customer's, which the stack may send to."""
    url = sqs.create_queue(QueueName=DESTINATION_QUEUE.rpartition(":")[2])["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def customers_bus(endpoint: str, customers_queue: str) -> Iterator[str]:
    """A bus of a customer's with a rule that puts everything from hookswitch into the queue."""
    del customers_queue
    client = cast("Any", SESSION).client("events", endpoint_url=endpoint, config=CONFIG)
    name = DESTINATION_BUS.rpartition("/")[2]
    client.create_event_bus(Name=name)
    client.put_rule(Name="calls", EventBusName=name, EventPattern=json.dumps({"source": ["hookswitch"]}))
    client.put_targets(Rule="calls", EventBusName=name, Targets=[{"Id": "queue", "Arn": DESTINATION_QUEUE}])
    yield name
    client.close()


def received(sqs: "SQSClient", url: str) -> list[Any]:
    """Return what is in a queue."""
    return sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1).get("Messages", [])


def test_queue(dash: Dash, add: AddOne, sqs: "SQSClient", customers_queue: str, ask: Ask) -> None:
    """A queue that the stack may send to gets the event; one that it may not send to says what to do."""
    number = a_number()
    add("sqs", DESTINATION_QUEUE, hooks=(HOOK,), numbers=(number,))
    event = happen(dash, number)
    (message,) = wait_for(lambda: received(sqs, customers_queue), "the queue has it")
    assert json.loads(message["Body"])["data"]["call_id"] == event["call_id"]
    assert message["MessageAttributes"]["hook"]["StringValue"] == HOOK
    closed = add("sqs", DESTINATION_QUEUE.replace("customer", "stranger"), hooks=("parking",))
    tested = Tested.model_validate(ask(Test(name=closed.destination.name)))
    assert tested.outcome == "retry"
    assert "DestinationArns" in tested.answer


def test_bus(dash: Dash, add: AddOne, sqs: "SQSClient", customers_queue: str, customers_bus: str) -> None:
    """A bus gets the event, from where its rules take it on."""
    del customers_bus
    number = a_number()
    add("eventbridge", DESTINATION_BUS, hooks=(HOOK,), numbers=(number,))
    event = happen(dash, number)
    (message,) = wait_for(lambda: received(sqs, customers_queue), "the rule's target has it")
    put = json.loads(message["Body"])
    assert (put["source"], put["detail-type"]) == ("hookswitch", f"com.virtualpbx.dash.{HOOK}")
    assert put["detail"]["data"]["call_id"] == event["call_id"]


def test_the_past_is_sent_on_request(dash: Dash, add: AddOne, https_receiver: Receiver, ask: Ask, inbox: Any) -> None:
    """A new destination gets events of before, the same ids, and nobody else sees anything of it."""
    number, path = a_number(), f"/{uuid4().hex}"
    event = happen(dash, number)
    message = wait_for(
        lambda: [each for each in inbox.events() if each.event["data"].get("call_id") == event["call_id"]], "published"
    )[0]
    added = add("https", https_receiver.url(path), hooks=(HOOK,), numbers=(number,))
    ask(Owe(name=added.destination.name, keys=(message.id,), replay=True))
    (request,) = wait_for(lambda: https_receiver.to(path), "the event arrives")
    assert request.headers["webhook-id"] == message.id
    assert json.loads(request.body)["replay"] is True
    time.sleep(1)
    assert inbox.counts()[message.id] == 1


@pytest.mark.parametrize(
    ("service", "operation"),
    [("sqs", "SendMessageBatch"), ("dynamodb", "BatchWriteItem"), ("kms", "Decrypt")],
)
def test_services_that_fail(
    dash: Dash, add: AddOne, https_receiver: Receiver, faults: FaultProxies, service: str, operation: str
) -> None:
    """Whichever service fails on the way out, the event arrives, under one id."""
    number, path = a_number(), f"/{uuid4().hex}"
    add("https", https_receiver.url(path), hooks=(HOOK,), numbers=(number,))
    faults[service].fail(operation, "InternalServerError", times=2)
    happen(dash, number)
    wait_for(lambda: https_receiver.to(path), "the event arrives", 120)
    assert len({request.headers["webhook-id"] for request in https_receiver.to(path)}) == 1
