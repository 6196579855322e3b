"""The parameters, and that nothing is unused, undefined or circular."""

from graphlib import TopologicalSorter

import pytest

from devtools.template import ASKED, evaluated, parsed, references, values_of
from hookswitch.errors import InvalidTemplateError
from hookswitch.webhooks.desired import Desired
from tests.template.views import fits, full
from tests.unit.doubles import properties

ACTING = {  # what acts by itself, so that nothing refers to it
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Logs::MetricFilter",
    "AWS::WAFv2::WebACLAssociation",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Cognito::ManagedLoginBranding",
    "AWS::Cognito::UserPoolUserToGroupAttachment",
    "AWS::Lambda::Permission",
}


def test_little_is_asked() -> None:
    """Only the Dash account and its API key are required, and both are."""
    template = parsed()
    assert {name for name, it in template["Parameters"].items() if "Default" not in it} <= ASKED.keys()
    assert can_be_created(**ASKED)
    for name in ASKED:
        assert not can_be_created(**{given: value for given, value in ASKED.items() if given != name})


def can_be_created(**given: str) -> bool:
    """Tell whether these parameters suffice and fit their patterns and the template's rules."""
    template = parsed()
    values = values_of(template, **given)
    return (
        values.keys() - {"AWS::Region"} == template["Parameters"].keys()
        and all(fits(values[name], it) for name, it in template["Parameters"].items())
        and all(
            evaluated(assertion["Assert"], template, values)
            for rule in template.get("Rules", {}).values()
            if evaluated(rule.get("RuleCondition", True), template, values)
            for assertion in rule["Assertions"]
        )
    )


@pytest.mark.parametrize(
    ("snap_start", "region", "accepted"),
    [
        ("on", "us-east-1", True),
        ("on", "ap-east-1", True),
        ("on", "ap-east-2", False),
        ("on", "ap-southeast-6", False),
        ("off", "ap-east-2", True),
    ],
)
def test_snapstart_only_where_lambda_has_it(snap_start: str, region: str, *, accepted: bool) -> None:
    """A Region without SnapStart refuses it before anything is created."""
    assert can_be_created(**ASKED, SnapStart=snap_start, **{"AWS::Region": region}) is accepted


def test_parameters_are_explained() -> None:
    """In the console, each parameter appears in one group, with a label and a description."""
    parameters, interface = parsed()["Parameters"], parsed()["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(parameters)
    assert interface["ParameterLabels"].keys() == parameters.keys()
    for parameter in parameters.values():
        assert parameter["Description"].endswith(".")
        assert ("AllowedPattern" in parameter) == ("ConstraintDescription" in parameter)
    for label in [*interface["ParameterLabels"].values(), *(it["Label"] for it in interface["ParameterGroups"])]:
        assert label["default"]


@pytest.mark.parametrize("name", ["DashApiUrl", "CallbackBaseUrl"])
@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://hooks.example.com", True),
        ("https://hooks.example.com:8443/v2", True),
        ("http://localhost:4566/v2", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:80/", True),
        ("http://hooks.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost@example.com", False),
        ("https://u@example.com", False),
        ("https://example.com/?q", False),
        ("https:///v2", False),
    ],
)
def test_addresses_have_tls(name: str, url: str, *, allowed: bool) -> None:
    """API key and tokens travel over TLS, except to this machine; the functions apply the same rule."""
    assert fits(url, parsed()["Parameters"][name]) is allowed
    try:
        Desired.from_properties(properties(**{"DashApiUrl": {"ApiUrl": url}}.get(name, {name: url})))
    except InvalidTemplateError:
        assert not allowed
    else:
        assert allowed


def test_every_parameter_and_condition_is_used() -> None:
    """No parameter or condition is unused."""
    template = parsed()
    used = set(references([template["Resources"], template["Globals"], template["Outputs"]]))
    conditions = template["Conditions"]
    used |= set(references([condition for name, condition in conditions.items() if name in used]))
    assert template["Parameters"].keys() | conditions.keys() <= used


def test_every_resource_is_used() -> None:
    """Every resource is referred to, unless its type acts by itself."""
    template = parsed()
    used = set(references([template["Globals"], template["Outputs"]["DestinationManagersPolicyArn"]]))
    for name, resource in template["Resources"].items():
        used |= set(references(resource)) - {name}
    acting = {
        name
        for name, resource in template["Resources"].items()
        if resource["Properties"].get("Events") or resource["Type"].startswith("Custom::") or resource["Type"] in ACTING
    }
    assert template["Resources"].keys() <= used | acting


def test_every_reference_leads_somewhere() -> None:
    """Every reference exists in the expanded template, including the ids that SAM generates."""
    template = full()
    known = template["Parameters"].keys() | template["Resources"].keys() | template["Conditions"].keys()
    found = set(references([template["Resources"], template["Outputs"], template["Conditions"]]))
    assert {name for name in found if not name.startswith("AWS::")} <= known


def test_no_parameter_is_named_like_a_resource() -> None:
    """No parameter has the name of an id that SAM generates, such as ReconcileSchedule."""
    assert not full()["Resources"].keys() & full()["Parameters"].keys()


def test_no_resource_depends_on_itself() -> None:
    """The expanded template has no circular dependencies."""
    made = full()["Resources"]
    graph = {name: {it for it in references(resource) if it in made} for name, resource in made.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(made)
