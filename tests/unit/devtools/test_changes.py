"""Following a stack until it is at rest, when CloudFormation takes a moment to begin."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from devtools.deploying import changes
from devtools.deploying.changes import ChangeError, ChangeSet
from devtools.target import Target

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/phones/1a2b"


class CloudFormation:
    """Tells one event more each time it is asked, the newest first."""

    def __init__(self, before: str, *states: tuple[str, str]) -> None:
        self._events = [self._event(0, "stack", before)]
        self._coming = [self._event(number, *state) for number, state in enumerate(states, 1)]
        self._started = False

    def execute_change_set(self, ChangeSetName: str) -> None:
        """Begin."""
        self._started = bool(ChangeSetName)

    def delete_stack(self, StackName: str) -> None:
        """Begin."""
        self._started = bool(StackName)

    def get_paginator(self, operation: str) -> Any:
        """Return the pages of events."""
        assert operation == "describe_stack_events"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, StackName: str) -> Iterator[dict[str, Any]]:
        assert StackName == STACK
        if self._started and self._coming:
            self._events.insert(0, self._coming.pop(0))
        yield {"StackEvents": list(self._events)}

    @staticmethod
    def _event(number: int, name: str, status: str) -> dict[str, Any]:
        return {
            "EventId": str(number),
            "LogicalResourceId": name,
            "PhysicalResourceId": STACK if name == "stack" else name,
            "ResourceStatus": status,
            "ResourceStatusReason": f"{name} was unlucky",
            "Timestamp": datetime.fromtimestamp(number, UTC),
        }


def target(client: CloudFormation) -> Target:
    """Return a stack that this CloudFormation has."""
    return cast("Target", SimpleNamespace(stack="phones", is_emulated=True, client=lambda _: client))


UPDATE = ChangeSet(STACK, "changes", creates=False, changes=())


def test_update_that_fails_after_a_moment() -> None:
    """The status of the update before is not taken for this one's."""
    client = CloudFormation(
        "UPDATE_COMPLETE",
        ("stack", "UPDATE_IN_PROGRESS"),
        ("Publish", "UPDATE_FAILED"),
        ("stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("stack", "UPDATE_ROLLBACK_COMPLETE"),
    )
    with pytest.raises(ChangeError, match=r"The stack was not updated\. Publish: Publish was unlucky"):
        changes.carry_out(target(client), UPDATE, lambda _: None)


def test_update_that_succeeds() -> None:
    """Each resource that is done is told, and the cleaning up afterwards is waited for."""
    told: list[str] = []
    client = CloudFormation(
        "CREATE_COMPLETE",
        ("stack", "UPDATE_IN_PROGRESS"),
        ("Publish", "UPDATE_COMPLETE"),
        ("stack", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("stack", "UPDATE_COMPLETE"),
    )
    changes.carry_out(target(client), UPDATE, told.append)
    assert told == ["1 · updated Publish"]


def test_removal_of_a_stack_that_was_never_created() -> None:
    """Its earlier failure is not taken for one of the removal."""
    client = CloudFormation("ROLLBACK_COMPLETE", ("stack", "DELETE_IN_PROGRESS"), ("stack", "DELETE_COMPLETE"))
    changes.delete(target(client), STACK, lambda _: None)
