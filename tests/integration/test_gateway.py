"""What API Gateway enforces before any function: the allow-list, throttling, and its response texts.

The emulator ignores these settings in the API definition that SAM writes, but supports them as separate resources. So
the template's values are deployed as such, on an emulator that enforces resource policies (AUTH), in front of routes
without a function.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from typing import Any

import pytest

from devtools import aws, emulator
from devtools.emulator import Emulator
from devtools.template import ASKED, expanded, resources
from devtools.waiting import wait_for
from hookswitch.receiving.receiver import REFUSED

STAGE = "v1"
ROUTE = "/hooks/parking/{token}"
PATH = "/hooks/parking/a-token"
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"  # both are loopback addresses
IN_OUR_WORDS = json.dumps({"message": REFUSED}).encode()
OF_ALL_TESTS = 500  # far more than any test sends to one route at once


@dataclass(frozen=True)
class Gateway:
    """An API with the template's policy, throttling and gateway responses."""

    port: int
    api: str

    def ask(self, path: str = PATH, *, times: int = 1, client: str = HERE) -> list[tuple[int, bytes]]:
        """Get a path some times, from a loopback address; return status and body of each response."""
        connection = HTTPConnection(emulator.ADDRESS, self.port, timeout=60, source_address=(client, 0))
        answers = []
        for _ in range(times):
            connection.request("GET", f"/_aws/execute-api/{self.api}/{STAGE}{path}")
            response = connection.getresponse()
            answers.append((response.status, response.read()))
        connection.close()
        return answers


@pytest.fixture(scope="module")
def own_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that enforces policies."""
    directory = tmp_path_factory.mktemp("gateway")
    with emulator.running(emulator.free_port(), directory, {"AUTH": "true"}) as running:
        yield running


@cache
def template(allowed: str) -> dict[str, Any]:
    """Return the expanded template, in which SAM has put the allow-list into the API's definition."""
    return expanded(**ASKED, AllowedIpRanges=allowed)


def gateway(running: Emulator, name: str, **given: str) -> Gateway:
    """Deploy the template's settings of the API for these parameters."""
    values = ASKED | given
    made = resources(template(given.get("AllowedIpRanges", "0.0.0.0/0,::/0")), **values)
    body = made["Api"]["Properties"]["Body"]
    (stage,) = [it["Properties"] for it in made.values() if it["Type"] == "AWS::ApiGateway::Stage"]
    responses = {
        name.replace("_", ""): {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResponseType": name,
                "ResponseTemplates": response["responseTemplates"],
            },
        }
        for name, response in body["x-amazon-apigateway-gateway-responses"].items()
    }
    small = {
        "Api": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {
                "Name": name,
                "Policy": body["x-amazon-apigateway-policy"],
                "Body": {"openapi": "3.0.1", "paths": {ROUTE: {"get": {"x-amazon-apigateway-integration": _MOCK}}}},
            },
        },
        **responses,
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": list(responses),
            "Properties": {"RestApiId": {"Ref": "Api"}},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": STAGE,
                "MethodSettings": stage["MethodSettings"],
            },
        },
    }
    client = aws.cloudformation(running.endpoint)
    client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": small}))

    def created() -> bool:
        return client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"

    wait_for(created, f"the stack {name} has been created")
    detail = client.describe_stack_resource(StackName=name, LogicalResourceId="Api")["StackResourceDetail"]
    return Gateway(running.port, detail["PhysicalResourceId"])


_MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


def test_allow_list(own_emulator: Emulator) -> None:
    """Callers in any of the allowed ranges get in; all others get the same response as any stranger."""
    api = gateway(own_emulator, "allow-list", AllowedIpRanges=f"192.0.2.0/24,{HERE}/32,2001:db8::/32")
    assert [status for status, _ in api.ask()] == [200]
    assert api.ask(client=ELSEWHERE) == [(403, IN_OUR_WORDS)]


def test_no_allow_list(own_emulator: Emulator) -> None:
    """By default, the address does not matter."""
    api = gateway(own_emulator, "no-allow-list")
    assert [api.ask(client=address)[0][0] for address in (HERE, ELSEWHERE)] == [200, 200]


def test_throttling(own_emulator: Emulator) -> None:
    """A route accepts the configured burst, and answers 429 beyond that, with our text."""
    api = gateway(own_emulator, "throttled", ThrottlingRate="1", ThrottlingBurst="2")
    answers = api.ask(times=30)
    assert [status for status, _ in answers[:2]] == [200, 200]
    assert (429, IN_OUR_WORDS) in answers


def test_default_throttling_has_room(own_emulator: Emulator) -> None:
    """The default throttling allows a burst that is larger than any in these tests."""
    api = gateway(own_emulator, "generous")
    assert {status for status, _ in api.ask(times=OF_ALL_TESTS)} == {200}


def test_no_such_address(own_emulator: Emulator) -> None:
    """For an address without a function, API Gateway responds with the functions' text."""
    api = gateway(own_emulator, "no-such-address")
    assert api.ask("/nothing") == [(403, IN_OUR_WORDS)]
