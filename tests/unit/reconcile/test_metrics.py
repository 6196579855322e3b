"""What reconcile counts (docs/metrics.md)."""

import pytest

from hookswitch.errors import HookswitchError
from hookswitch.reconcile.cdr import Cdr
from simulator.payloads import payload
from tests.emf import samples_in, total
from tests.unit.observability.test_metrics import assert_prints, shapes
from tests.unit.reconcile.accounting.scene import SETTLED, end
from tests.unit.reconcile.world import HOOKS, World, running

type Capture = pytest.CaptureFixture[str]


def test_reconcile_prints_what_the_page_says(world: World, capsys: Capture) -> None:
    """Reconcile prints exactly its documented metrics, even if there is nothing to do."""
    world.reconcile()
    assert_prints("reconcile", capsys)


def test_reconciled(world: World, capsys: Capture) -> None:
    """A run counts the webhooks that were disabled and missing, its repairs, and what it recovered."""
    world.broken = 500
    for _ in range(9):
        world.fire("missed_call", payload("missed_call", now=world.now))
    world.broken = None
    world.dash.remove(world.webhook("parking").id)
    world.now += 300
    capsys.readouterr()
    world.reconcile()
    names = (
        "webhook_disabled",
        "webhook_missing",
        "webhook_restored",
        "recovered",
        "reported",
        "deferred",
        "reconciled",
    )
    log = capsys.readouterr().out
    assert [total(log, name) for name in names] == [1, 1, 2, 6, 0, 0, 1]
    world.now += 300
    world.reconcile()
    log = capsys.readouterr().out
    assert [total(log, name) for name in names] == [0, 0, 0, 0, 0, 0, 1]


def test_run_that_fails_is_not_reconciled(world: World, capsys: Capture) -> None:
    """A run that can't read the webhooks counts neither them nor itself as reconciled."""
    world.dash.accounts.clear()
    capsys.readouterr()
    with pytest.raises(HookswitchError):
        world.reconcile()
    log = capsys.readouterr().out
    printed = shapes(log).keys()
    assert {"recovered", "reconciled"} <= printed
    assert total(log, "reconciled") == 0, "which tells it from a run that never was"
    assert not {"webhook_disabled", "webhook_missing"} & printed


def test_runs_that_tell_nothing(world: World, capsys: Capture) -> None:
    """A dry run counts nothing; while CloudFormation changes the stack, missing webhooks are not counted."""
    world.dash.remove(world.webhook("parking").id)
    capsys.readouterr()
    world.reconcile(dry_run=True)
    assert samples_in(capsys.readouterr().out) == []
    world.stack_status = "UPDATE_IN_PROGRESS"
    world.reconcile()
    printed = shapes(capsys.readouterr().out).keys()
    assert "reconciled" in printed
    assert "webhook_missing" not in printed


def test_older_system_is_reconciled(capsys: Capture) -> None:
    """A run counts as reconciled even if Dash has no attempt log, which is reported once."""
    with running(legacy=True) as world:
        capsys.readouterr()
        world.reconcile()
        log = capsys.readouterr().out
    assert [total(log, name) for name in ("reconciled", "reported")] == [1, 1]


def test_legs(world: World, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run counts the legs on Dash and here, and as missing what neither it nor an earlier one could store."""
    world.reconcile()
    end(world)
    end(world, is_on=False)
    world.now += SETTLED
    capsys.readouterr()
    world.reconcile()
    log = capsys.readouterr().out
    assert [total(log, name) for name in ("legs_on_dash", "legs_here", "legs_missing")] == [2, 2, 0]
    monkeypatch.setattr(Cdr, "to_fields", lambda _: {})
    end(world, is_on=False)
    for now in (world.now + SETTLED, world.now + SETTLED + 5 * 3_600):
        world.now = now
        world.reconcile()
        assert total(capsys.readouterr().out, "legs_missing") == 1


@pytest.mark.parametrize("reason", ["closed", "not registered"])
def test_no_legs_are_counted(reason: str, capsys: Capture) -> None:
    """Where legs can't be compared, none are counted, so that nobody takes that for a quiet day."""
    with running(hooks=("parking",) if reason == "not registered" else HOOKS) as world:
        world.dash.records.closed["cdrs"] = 404
        world.reconcile()
        world.reconcile_later(3_600)
    assert not {"legs_on_dash", "legs_here", "legs_missing"} & shapes(capsys.readouterr().out).keys()
