"""The template, as it is written and as the SAM transform expands it: what a wrong edit of it would break on AWS."""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import pytest
from cfnlint.api import lint

from hookswitch.event import event_item, quarantine_item
from hookswitch.heal.hookfunctions import ALIAS
from tests.cloudformation import evaluated, expanded, parsed, references, resources, values_of
from tests.dash.payloads import payload
from tests.receiving import SETTINGS, delivery, event
from tools.local import DASH_ACCOUNT_ID, DASH_API_KEY, HOOKS, REGION, ROOT

FOLDERS = {path.parent.name for path in ROOT.glob("functions/*/handler.py")}
HOOK_FOLDERS = {folder for folder in FOLDERS if "receiver(" in (ROOT / f"functions/{folder}/handler.py").read_text()}
ASKED = {"DashAccountId": DASH_ACCOUNT_ID, "DashApiKey": DASH_API_KEY}
EVERYTHING = ASKED | {
    "AlertEmail": "ops@example.com",
    "AllowedIpRanges": "192.0.2.0/24,198.51.100.7/32,2001:db8::/32",
    "CallbackSecretValue": "x" * 40,
    "CallbackRotationDays": "30",
    "OperationsEmail": "ops@example.com",
    "BusinessHours": "8-11,13-17",
}
TIMEOUT_OF_API_GATEWAY = 29
ACTING = {  # what acts by itself, so that nothing refers to it
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Logs::MetricFilter",
    "AWS::WAFv2::WebACLAssociation",
}

type Resource = Mapping[str, Any]


@cache
def minimal() -> dict[str, Any]:
    """Return the template as it is expanded for somebody who gives only what is asked for."""
    return expanded(**ASKED)


@cache
def full() -> dict[str, Any]:
    """Return the template as it is expanded for somebody who uses all that is optional."""
    return expanded(**EVERYTHING)


