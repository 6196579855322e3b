"""A stack that is deleted while reconcile runs: no webhook is left behind."""

from typing import Any

import pytest

from simulator.faults import Fault
from tests.unit.reconcile.world import World

STATUS = "DELETE_IN_PROGRESS"


def ending(world: World, monkeypatch: pytest.MonkeyPatch, after: int, status: str = STATUS) -> None:
    """Change the stack's status after `after` reads of it."""
    statuses = iter(["UPDATE_COMPLETE"] * after)

    def describe_stacks(*, StackName: str) -> dict[str, Any]:
        return {"Stacks": [{"StackName": StackName, "StackStatus": next(statuses, status)}]}

    monkeypatch.setattr(world, "describe_stacks", describe_stacks)


@pytest.mark.parametrize("after", range(1, 7))
@pytest.mark.parametrize("status", [STATUS, "DELETE_COMPLETE", "DELETE_FAILED", "ROLLBACK_IN_PROGRESS"])
def test_creation(world: World, monkeypatch: pytest.MonkeyPatch, after: int, status: str) -> None:
    """Whenever the deletion begins, every webhook either exists before it, or does not exist after the run."""
    before = {it.id for it in world.webhooks}
    for webhook in world.webhooks:
        world.dash.remove(webhook.id)
    ending(world, monkeypatch, after, status)
    world.reconcile()
    # The status is read once at first, then before and after each creation. If the deletion is found after a creation,
    # the run undoes its creations; if before, it leaves what existed before the deletion began.
    assert len(world.webhooks) == ((after - 1) // 2 if after % 2 else 0)
    assert not before & {it.id for it in world.webhooks}


def test_creation_whose_answer_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook that Dash created without a response is not left behind either."""
    world.dash.remove(world.webhook("parking").id)
    left = len(world.webhooks)
    world.api.faults.add(Fault("PUT", "/webhooks$", count=None, drop=True, perform=True))
    ending(world, monkeypatch, after=2)
    world.reconcile()
    assert len(world.webhooks) == left


def test_edit_of_a_deleted_webhook(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Editing a webhook that provisioning has just deleted does not recreate it."""
    webhook = world.webhook("parking")
    webhook.retries = 0
    ending(world, monkeypatch, after=2)
    # As if it were deleted between the check and the edit.
    world.api.faults.add(Fault("POST", f"/webhooks/{webhook.id}", status=404, message="bad_identifier"))
    world.reconcile()
    assert [it.id for it in world.webhooks if "/parking/" in it.uri] == [webhook.id]


def test_update_begins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When an update of the stack begins, it takes over the remaining repairs; those already made stay."""
    for webhook in world.webhooks:
        world.dash.remove(webhook.id)
    ending(world, monkeypatch, after=3, status="UPDATE_IN_PROGRESS")
    report = world.reconcile()
    assert len(world.webhooks) == len(report["changes"]) == 1
