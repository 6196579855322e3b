"""Change sets: what CloudFormation is going to do, and how it goes.

Not `sam deploy`, which wants every parameter on its command line, the API key too, and shows resources in tables of
140 columns: docs/engineering/decisions/0081-deploying.md.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import WaiterError

from devtools.deploying.answers import Answers
from devtools.errors import LaptopError
from devtools.target import Target

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackEventTypeDef

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
NOTHING = ("didn't contain changes", "No updates are to be performed", "no changes")
PAUSE = 2.0  # seconds between two looks at a stack on AWS
SHORT_PAUSE = 0.2  # the same on the emulator, which has no quota
CAUSES = ("Resource creation cancelled", "Resource update cancelled", "The following resource(s) failed")

HASH = re.compile(r"(?<=.)[0-9a-f]{10}$")

type Progress = Callable[[str], None]


class ChangeError(LaptopError):
    """CloudFormation did not carry out a change; the text has the sentence that matters."""


@dataclass(frozen=True)
class Change:
    """What happens to one resource.

    Attributes:
        action: `Add`, `Modify`, `Remove` or `Import`.
        logical_id: Its name in the template.
        kind: Its type.
        replaced: Whether it is made anew, which loses what it holds.
    """

    action: str
    logical_id: str
    kind: str
    replaced: bool = False

    @property
    def name(self) -> str:
        """Its name without the hash that SAM gives a new version or deployment."""
        return HASH.sub("", self.logical_id)


@dataclass(frozen=True)
class ChangeSet:
    """A change set that waits to be carried out.

    Attributes:
        stack_id: The ARN of its stack.
        name: Its ARN.
        creates: Whether the stack is new.
        changes: What it does.
    """

    stack_id: str
    name: str
    creates: bool
    changes: tuple[Change, ...]


def prepare(  # noqa: PLR0913 - what a change set is made of
    target: Target,
    template_url: str,
    answers: Answers,
    tags: Mapping[str, str],
    *,
    creates: bool,
    adopts: bool,
) -> ChangeSet | None:
    """Have CloudFormation work out what a template changes; return None if that is nothing.

    Args:
        target: The stack.
        template_url: Where the packaged template is.
        answers: The parameters.
        tags: For the stack and all that it makes; none leave the stack's as they are.
        creates: Whether the stack is new.
        adopts: Whether an existing table of the given name becomes the stack's.

    Raises:
        ChangeError: CloudFormation can't work it out.
    """
    client: CloudFormationClient = target.client("cloudformation")
    more: dict[str, Any] = {"ImportExistingResources": True} if adopts else {}
    if tags:  # an empty list would remove those that somebody else set
        more["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = client.create_change_set(
        StackName=target.stack,
        ChangeSetName=f"hookswitch-{int(time.time())}",
        ChangeSetType="CREATE" if creates else "UPDATE",
        TemplateURL=template_url,
        Parameters=answers.parameters(),  # type: ignore[arg-type]
        Capabilities=list(CAPABILITIES),  # type: ignore[arg-type]
        **more,
    )
    delay = {"Delay": 1 if target.is_emulated else 3, "MaxAttempts": 200}
    try:
        client.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"], WaiterConfig=delay)  # type: ignore[arg-type]
    except WaiterError as error:
        reason = str(client.describe_change_set(ChangeSetName=made["Id"]).get("StatusReason", error))
        client.delete_change_set(ChangeSetName=made["Id"])
        if any(sentence in reason for sentence in NOTHING):
            return None
        raise ChangeError(f"CloudFormation refuses the template or a parameter: {reason}") from error
    pages = client.get_paginator("describe_change_set").paginate(ChangeSetName=made["Id"])
    changes = tuple(_change(entry["ResourceChange"]) for page in pages for entry in page["Changes"])
    return ChangeSet(made["StackId"], made["Id"], creates, changes)


def _change(found: Mapping[str, Any]) -> Change:
    replaced = found.get("Replacement") == "True"
    return Change(found["Action"], found["LogicalResourceId"], found.get("ResourceType", ""), replaced)


def carry_out(target: Target, change_set: ChangeSet, progress: Progress) -> None:
    """Carry a change set out, and wait until that is done.

    Raises:
        ChangeError: It failed; the stack is as before, or has been rolled back.
    """
    client: CloudFormationClient = target.client("cloudformation")
    seen = _newest(client, change_set.stack_id)
    client.execute_change_set(ChangeSetName=change_set.name)
    status = follow(target, change_set.stack_id, seen, progress, expected=len(change_set.changes))
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        cause = find_cause(_new_events(client, change_set.stack_id, seen))
        raise ChangeError(f"The stack was not {'created' if change_set.creates else 'updated'}. {cause}")


def delete(target: Target, stack_id: str, progress: Progress) -> None:
    """Delete a stack, and wait until that is done.

    Raises:
        ChangeError: Something could not be deleted.
    """
    client: CloudFormationClient = target.client("cloudformation")
    seen = _newest(client, stack_id)
    client.delete_stack(StackName=stack_id)
    if follow(target, stack_id, seen, progress) != "DELETE_COMPLETE":
        cause = find_cause(_new_events(client, stack_id, seen))
        raise ChangeError(f"The stack was not removed. {cause}")


def follow(target: Target, stack_id: str, seen: set[str], progress: Progress, expected: int = 0) -> str:
    """Tell what happens to a stack until nothing does any more, and return its status then.

    Only an event since then says that: for a moment, CloudFormation describes the stack as it was before.

    Args:
        target: The stack.
        stack_id: Its ARN, which still finds it once it is deleted.
        seen: The ids of events that are over.
        progress: Told each step, in words.
        expected: How many resources change; 0 if nobody knows.
    """
    client: CloudFormationClient = target.client("cloudformation")
    known, done = set(seen), set[str]()
    while True:
        for event in reversed(list(_new_events(client, stack_id, known))):
            known.add(event["EventId"])
            state, name = event.get("ResourceStatus", ""), event["LogicalResourceId"]
            if event.get("PhysicalResourceId") == stack_id:
                if not state.endswith("_IN_PROGRESS"):
                    return state
            elif state.endswith("_COMPLETE"):
                done.add(name)
                counted = f"{min(len(done), expected)} of {expected}" if expected else f"{len(done)}"
                progress(f"{counted} · {in_words(state)} {name}")
        time.sleep(SHORT_PAUSE if target.is_emulated else PAUSE)


def in_words(state: str) -> str:
    """Return what a resource's status says, as `CREATE_COMPLETE`, in a word."""
    verb = state.removesuffix("_COMPLETE").rpartition("_")[2].lower()
    return {"create": "created", "update": "updated", "delete": "removed", "import": "adopted"}.get(verb, verb)


def find_cause(events: "Iterator[StackEventTypeDef]") -> str:
    """Return the sentence that matters among a failed operation's events, which come newest first."""
    failed = [
        event
        for event in events
        if event.get("ResourceStatus", "").endswith("_FAILED")
        and not event.get("ResourceStatusReason", "").startswith(CAUSES)
    ]
    if not failed:
        return "CloudFormation gives no reason; look at the stack's events in its console."
    first = min(failed, key=lambda event: event["Timestamp"])
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"


def _new_events(client: "CloudFormationClient", stack_id: str, seen: set[str]) -> "Iterator[StackEventTypeDef]":
    """Yield the events of a stack since those that are known, the newest first."""
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in page["StackEvents"]:
            if event["EventId"] in seen:
                return
            yield event


def _newest(client: "CloudFormationClient", stack_id: str) -> set[str]:
    return {event["EventId"] for event in islice(_new_events(client, stack_id, set()), 1)}
