"""The API's routes, and the addresses that may call it."""

import ipaddress
import json
from typing import Any

import pytest

from devtools.template import ASKED, evaluated, expanded, values_of
from hookswitch.dash.hooks import HOOKS
from hookswitch.receiving.hook_functions import ALIAS
from tests.template.views import full, id_of, of_type


def test_routes() -> None:
    """The expanded API routes each hook's path to its alias, with any method, and everything else to Unknown."""
    paths = dict(of_type("AWS::ApiGateway::RestApi", full())["Api"]["Body"]["paths"])
    for other in ("/", "/{proxy+}"):
        assert paths[other].keys() == {"x-amazon-apigateway-any-method"}
        assert "${Unknown.Arn}" in json.dumps(paths.pop(other))
    assert paths.keys() == {f"/hooks/{hook}/{{token}}" for hook in HOOKS}
    for path, methods in paths.items():
        assert methods.keys() == {"x-amazon-apigateway-any-method"}
        for method in methods.values():
            function = id_of(path.split("/")[2])
            assert f"${{{function}Alias{ALIAS}}}" in method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]


def denied_except(**given: str) -> Any:
    """Return the IP ranges outside of which the expanded API's policy denies a call."""
    template = expanded(**given)
    body = of_type("AWS::ApiGateway::RestApi", template)["Api"]["Body"]
    allow, deny = body["x-amazon-apigateway-policy"]["Statement"]
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    for statement in (allow, deny):
        assert (statement["Principal"], statement["Action"]) == ("*", "execute-api:Invoke")
    assert "Condition" not in allow
    assert deny["Condition"].keys() == {"NotIpAddress"}
    ranges = deny["Condition"]["NotIpAddress"]["aws:SourceIp"]
    return evaluated(ranges, template, values_of(template, **given))


@pytest.mark.parametrize("ranges", [["192.0.2.0/24"], ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32"]])
def test_allow_list(ranges: list[str]) -> None:
    """The API's policy lists the ranges separately: as a single string they would match no address."""
    assert denied_except(**ASKED, AllowedIpRanges=",".join(ranges)) == ranges


def test_no_allow_list() -> None:
    """By default every IPv4 and IPv6 address may call: the token decides."""
    ranges = [ipaddress.ip_network(it) for it in denied_except(**ASKED)]
    assert {(it.version, it.prefixlen) for it in ranges} == {(4, 0), (6, 0)}
