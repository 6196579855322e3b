"""The API in the template: what the emulator ignores, and what could leak a token."""

import json
import re
from functools import cache
from typing import Any

import pytest

from devtools.template import ASKED, expanded, parsed, resources
from hookswitch.receiving.receiver import NOT_STORED, REFUSED

WEB_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/phones/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
# Of API Gateway's variables for a log, those whose value is the route, a number, a name of AWS's or an address.
HARMLESS = {
    "$context.cipherSuite",
    "$context.error.responseType",
    "$context.httpMethod",
    "$context.identity.sourceIp",
    "$context.integration.latency",
    "$context.integration.status",
    "$context.requestId",
    "$context.requestTimeEpoch",
    "$context.resourcePath",
    "$context.responseLatency",
    "$context.status",
    "$context.tlsVersion",
    "$context.waf.status",
}
FORWARD_SECRECY_FROM_TLS_1_2 = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"


@cache
def template() -> dict[str, Any]:
    """Return the expanded template."""
    return expanded(**ASKED)


@cache
def made(**given: str) -> dict[str, Any]:
    """Return the resources of a stack with these parameters, evaluated."""
    return resources(template(), **ASKED, **given)


def properties(resource: str, **given: str) -> dict[str, Any]:
    """Return the properties of one of them."""
    found: dict[str, Any] = made(**given)[resource]["Properties"]
    return found


def stage(**given: str) -> dict[str, Any]:
    """Return the properties of the API's one stage."""
    (name,) = [name for name, it in made(**given).items() if it["Type"] == "AWS::ApiGateway::Stage"]
    return properties(name, **given)


# What API Gateway answers by itself


@pytest.mark.parametrize(("response", "sentence"), [("DEFAULT_4XX", REFUSED), ("DEFAULT_5XX", NOT_STORED)])
def test_gateway_answers_in_the_functions_words(response: str, sentence: str) -> None:
    """Every response that API Gateway generates itself has the body of a function's."""
    responses = properties("Api")["Body"]["x-amazon-apigateway-gateway-responses"]
    assert responses.keys() == {"DEFAULT_4XX", "DEFAULT_5XX"}  # any other would take the place of these for its case
    assert responses[response]["responseTemplates"] == {"application/json": json.dumps({"message": sentence})}
    assert not responses[response]["responseParameters"]  # no header of ours
    assert "statusCode" not in responses[response]  # 429 and 413 stay what they are


# Throttling


def test_every_route_is_throttled_alike() -> None:
    """One setting applies to all routes, with the values of the parameters."""
    (setting,) = stage(ThrottlingRate="7", ThrottlingBurst="9")["MethodSettings"]
    assert (setting["ResourcePath"], setting["HttpMethod"]) == ("/*", "*")
    assert (setting["ThrottlingRateLimit"], setting["ThrottlingBurstLimit"]) == ("7", "9")


def test_throttling_has_room_and_leaves_some() -> None:
    """The default exceeds a reseller's worst minute, and stays below an account's smallest quota.

    The figures are those of docs/engineering/decisions/0052-route-throttling.md. The quota is that of newer Regions.
    """
    registrations_after_an_outage = 20_000 / 60
    rate, burst = (int(parsed()["Parameters"][f"Throttling{name}"]["Default"]) for name in ("Rate", "Burst"))
    assert 2 * registrations_after_an_outage < rate < 2_500
    assert 2 * registrations_after_an_outage < burst < 1_250


# Who gets as far as the API


def test_no_web_acl_unless_given() -> None:
    """There is no WAF resource by default; with an ARN, that web ACL protects the API's stage."""
    assert "WebAclAssociation" not in made()
    association = properties("WebAclAssociation", WebAclArn=WEB_ACL)
    assert association["WebACLArn"] == WEB_ACL
    stages = [name for name, it in made().items() if it["Type"] == "AWS::ApiGateway::Stage"]
    assert association["ResourceArn"]["Fn::Sub"].endswith(f"::/restapis/${{Api}}/stages/${{{stages[0]}}}")


@pytest.mark.parametrize(
    "arn", ["phones", WEB_ACL.replace("regional", "global"), WEB_ACL.replace("wafv2", "waf"), f"{WEB_ACL} "]
)
def test_arn_of_no_regional_web_acl(arn: str) -> None:
    """An ARN that can't be associated with a regional API is refused before anything is created."""
    pattern = parsed()["Parameters"]["WebAclArn"]["AllowedPattern"]
    assert re.fullmatch(pattern, WEB_ACL)
    assert not re.fullmatch(pattern, arn)


