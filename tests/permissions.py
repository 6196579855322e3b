"""What the template allows each role, what the roles did on the emulator, and the difference."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hookswitch.receiving.hook_functions import ALIAS

type Resources = Mapping[str, Mapping[str, Any]]

A_HOOK = "a hook function"
STACK = "AWS::StackId"
_POLLED = "Lambda polls with the function's role; the emulator polls without a role."
_LOGGED = "Lambda writes the log with the function's role; the emulator writes it without a role."
_KEPT_PLAIN = "The emulator does not encrypt anything."
_SCHEDULED = "EventBridge Scheduler invokes with the schedule's role; the emulator invokes without a role."
_NAMELESS = "A key's ARN does not say which resource of the template it is."
_UNTRACED = "The emulator does not support X-Ray."

# Actions that the emulator's trail can't show: (role, or "*" for all; action) and why.
UNSEEN: Mapping[tuple[str, str], str] = {
    ("*", "logs:CreateLogStream"): _LOGGED,
    ("*", "logs:PutLogEvents"): _LOGGED,
    ("*", "kms:Decrypt"): _KEPT_PLAIN,
    ("*", "kms:GenerateDataKey"): _KEPT_PLAIN,
    ("DestinationsRole", "kms:Encrypt"): _NAMELESS,
    ("ConsoleRole", "cognito-idp:DescribeUserPoolClient"): "A user pool's ARN does not say which resource it is.",
    ("*", "xray:PutTraceSegments"): _UNTRACED,
    ("*", "xray:PutTelemetryRecords"): _UNTRACED,
    ("PublishRole", "dynamodb:DescribeStream"): _POLLED,
    ("PublishRole", "dynamodb:GetRecords"): _POLLED,
    ("PublishRole", "dynamodb:GetShardIterator"): _POLLED,
    ("PublishRole", "dynamodb:ListStreams"): _POLLED,
    ("CallsRole", "dynamodb:DescribeStream"): _POLLED,
    ("CallsRole", "dynamodb:GetRecords"): _POLLED,
    ("CallsRole", "dynamodb:GetShardIterator"): _POLLED,
    ("CallsRole", "dynamodb:ListStreams"): _POLLED,
    ("CallsRole", "sqs:ReceiveMessage"): _POLLED,
    ("CallsRole", "sqs:DeleteMessage"): _POLLED,
    ("CallsRole", "sqs:GetQueueAttributes"): _POLLED,
    ("RedriveRole", "sqs:ReceiveMessage"): _POLLED,
    ("RedriveRole", "sqs:DeleteMessage"): _POLLED,
    ("RedriveRole", "sqs:GetQueueAttributes"): _POLLED,
    ("RouteRole", "sqs:ReceiveMessage"): _POLLED,
    ("RouteRole", "sqs:DeleteMessage"): _POLLED,
    ("RouteRole", "sqs:GetQueueAttributes"): _POLLED,
    ("SendRole", "sqs:ReceiveMessage"): _POLLED,  # by the function itself, too, but not of every queue in a test
    ("SendRole", "sqs:DeleteMessage"): _POLLED,
    ("SendRole", "sqs:GetQueueAttributes"): _POLLED,
    ("SilenceScheduleRole", "lambda:InvokeFunction"): _SCHEDULED,
}

_PHYSICAL = re.compile(r"-(?P<id>\w+)-[0-9A-F]{13}(-\w{6})?(?P<part>/stream|/index/\w+)?")
_SUB = re.compile(r"\$\{(?P<id>\w+)\.Arn\}(?P<part>/stream|/index/\w+)?")


@dataclass(frozen=True, order=True)
class Permission:
    """One action of one role on one resource.

    Attributes:
        role: The role's logical id.
        action: IAM's name for it, such as `sqs:SendMessage`.
        resource: The resource's logical id, with the part of a table (`EventsTable/stream`); `A_HOOK` for any function
            with HookRole, `STACK` for the stack itself, `*` for anything else.
    """

    role: str
    action: str
    resource: str


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and any other value as a list of one."""
    return value if isinstance(value, list) else [value]


def roles(resources: Resources) -> dict[str, Mapping[str, Any]]:
    """Return the properties of every role of an evaluated template."""
    return {name: it["Properties"] for name, it in resources.items() if it["Type"] == "AWS::IAM::Role"}


def statements(role: str, resources: Resources) -> Iterator[Mapping[str, Any]]:
    """Yield every statement of a role's inline and managed policies."""
    properties = roles(resources)[role]
    managed = [resources[arn["Ref"]]["Properties"] for arn in properties.get("ManagedPolicyArns", [])]
    for policy in [*properties.get("Policies", []), *managed]:
        yield from policy["PolicyDocument"]["Statement"]


def hook_functions(resources: Resources) -> set[str]:
    """Return the logical ids of the functions with HookRole."""
    return {
        name
        for name, it in resources.items()
        if it["Type"] == "AWS::Lambda::Function" and it["Properties"]["Role"] == {"Fn::GetAtt": ["HookRole", "Arn"]}
    }


def allowed(resources: Resources) -> set[Permission]:
    """Return the permissions of the roles in an evaluated template."""
    hooks = hook_functions(resources)
    return {
        Permission(role, action, A_HOOK if (name := _named(resource)) in hooks else name)
        for role in roles(resources)
        for statement in statements(role, resources)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def used(trails: Iterable[Path], resources: Resources) -> set[Permission]:
    """Return the permissions that roles used, according to the files of `devtools.ministack.Trail`."""
    hooks = hook_functions(resources)
    entries = [json.loads(line) for trail in trails for line in trail.read_text().splitlines()]
    return {
        Permission(_logical(it["role"]), it["action"], A_HOOK if (name := _logical(it["resource"])) in hooks else name)
        for it in entries
    }


def idle(may: Iterable[Permission], did: Iterable[Permission]) -> list[Permission]:
    """Return the permissions that were never used, except those that trails can't show."""
    unseen = {it for it in may if UNSEEN.keys() & {(it.role, it.action), ("*", it.action)}}
    return sorted(set(may) - set(did) - unseen)


def _named(resource: Any) -> str:
    """Return the logical id that a statement's resource refers to."""
    match resource:
        case {"Ref": str(name)}:
            return name.removesuffix(f"Alias{ALIAS}")  # an alias stands for its function
        case {"Fn::GetAtt": [str(name), "StreamArn"]}:
            return f"{name}/stream"
        case {"Fn::GetAtt": [str(name), str()]}:
            return name
        case {"Fn::Sub": str(text)} if found := _SUB.match(text):
            return found["id"] + (found["part"] or "")
        case _:
            return str(resource)


def _logical(arn: str) -> str:
    """Return the logical id in an ARN with a name by CloudFormation: `<stack>-<logical id>-<suffix>`."""
    if arn.split(":")[2:3] == ["cloudformation"]:
        return STACK
    found = _PHYSICAL.search(arn)
    return found["id"] + (found["part"] or "") if found else "*"
