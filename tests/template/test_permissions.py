"""What each role may do, as the template says.

That the policies suffice and that none is idle is shown on the emulator, in tests/integration/test_permissions.py.
"""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

import pytest

from devtools.template import ASKED, expanded, parsed, resources
from hookswitch.calls.items import call_id, leg_id, party_item
from hookswitch.dash.hooks import HOOKS
from hookswitch.receiving.hook_functions import ALIAS
from tests.permissions import (
    A_HOOK,
    UNSEEN,
    Permission,
    allowed,
    as_list,
    hook_functions,
    idle,
    roles,
    statements,
    used,
)
from tests.template.views import GUARDED, fits, made, of_type

if TYPE_CHECKING:
    from hookswitch.calls.record import Call

# AWS Lambda, "Using Lambda with Amazon SQS" and "Using Lambda with DynamoDB": what the execution role has to allow.
POLLING_A_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
POLLING_A_STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}


def keys(statement: Mapping[str, Any]) -> Any:
    """Return the keys of the table that a statement is about."""
    (condition,) = statement["Condition"].values()
    return condition["dynamodb:LeadingKeys"]


# Roles


def test_every_function_has_a_role_of_its_own() -> None:
    """The hooks share a role, every other function has its own, named after it, and SAM generates none."""
    functions = of_type("AWS::Lambda::Function", {"Resources": made()})
    of = {name: it["Role"]["Fn::GetAtt"][0] for name, it in functions.items()}
    assert len(hook_functions(made())) >= len(HOOKS)
    assert {role for name, role in of.items() if name not in hook_functions(made())} == {
        f"{name}Role" for name in of.keys() - hook_functions(made())
    }
    assert roles(made()).keys() == set(of.values())


@pytest.mark.parametrize("guarded", [False, True])
def test_no_statement_allows_all(guarded: bool) -> None:
    """No action has a wildcard, no policy is AWS managed, and only actions without resource support use `*`."""
    for role, properties in roles(made(guarded=guarded)).items():
        assert all(arn.keys() == {"Ref"} for arn in properties["ManagedPolicyArns"])
        trust = properties["AssumeRolePolicyDocument"]["Statement"]
        assert [it["Principal"] for it in trust] == [{"Service": "lambda.amazonaws.com"}]
        for statement in statements(role, made(guarded=guarded)):
            assert statement["Effect"] == "Allow"
            actions = set(as_list(statement["Action"]))
            assert not [action for action in actions if "*" in action]
            if "*" in as_list(statement["Resource"]):
                assert actions <= {
                    "cloudwatch:DescribeAlarms",
                    "cloudwatch:GetMetricStatistics",
                    "secretsmanager:GetRandomPassword",
                    "xray:PutTelemetryRecords",
                    "xray:PutTraceSegments",
                }


def test_hooks_may_do_no_more_than_they_must() -> None:
    """Hooks may write to the table, read the callback secret, send to the redrive queue, and write logs."""
    assert {(it.action, it.resource) for it in allowed(made()) if it.role == "HookRole"} == {
        ("dynamodb:PutItem", "EventsTable"),
        ("dynamodb:ConditionCheckItem", "EventsTable"),
        ("secretsmanager:GetSecretValue", "CallbackSecret"),
        ("sqs:SendMessage", "RedriveQueue"),
        ("logs:CreateLogStream", "LogGroup"),
        ("logs:PutLogEvents", "LogGroup"),
    }


def test_only_a_replay_deletes() -> None:
    """No other role may delete events. Those that may change items can't change an event: its key begins with none."""
    deleting = {(it.role, it.resource) for it in allowed(made()) if it.action == "dynamodb:DeleteItem"}
    assert {role for role, table in deleting if table != "DestinationsTable"} == {"RedriveRole"}
    changing = {
        role: as_list(value)
        for role in roles(made())
        for statement in statements(role, made())
        if "dynamodb:UpdateItem" in as_list(statement["Action"])
        if statement["Resource"] != {"Fn::GetAtt": ["DestinationsTable", "Arn"]}
        for value in [keys(statement)]
    }
    assert changing == {
        "RedriveRole": ["quarantine-*"],
        "ReconcileRole": ["state-reconcile", "state-accounting", "state-import"],
        "CallsRole": ["call-*", "leg-*", "party-*"],
    }


