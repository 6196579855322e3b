"""What the template allows each role, what roles really did on the emulator, and what is left between the two."""

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
_POLLED = "Lambda polls under the function's role; the emulator polls by itself."
_LOGGED = "Lambda writes the log under the function's role; the emulator writes it by itself."
_KEPT_PLAIN = "The emulator encrypts nothing."
_SCHEDULED = "EventBridge Scheduler invokes under the schedule's role; the emulator invokes by itself."
_UNTRACED = "The emulator has no X-Ray."

# Actions that no trail of the emulator can show: (role, or "*" for every one; action) and why.
UNSEEN: Mapping[tuple[str, str], str] = {
    ("*", "logs:CreateLogStream"): _LOGGED,
    ("*", "logs:PutLogEvents"): _LOGGED,
    ("*", "kms:Decrypt"): _KEPT_PLAIN,
    ("*", "kms:GenerateDataKey"): _KEPT_PLAIN,
    ("*", "xray:PutTraceSegments"): _UNTRACED,
    ("*", "xray:PutTelemetryRecords"): _UNTRACED,
    ("PublishRole", "dynamodb:DescribeStream"): _POLLED,
    ("PublishRole", "dynamodb:GetRecords"): _POLLED,
    ("PublishRole", "dynamodb:GetShardIterator"): _POLLED,
    ("PublishRole", "dynamodb:ListStreams"): _POLLED,
    ("RedriveRole", "sqs:ReceiveMessage"): _POLLED,
    ("RedriveRole", "sqs:DeleteMessage"): _POLLED,
    ("RedriveRole", "sqs:GetQueueAttributes"): _POLLED,
    ("SilenceScheduleRole", "lambda:InvokeFunction"): _SCHEDULED,
}

_PHYSICAL = re.compile(r"-(?P<id>\w+)-[0-9A-F]{13}(-\w{6})?(?P<part>/stream|/index/\w+)?")
_SUB = re.compile(r"\$\{(?P<id>\w+)\.Arn\}(?P<part>/stream|/index/\w+)?")


@dataclass(frozen=True, order=True)
class Permission:
    """One action of one role on one resource.

    Attributes:
        role: The role's logical id.
        action: As IAM names it: `sqs:SendMessage`.
        resource: The resource's logical id, with the part of a table that is meant (`EventsTable/stream`); `A_HOOK`
            for any function that runs under HookRole, `STACK` for the stack itself, `*` for what is none of these.
    """

    role: str
    action: str
    resource: str


def as_list(value: Any) -> list[Any]:
    """Return the value, if it is no list, as a list of one."""
    return value if isinstance(value, list) else [value]


def roles(resources: Resources) -> dict[str, Mapping[str, Any]]:
    """Return the properties of every role of an evaluated template."""
    return {name: it["Properties"] for name, it in resources.items() if it["Type"] == "AWS::IAM::Role"}


def statements(role: str, resources: Resources) -> Iterator[Mapping[str, Any]]:
    """Yield every statement of a role's own policies and of the managed ones that it has."""
    properties = roles(resources)[role]
    managed = [resources[arn["Ref"]]["Properties"] for arn in properties.get("ManagedPolicyArns", [])]
    for policy in [*properties.get("Policies", []), *managed]:
        yield from policy["PolicyDocument"]["Statement"]


def hook_functions(resources: Resources) -> set[str]:
    """Return the logical ids of the functions that run under HookRole."""
    return {
        name
        for name, it in resources.items()
        if it["Type"] == "AWS::Lambda::Function" and it["Properties"]["Role"] == {"Fn::GetAtt": ["HookRole", "Arn"]}
    }


def allowed(resources: Resources) -> set[Permission]:
    """Return what the roles of an evaluated template may do."""
    hooks = hook_functions(resources)
    return {
        Permission(role, action, A_HOOK if (name := _named(resource)) in hooks else name)
        for role in roles(resources)
        for statement in statements(role, resources)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def used(trails: Iterable[Path], resources: Resources) -> set[Permission]:
    """Return what roles were seen to do, by the files that `devtools.ministack.Trail` wrote."""
    hooks = hook_functions(resources)
    entries = [json.loads(line) for trail in trails for line in trail.read_text().splitlines()]
    return {
        Permission(_logical(it["role"]), it["action"], A_HOOK if (name := _logical(it["resource"])) in hooks else name)
        for it in entries
    }


def idle(may: Iterable[Permission], did: Iterable[Permission]) -> list[Permission]:
    """Return what roles may do and never did, but for what can't be seen."""
    unseen = {it for it in may if UNSEEN.keys() & {(it.role, it.action), ("*", it.action)}}
    return sorted(set(may) - set(did) - unseen)


def _named(resource: Any) -> str:
    """Return the logical id of what a statement's resource refers to."""
    match resource:
        case {"Ref": str(name)}:
            return name.removesuffix(f"Alias{ALIAS}")  # which stands for its function
        case {"Fn::GetAtt": [str(name), "StreamArn"]}:
            return f"{name}/stream"
        case {"Fn::GetAtt": [str(name), str()]}:
            return name
        case {"Fn::Sub": str(text)} if found := _SUB.match(text):
            return found["id"] + (found["part"] or "")
        case _:
            return str(resource)


def _logical(arn: str) -> str:
    """Return the logical id in an ARN, as CloudFormation makes names: `<stack>-<logical id>-<suffix>`."""
    if arn.split(":")[2:3] == ["cloudformation"]:
        return STACK
    found = _PHYSICAL.search(arn)
    return found["id"] + (found["part"] or "") if found else "*"