def test_tls() -> None:
    """A client needs TLS 1.2 with forward secrecy; one that sends no host name in the handshake is still accepted."""
    api = properties("Api")
    assert (api["SecurityPolicy"], api["EndpointAccessMode"]) == (FORWARD_SECRECY_FROM_TLS_1_2, "BASIC")
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_functions_decide_about_methods() -> None:
    """Every route is for any method, so API Gateway itself answers none in another way, and may invoke its function."""
    paths = properties("Api")["Body"]["paths"]
    assert all(list(operations) == ["x-amazon-apigateway-any-method"] for operations in paths.values())
    permissions = [it["Properties"] for it in made().values() if it["Type"] == "AWS::Lambda::Permission"]
    sources = [it["SourceArn"]["Fn::Sub"][0] for it in permissions if it["Principal"] == "apigateway.amazonaws.com"]
    for path in paths:
        source = re.sub(r"\{[^}]*\}", "*", path)
        assert sum(it.endswith("/${__Stage__}/*" + source) for it in sources) == 1, path


def test_bodies_arrive_as_they_were_sent() -> None:
    """A body of any type, and one without a type, is passed on as bytes, not as text in which some were replaced.

    CloudFormation wants a slash as `~1` in the property, and OpenAPI as it is.
    """
    api = properties("Api")
    assert api["BinaryMediaTypes"] == ["*~1*"]
    assert api["Body"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    integrations = [
        operation["x-amazon-apigateway-integration"]
        for path in api["Body"]["paths"].values()
        for operation in path.values()
    ]
    # Another type of integration would need to say how to convert a body.
    assert {integration["type"] for integration in integrations} == {"aws_proxy"}


# What could let a token out


def test_no_access_log_unless_asked() -> None:
    """There is no access log by default, since the deployment would fail without a role in the account's settings."""
    assert "AccessLogSetting" not in stage()
    assert not {"AccessLogGroup", "AccountSettings", "AccountLogRole"} & made().keys()


def test_access_log() -> None:
    """It goes to its own log group, with the same retention; the account's role is left alone."""
    given = {"AccessLog": "on", "LogRetentionDays": "7"}
    assert stage(**given)["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": ["AccessLogGroup", "Arn"]}
    assert properties("AccessLogGroup", **given)["RetentionInDays"] == "7"
    assert not {"AccountSettings", "AccountLogRole"} & made(**given).keys()


def test_access_log_with_the_accounts_role() -> None:
    """The settings are created before the API and outlive the stack, since other APIs of the account use them."""
    given = {"AccessLog": "on-with-account-role"}
    for name in ("AccountSettings", "AccountLogRole"):
        assert made(**given)[name]["DeletionPolicy"] == made(**given)[name]["UpdateReplacePolicy"] == "Retain"
    assert properties("AccountSettings", **given)["CloudWatchRoleArn"] == {"Fn::GetAtt": ["AccountLogRole", "Arn"]}
    assert "${AccountSettings}" in properties("Api", **given)["Description"]["Fn::Sub"]
    (statement,) = properties("AccountLogRole", **given)["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert "Description" not in properties("Api")


def test_access_log_holds_no_token() -> None:
    """A line is JSON with the route instead of the path, and without headers, query or error text."""
    text = stage(AccessLog="on")["AccessLogSetting"]["Format"]
    assert set(re.findall(r"\$[\w.]+", text)) == HARMLESS
    assert "\n" not in text  # API Gateway writes one line for each request
    line = json.loads(re.sub(r"\$[\w.]+", "1", text))
    assert {"route", "status", "latency", "request_id", "source_ip"} <= line.keys()


def test_no_execution_log_and_no_trace_of_the_api() -> None:
    """Both would contain paths, and so tokens: neither can be enabled."""
    for given in ({}, {"AccessLog": "on", "Tracing": "on"}):
        for setting in stage(**given)["MethodSettings"]:
            assert (setting["LoggingLevel"], setting["DataTraceEnabled"]) == ("OFF", False)
        assert not stage(**given).get("TracingEnabled")


def test_metrics_have_no_token() -> None:
    """Detailed metrics, billed by route, are off: the functions' own metrics say more."""
    assert not any(setting.get("MetricsEnabled") for setting in stage()["MethodSettings"])


# The function behind all other addresses


# What a hook may have and no other function: see docs/engineering/decisions/0021-snapstart.md.
PUBLISHED = {
    "VersionDescription",
    "AutoPublishAlias",
    "DeploymentPreference",
    "SnapStart",
    "ReservedConcurrentExecutions",
}


def test_unknown_addresses_cost_what_a_hook_costs() -> None:
    """Its function has a hook's architecture, memory and timeout, and may only read the secret."""
    unknown, hook = (parsed()["Resources"][name]["Properties"] for name in ("Unknown", "Parking"))
    assert {name for name in unknown.keys() | hook.keys() if unknown.get(name) != hook.get(name)} == {
        "CodeUri",
        "Events",
        "Role",
        *PUBLISHED,
    }