def test_calls_write_calls_only() -> None:
    """The calls function may write calls, their legs and the entries by party, and never an event."""
    writing = [it for it in statements("CallsRole", made()) if "dynamodb:PutItem" in as_list(it["Action"])]
    assert [keys(statement) for statement in writing] == [["call-*", "leg-*", "party-*"]]
    record: Mapping[str, Any] = {"account_id": "a", "call": "0" * 32, "started_at": "2026-11-23T14:00:00Z"}
    for key in (
        call_id("0" * 32),
        leg_id("a", "leg"),
        party_item("a/number/1", cast("Call", record), None)["event_id"],
    ):
        assert [pattern for pattern in keys(writing[0]) if fnmatchcase(str(key), pattern)]


def test_who_may_invoke() -> None:
    """Only Redrive and Reconcile may invoke functions: all hooks, and Publish; Reconcile, which imports, also Calls."""
    calls = [it for it in allowed(made()) if it.action == "lambda:InvokeFunction"]
    assert {(it.role, it.resource) for it in calls} == {
        ("RedriveRole", A_HOOK),
        ("RedriveRole", "Publish"),
        ("ReconcileRole", A_HOOK),
        ("ReconcileRole", "Publish"),
        ("ReconcileRole", "Calls"),
    }
    (statement,) = made()["InvokeHooksPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    listed = [it["Ref"] for it in statement["Resource"]]  # a function's own ARN would not allow to call its alias
    assert all(name.endswith(f"Alias{ALIAS}") for name in listed)


def test_every_role_writes_one_log() -> None:
    """A role may write to the stack's log group, but not create one or set its retention."""
    may = allowed(made())
    assert {(it.action, it.resource) for it in may if it.action.startswith("logs:")} == {
        ("logs:CreateLogStream", "LogGroup"),
        ("logs:PutLogEvents", "LogGroup"),
    }
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        assert {it.role for it in may if it.action == action} == roles(made()).keys()


def test_lambda_can_poll() -> None:
    """The role allows what Lambda needs to poll, and to record batches that failed for good."""
    sources = of_type("AWS::Lambda::EventSourceMapping", {"Resources": made()})
    assert len(sources) == 8
    for mapping in sources.values():
        role = made()[mapping["FunctionName"]["Ref"]]["Properties"]["Role"]["Fn::GetAtt"][0]
        source, kind = mapping["EventSourceArn"]["Fn::GetAtt"]
        needed = POLLING_A_STREAM if kind == "StreamArn" else POLLING_A_QUEUE
        place = f"{source}/stream" if kind == "StreamArn" else source
        assert {Permission(role, action, place) for action in needed} <= allowed(made())
        if "DestinationConfig" in mapping:
            queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
            assert Permission(role, "sqs:SendMessage", queue) in allowed(made())


def test_where_destinations_may_send() -> None:
    """Send may send to the queues and event buses that the parameter names, and to no other."""
    queue, bus = "arn:aws:sqs:eu-west-1:111122223333:calls", "arn:aws:events:us-east-1:111122223333:event-bus/phones"
    for given, wanted in (("", []), (queue, [[queue]]), (f"{queue},{bus}", [[queue, bus]])):
        stack = resources(expanded(**ASKED), **ASKED, DestinationArns=given)
        found = [it for it in statements("SendRole", stack) if "events:PutEvents" in as_list(it["Action"])]
        assert [it["Resource"] for it in found] == wanted
        assert all(it["Action"] == ["sqs:GetQueueUrl", "sqs:SendMessage", "events:PutEvents"] for it in found)
        keys_of_queues = [it for it in statements("SendRole", stack) if "kms:GenerateDataKey" in as_list(it["Action"])]
        assert [it["Condition"] for it in keys_of_queues] == [
            {"StringLike": {"kms:ViaService": {"Fn::Sub": "sqs.*.${AWS::URLSuffix}"}}} for _ in wanted
        ]


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("arn:aws:sqs:eu-west-1:111122223333:calls", True),
        ("arn:aws:events:us-east-1:111122223333:event-bus/default,arn:aws-cn:sqs:cn-north-1:111122223333:a", True),
        ("*", False),
        ("arn:aws:sqs:eu-west-1:111122223333:*", False),
        ("arn:aws:sqs:eu-west-1:111122223333:calls.fifo", False),
        ("arn:aws:sns:eu-west-1:111122223333:calls", False),
        ("arn:aws:sqs:eu-west-1:111122223333:calls,", False),
    ],
)
def test_destinations_are_queues_and_event_buses(given: str, *, accepted: bool) -> None:
    """Nothing but single standard queues and event buses can be named."""
    assert fits(given, parsed()["Parameters"]["DestinationArns"]) is accepted