def of_type(kind: str, template: Mapping[str, Any] | None = None) -> dict[str, Resource]:
    """Return the properties of all resources of a type, of the template as written if none is given."""
    found = (template or parsed())["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def functions() -> dict[str, Resource]:
    """Return the properties of each function by its folder, as written."""
    return {it["CodeUri"].split("/")[1]: it for it in of_type("AWS::Serverless::Function").values()}


def id_of(folder: str) -> str:
    """Return the logical id of the function of a folder."""
    return next(
        name
        for name, it in of_type("AWS::Serverless::Function").items()
        if it["CodeUri"].rstrip("/").endswith(f"/{folder}")
    )


def all_within(value: Any) -> Iterator[Any]:
    """Yield a value and everything inside it."""
    yield value
    if isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from all_within(part)


# Linting


def test_expanded_template_is_clean() -> None:
    """What CloudFormation gets to see has no fault, but that one parameter seems unused in it.

    SAM puts the value of AllowedIpRanges into the API's definition where it stood, see the tests of the door.
    """
    found = {(match.rule.id, *match.path) for match in lint(json.dumps(minimal()), regions=[REGION])}
    assert found == {("W2001", "Parameters", "AllowedIpRanges")}


# Functions


def test_every_folder_has_one_function() -> None:
    """What is in functions/ is deployed, once, under the folder's name in capitals."""
    written = of_type("AWS::Serverless::Function")
    code = sorted(it["CodeUri"] for it in written.values())
    assert code == sorted(f"functions/{folder}/" for folder in FOLDERS)
    assert {id_of(folder) for folder in FOLDERS} == {folder.title().replace("_", "") for folder in FOLDERS}


def test_hooks_are_those_of_the_laptop() -> None:
    """The folders that receive deliveries are the hooks that the commands know."""
    assert set(HOOKS) == HOOK_FOLDERS


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_has_nothing_of_its_own(hook: str) -> None:
    """A hook's function has code, the shared role and its two routes; all else comes from Globals."""
    routes = {
        verb.title(): {
            "Type": "Api",
            "Properties": {"RestApiId": {"Ref": "Api"}, "Method": verb, "Path": f"/hooks/{hook}/{{token}}"},
        }
        for verb in ("post", "get")
    }
    assert parsed()["Resources"][id_of(hook)] == {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "VersionDescription": {"Fn::GetAtt": ["HookConfiguration", "Digest"]},
            "CodeUri": f"functions/{hook}/",
            "Role": {"Fn::GetAtt": ["HookRole", "Arn"]},
            "Events": routes,
        },
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_answers_before_api_gateway_gives_up(hook: str) -> None:
    """A function that is still at work when the API gives up would store what Dash believes lost."""
    assert of_type("AWS::Lambda::Function", full())[id_of(hook)]["Timeout"] < TIMEOUT_OF_API_GATEWAY


def test_functions_run_on_the_processor_that_the_layer_is_built_for() -> None:
    """One parameter decides for functions, layer and build alike; otherwise pydantic does not even import on AWS."""
    processor = {"Ref": "Architecture"}
    layer = parsed()["Resources"]["Layer"]
    assert layer["Metadata"] == {"BuildMethod": "python3.13", "BuildArchitecture": processor}
    assert layer["Properties"]["CompatibleArchitectures"] == [processor]
    for function in of_type("AWS::Lambda::Function", full()).values():
        assert function["Architectures"] == [processor]
        assert function["Runtime"] == "python3.13"
        assert len(function["Layers"]) == 1
    assert parsed()["Parameters"]["Architecture"]["Default"] == "arm64"


def test_all_logs_are_in_one_group() -> None:
    """Every function writes to the group whose retention is a parameter, so that no log is kept for ever."""
    assert of_type("AWS::Logs::LogGroup")["LogGroup"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    for function in of_type("AWS::Lambda::Function", full()).values():
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": "LogGroup"}


# Table


def test_table_is_safe() -> None:
    """It can be restored to any second, and outlives stack and mistakes."""
    table = parsed()["Resources"]["EventsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Ref": "TableDeletionProtection"}
    assert parsed()["Parameters"]["TableDeletionProtection"]["Default"] == "true"


def test_table_costs_nothing_to_leave_idle() -> None:
    """Neither the table nor an index of it has capacity that is paid for by the hour."""
    table = of_type("AWS::DynamoDB::Table")["EventsTable"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert not any("ProvisionedThroughput" in it for it in all_within(table) if isinstance(it, dict))


def test_table_has_the_attributes_that_are_stored() -> None:
    """Keys of the table and its indexes, the time to live and what the small index shows are attributes of items."""
    table = of_type("AWS::DynamoDB::Table")["EventsTable"]
    stored = event_item(event("missed_call", payload("missed_call")), SETTINGS).keys()
    keys = {key["AttributeName"] for it in [table, *table["GlobalSecondaryIndexes"]] for key in it["KeySchema"]}
    shown = {name for it in table["GlobalSecondaryIndexes"] for name in it["Projection"].get("NonKeyAttributes", [])}
    assert keys | shown <= stored
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert "expires_at" in stored


# Publishing


def test_stream_reaches_the_publish_function() -> None:
    """A batch that fails is halved, its good records are not sent again, and what fails for good is noted."""
    assert of_type("AWS::DynamoDB::Table")["EventsTable"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    mapping = of_type("AWS::Lambda::EventSourceMapping", full())["PublishStream"]
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["EventsTable", "StreamArn"]}
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # Tried for hours, not so many times: the queue may be away together with SNS. Half the day that a stream keeps its
    # records is left to read them again.
    assert "MaximumRetryAttempts" not in mapping
    assert 3_600 < mapping["MaximumRecordAgeInSeconds"] < 43_200
    queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    assert queue in of_type("AWS::SQS::Queue")


def test_filter_of_the_stream() -> None:
    """Only new events are published: no change or removal of one, and no quarantined delivery."""
    mapping = of_type("AWS::Lambda::EventSourceMapping", full())["PublishStream"]
    (pattern,) = [json.loads(it["Pattern"]) for it in mapping["FilterCriteria"]["Filters"]]
    assert pattern.pop("eventName") == ["INSERT"]
    wanted = pattern["dynamodb"]["NewImage"]["kind"]["S"]
    assert event_item(event("parking", payload("parking")), SETTINGS)["kind"] in wanted
    assert quarantine_item(delivery("parking", "{"), ("No JSON.",), SETTINGS)["kind"] not in wanted


def test_nobody_is_told_by_email_unless_asked() -> None:
    """Without AlertEmail there is no subscription; with it one to the alerts only."""
    assert "AlertSubscription" not in resources(minimal(), **ASKED)
    subscription = resources(full(), **EVERYTHING)["AlertSubscription"]["Properties"]
    assert subscription["Endpoint"] == EVERYTHING["AlertEmail"]
    assert subscription["FilterPolicy"] == {"alert": ["true"]}


# Queues


def test_queues_wait_for_their_function() -> None:
    """A message stays out of sight for six times the time of the function that takes it, as AWS advises."""
    queues, running = of_type("AWS::SQS::Queue"), of_type("AWS::Lambda::Function", full())
    sources = 0
    for mapping in of_type("AWS::Lambda::EventSourceMapping", full()).values():
        if (name := mapping["EventSourceArn"]["Fn::GetAtt"][0]) not in queues:
            continue
        sources += 1
        function = running[mapping["FunctionName"]["Ref"]]
        assert queues[name]["VisibilityTimeout"] >= 6 * function["Timeout"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert sources == 2


def test_queues_lose_nothing() -> None:
    """Every queue keeps messages for the longest time there is, and what fails for good ends in the last one."""
    queues = of_type("AWS::SQS::Queue")
    for queue in queues.values():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    ends = [queue["RedrivePolicy"]["deadLetterTargetArn"] for queue in queues.values() if "RedrivePolicy" in queue]
    assert ends == [{"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}] * (len(queues) - 1)
    assert "RedrivePolicy" not in queues["DeadLetterQueue"]


# The door


def test_routes() -> None:
    """The expanded API has a post and a get for each hook, and leads to that hook's alias; all else to Unknown."""
    paths = dict(of_type("AWS::ApiGateway::RestApi", full())["Api"]["Body"]["paths"])
    for other in ("/", "/{proxy+}"):
        assert paths[other].keys() == {"x-amazon-apigateway-any-method"}
        assert "${Unknown.Arn}" in json.dumps(paths.pop(other))
    assert paths.keys() == {f"/hooks/{hook}/{{token}}" for hook in HOOKS}
    for path, methods in paths.items():
        assert methods.keys() == {"get", "post"}
        for method in methods.values():
            function = id_of(path.split("/")[2])
            assert f"${{{function}Alias{ALIAS}}}" in method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]


def denied_except(**given: str) -> Any:
    """Return the address ranges outside of which the expanded API's policy denies a call."""
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
    """The ranges arrive in the API's policy one by one: as a single text no address would be in any of them."""
    assert denied_except(**ASKED, AllowedIpRanges=",".join(ranges)) == ranges


def test_no_allow_list() -> None:
    """By default no address is kept out, of either kind: the token decides."""
    ranges = [ipaddress.ip_network(it) for it in denied_except(**ASKED)]
    assert {(it.version, it.prefixlen) for it in ranges} == {(4, 0), (6, 0)}


# Parameters


def test_little_is_asked() -> None:
    """The Dash account and its API key are all that has to be given, and both have to be."""
    template = parsed()
    assert {name for name, it in template["Parameters"].items() if "Default" not in it} <= ASKED.keys()
    assert can_be_created(**ASKED)
    for name in ASKED:
        assert not can_be_created(**{given: value for given, value in ASKED.items() if given != name})


def can_be_created(**given: str) -> bool:
    """Tell whether these parameters are enough, and fit their patterns and the template's rules."""
    template = parsed()
    values = values_of(template, **given)
    return (
        values.keys() == template["Parameters"].keys()
        and all(fits(values[name], it) for name, it in template["Parameters"].items())
        and all(
            evaluated(assertion["Assert"], template, values)
            for rule in template.get("Rules", {}).values()
            for assertion in rule["Assertions"]
        )
    )


def fits(value: str, parameter: Mapping[str, Any]) -> bool:
    """Tell whether a parameter takes a value."""
    return (
        re.fullmatch(parameter.get("AllowedPattern", ".*"), value, re.DOTALL) is not None
        and value in map(str, parameter.get("AllowedValues", [value]))
        and len(value) >= parameter.get("MinLength", 0)
        and len(value) <= parameter.get("MaxLength", len(value))
    )


def test_parameters_are_explained() -> None:
    """Whoever deploys from the console finds each parameter in one group, under a label, with a description."""
    parameters, interface = parsed()["Parameters"], parsed()["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(parameters)
    assert interface["ParameterLabels"].keys() == parameters.keys()
    for parameter in parameters.values():
        assert parameter["Description"].endswith(".")
        assert ("AllowedPattern" in parameter) == ("ConstraintDescription" in parameter)
    for label in [*interface["ParameterLabels"].values(), *(it["Label"] for it in interface["ParameterGroups"])]:
        assert label["default"]


def test_default_hooks() -> None:
    """Every hook is registered unless told otherwise, but for the catch-all."""
    hooks = parsed()["Parameters"]["Hooks"]["Default"].split(",")
    assert sorted(hooks) == sorted(HOOK_FOLDERS - {"notifications"})


def test_every_parameter_and_condition_is_used() -> None:
    """None is left over from what the template once had."""
    template = parsed()
    used = set(references([template["Resources"], template["Globals"], template["Outputs"]]))
    conditions = template["Conditions"]
    used |= set(references([condition for name, condition in conditions.items() if name in used]))
    assert template["Parameters"].keys() | conditions.keys() <= used


def test_every_resource_is_used() -> None:
    """What nothing refers to is something that acts by itself; all else would be left over."""
    template = parsed()
    used = set(references(template["Globals"]))
    for name, resource in template["Resources"].items():
        used |= set(references(resource)) - {name}
    acting = {
        name
        for name, resource in template["Resources"].items()
        if resource["Properties"].get("Events") or resource["Type"].startswith("Custom::") or resource["Type"] in ACTING
    }
    assert template["Resources"].keys() <= used | acting


def test_every_reference_leads_somewhere() -> None:
    """Whatever is referred to exists in the expanded template, the ids that SAM makes among them."""
    template = full()
    known = template["Parameters"].keys() | template["Resources"].keys() | template["Conditions"].keys()
    found = set(references([template["Resources"], template["Outputs"], template["Conditions"]]))
    assert {name for name in found if not name.startswith("AWS::")} <= known


def test_no_parameter_is_named_like_a_resource() -> None:
    """SAM makes ids of its own, such as ReconcileSchedule for Reconcile's event Schedule: no parameter has one."""
    assert not full()["Resources"].keys() & full()["Parameters"].keys()


def test_no_resource_depends_on_itself() -> None:
    """The expanded template can be created in some order: no function needs an API that needs the function."""
    made = full()["Resources"]
    graph = {name: {it for it in references(resource) if it in made} for name, resource in made.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(made)


# Secrets and outputs


def test_no_secret_is_shown() -> None:
    """What must not be echoed goes into a secret and nowhere else: no variable, output, description or tag has it."""
    template = full()
    hidden = {name for name, it in template["Parameters"].items() if it.get("NoEcho")}
    assert hidden == {"DashApiKey", "CallbackSecretValue"}
    shown = [
        {name: value for name, value in resource["Properties"].items() if name != "SecretString"}
        for resource in template["Resources"].values()
    ]
    assert not hidden & set(references([shown, template["Outputs"]]))
    text = json.dumps(template)  # which anybody may read who may read the stack
    assert not [name for name in hidden if EVERYTHING[name] in text]
    assert "{{resolve:" not in text


@pytest.mark.parametrize("key", ['a"b', "a\\b", "a b", "ü"])
def test_api_key_fits_into_its_secret(key: str) -> None:
    """A key that would break the JSON of its secret is refused when the stack is made."""
    assert not fits(key, parsed()["Parameters"]["DashApiKey"])


def test_variables_name_secrets_only() -> None:
    """A variable that has to do with a secret holds its ARN."""
    for function in of_type("AWS::Lambda::Function", full()).values():
        for name in function["Environment"]["Variables"]:
            if re.search("SECRET|KEY|TOKEN|PASSWORD|CREDENTIAL", name):
                assert name.endswith("_ARN")


def test_outputs() -> None:
    """What other tools look for is there, and everything is described."""
    outputs = parsed()["Outputs"]
    assert outputs.keys() >= {"ApiUrl", "EventsTableName", "EventsTopicArn", "RedriveQueueUrl", "CallbackSecretArn"}
    assert all(output["Description"].endswith(".") for output in outputs.values())
    assert outputs["CallbackSecretArn"]["Value"] == {"Fn::GetAtt": ["CallbackSecret", "Id"]}
