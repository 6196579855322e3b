"""When a run counts as reconciled, how old its watermark is, and what RetentionDays makes unrecoverable."""

from datetime import UTC, datetime

import pytest

from tests.emf import total
from tests.unit.reconcile.world import World, running


def test_older_than_retention(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures older than RetentionDays, after an outage of Dash's API, are not recovered; this is reported once."""
    monkeypatch.setenv("RETENTION_DAYS", "3")
    world.reconcile()
    world.now += 60
    world.miss("missed_call", 2)
    world.now += 10 * 86_400
    world.miss("parking")
    report = world.reconcile_later()
    assert report["events"] == {"parking": {"stored": 1}}
    (sentence,) = report["reported"]
    assert "RetentionDays is 3" in sentence
    assert sentence in world.news[-1]["summary"]
    assert world.reconcile_later()["reported"] == []


def test_first_run_has_lost_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new stack does not report losses from before it existed, unless an operator asks for that time."""
    monkeypatch.setenv("RETENTION_DAYS", "3")
    assert world.reconcile()["reported"] == []
    asked = datetime.fromtimestamp(world.now - 20 * 86_400, UTC).isoformat()
    assert "RetentionDays is 3" in world.reconcile(since=asked)["reported"][0]


def test_run_that_recovers_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A run is not `reconciled` if all deliveries were rejected; it is if some were recovered."""
    world.miss("missed_call", 2)
    failed_at = int(world.now)
    world.down = {"missed_call"}
    capsys.readouterr()
    world.reconcile_later()
    log = capsys.readouterr().out
    assert total(log, "reconciled") == 0
    assert total(log, "watermark_age") == int(world.now) - failed_at + 1
    world.miss("parking")
    world.reconcile_later()
    assert total(capsys.readouterr().out, "reconciled") == 1
    world.down = set()
    world.reconcile_later()
    log = capsys.readouterr().out
    assert (total(log, "reconciled"), total(log, "watermark_age")) == (1, 0)


def test_older_system_has_no_watermark(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an attempt log, no watermark age is printed, so there is no alarm."""
    with running(legacy=True) as world:
        capsys.readouterr()
        world.reconcile()
    assert "watermark_age" not in capsys.readouterr().out