def test_who_may_manage_destinations() -> None:
    """A policy of its own lets people manage destinations; no function may."""
    may = made()["DestinationManagersPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {action for it in may for action in as_list(it["Action"])} == {
        "lambda:InvokeFunction",
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
    }
    assert may[0]["Resource"] == [{"Fn::GetAtt": [name, "Arn"]} for name in ("Destinations", "Send")]
    assert may[1]["Resource"] == {"Ref": "AWS::StackId"}
    invoked = {it.resource for it in allowed(made()) if it.action == "lambda:InvokeFunction"}
    assert not invoked & {"Destinations", "Send", "*"}


@pytest.mark.parametrize("guarded", [False, True])
def test_traces(guarded: bool) -> None:
    """With Tracing, every function is traced and every role may send traces; otherwise neither."""
    found = made(guarded=guarded)
    mode = "Active" if guarded else "PassThrough"
    assert {it["TracingConfig"]["Mode"] for it in of_type("AWS::Lambda::Function", {"Resources": found}).values()} == {
        mode
    }
    tracing = {it.role for it in allowed(found) if it.action == "xray:PutTraceSegments"}
    assert tracing == (roles(found).keys() if guarded else set())


# The proof that nothing is idle


def test_exceptions_are_needed() -> None:
    """Each action listed as invisible to the emulator is one that the template allows."""
    may = allowed(resources(parsed(), **GUARDED, BusinessHours="9-16"))
    for role, action in UNSEEN:
        assert [it for it in may if it.action == action and role in {"*", it.role}], (role, action)


def test_an_idle_action_is_found(tmp_path: Any) -> None:
    """An allowed action that a role did not use is named, also if it was used on another resource."""
    trail = tmp_path / "iam.jsonl"
    role = "arn:aws:iam::000000000000:role/phones-1-RedriveRole-0123456789ABC"
    table = "arn:aws:dynamodb:us-east-1:000000000000:table/phones-1-EventsTable-0123456789ABC"
    seen = [
        ("dynamodb:Query", f"{table}/index/feeds"),
        ("dynamodb:GetRecords", f"{table}/stream/2026-11-23T14:27:53.000"),
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:phones-1-Parking-0123456789ABC"),
        ("cloudformation:ListStackResources", "arn:aws:cloudformation:us-east-1:000000000000:stack/phones-1/id"),
    ]
    trail.write_text("".join(json.dumps({"role": role, "action": it, "resource": on}) + "\n" for it, on in seen))
    did = used([trail], made())
    may = {it for it in allowed(made()) if it.role == "RedriveRole"}
    expected = {
        Permission("RedriveRole", "dynamodb:Query", "EventsTable/index/feeds"),
        Permission("RedriveRole", "dynamodb:GetRecords", "EventsTable/stream"),
        Permission("RedriveRole", "lambda:InvokeFunction", A_HOOK),
        Permission("RedriveRole", "cloudformation:ListStackResources", "AWS::StackId"),
    }
    assert did == expected <= may
    left = idle(may, did)
    assert Permission("RedriveRole", "lambda:InvokeFunction", "Publish") in left
    assert Permission("RedriveRole", "dynamodb:DeleteItem", "EventsTable") in left
    assert not expected & set(left)
    assert not [it for it in left if it.action.startswith(("logs:", "sqs:Receive"))]
