"""Dash says that it has disabled a webhook: which runs that starts, and that no notification is overlooked."""

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from hookswitch.dash.hooks import DISABLED
from hookswitch.errors import HookswitchError
from hookswitch.reconcile import backfill
from hookswitch.reconcile.ledger import KEY, Ledger
from hookswitch.reconcile.notification import SPACING, UNKNOWN_FOR
from simulator.faults import Fault
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.unit.reconcile.world import HOOKS, World, running


@pytest.fixture
def world() -> Iterator[World]:
    """A world that Dash tells of disabled webhooks."""
    with running(ReconcileAtOnce="on") as world:
        yield world


def looks(world: World) -> list[str]:
    """Return each time that the webhooks were listed on Dash."""
    return [call.path for call in world.api.calls if call.method == "GET" and call.path.endswith("/webhooks")]


def told(world: World, webhook_id: str) -> list[dict[str, Any]]:
    """Have Dash say that it has disabled a webhook, whether it has or not; return what the runs returned."""
    world.fire(DISABLED, payload(DISABLED, hook_id=webhook_id))
    return world.notify()


def test_enabled_again_when_dash_says_so(world: World) -> None:
    """One notification, stored once, starts one run, which enables the webhook and announces that."""
    world.disable("parking")
    assert world.off == {"parking"}
    (report,) = world.notify()
    assert world.off == set()
    assert [change.rpartition(": ")[2] for change in report["changes"]] == ["enabled"]
    assert "The webhook of parking was disabled by Dash (too many failed attempts)" in world.news[0]["summary"]
    assert world.notify() == []
    before = len(looks(world))
    world.reconcile_later()
    assert len(looks(world)) == before + 1  # the request is answered


def test_own_webhook_is_healed_by_polling(world: World) -> None:
    """Nothing is told while the webhook for that is off; the next run on the schedule enables it."""
    world.disable(DISABLED)
    world.disable("parking")
    assert world.notify() == []
    assert world.off == {DISABLED, "parking"}
    world.reconcile_later()
    assert world.off == set()
    world.disable("parking")
    assert len(world.notify()) == 1
    assert world.off == set()


def test_catch_all_brings_the_same_event() -> None:
    """Both webhooks deliver one notification: it is one event, of the same type, and starts one run."""
    with running(hooks=("parking", "notifications"), ReconcileAtOnce="on") as world:
        world.disable("parking")
        assert [item["hook"] for item in world.table.plain("event").values()] == [DISABLED]
        assert len(world.notify()) == 1


def test_switched_off_by_parameter() -> None:
    """With ReconcileAtOnce off there is no such webhook, and what the catch-all brings starts no run."""
    with running(hooks=("parking", "notifications")) as world:
        world.disable("parking")
        assert world.notify() == [{"needless": True}]
        assert world.off == {"parking"}


def test_repeated_notification(world: World) -> None:
    """The same notification again, from a retry or a recording, is the same event and starts nothing."""
    sent = payload(DISABLED, hook_id=world.webhook("parking").id)
    for _ in range(3):
        world.fire(DISABLED, sent)
    assert len(world.notify()) == 1


def test_webhook_of_somebody_else(world: World) -> None:
    """What the last look did not see is none of ours, unless it is younger than that look can tell."""
    world.reconcile()
    before = len(looks(world))
    assert told(world, "0" * 32) == [{"needless": True}]
    assert len(looks(world)) == before
    world.now += UNKNOWN_FOR
    assert told(world, "1" * 32)[0]["changes"] == []
    assert told(world, "2" * 32) == [{"needless": True}]


def test_first_run_of_a_stack(world: World) -> None:
    """Before the first run nobody knows which webhooks are ours, so the notification starts it."""
    assert KEY not in world.table.items
    assert "changes" in told(world, "0" * 32)[0]


def test_run_at_work_looks_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A webhook that is disabled during a long run is enabled by that run, before it has recovered everything."""
    monkeypatch.setattr(backfill, "BATCH", 1)
    world.miss("parking", 4)
    at_work: list[Any] = []

    def disabled() -> None:
        world.now += SPACING
        if not at_work:
            world.disable("missed_call")
            at_work.append(world.notify())
        at_work.append(world.off)

    world.during = disabled
    report = world.reconcile()
    assert at_work[0] == [{"busy": True}]
    assert world.off == set()
    assert at_work.index(set()) < len(at_work) - 1
    assert len(report["changes"]) == 1
    assert report["events"] == {"parking": {"stored": 4}}


@pytest.mark.parametrize("when", ["put_new", "refresh"])
def test_notification_at_the_end_of_a_run(world: World, when: str) -> None:
    """One that comes after the last step, when no other run can begin yet, makes the run look once more."""
    world.webhook("parking").disable()
    told_by_then: list[Any] = []

    def disabled(*_: Any, **__: Any) -> bool:
        if not told_by_then:
            world.disable("missed_call")
            told_by_then.extend(world.notify())
        return True

    changed = {"IncludeSubaccounts": "true"} if when == "refresh" else {}
    with mock.patch(f"hookswitch.reconcile.run.{when}", disabled), _environment(**changed):
        world.reconcile()
    assert told_by_then == [{"busy": True}]
    assert world.off == set()
    assert world.slept[-1] <= SPACING


@contextlib.contextmanager
def _environment(**changed: str) -> Iterator[None]:
    given = {"INCLUDE_SUBACCOUNTS": changed.get("IncludeSubaccounts", "false")}
    with mock.patch.dict("os.environ", given):
        yield


def test_storm(world: World) -> None:
    """However many notifications come, one run is at work, and it looks no more often than every few seconds."""
    world.reconcile()
    began, before = world.now, len(looks(world))
    busy = 0
    for number in range(40):
        world.now += 0.25
        world.during = lambda: None
        told_now = told(world, world.webhook(HOOKS[number % 4]).id)
        busy += told_now == [{"busy": True}]
    spent = world.now - began
    assert len(looks(world)) - before <= spent / SPACING + 1
    assert all(0 <= seconds <= SPACING for seconds in world.slept)


def test_storm_while_a_run_is_at_work(world: World) -> None:
    """Notifications during a run cost it one more look; none of them waits."""
    world.miss("parking", 1)
    answers: list[dict[str, Any]] = []

    def storm() -> None:
        if not answers:
            for _ in range(30):
                answers.extend(told(world, world.webhook("parking").id))

    world.during = storm
    before = len(looks(world))
    world.reconcile()
    assert answers == [{"busy": True}] * 30
    assert len(looks(world)) - before == 2


def test_run_that_fails_is_repeated(world: World) -> None:
    """Lambda invokes the function again with the same event, since Dash tells only once."""
    world.disable("parking")
    world.api.faults.add(Fault("GET", "webhooks$", count=None, status=503))
    with pytest.raises(HookswitchError):
        world.notify()
    world.api.faults.clear()
    world.notified.clear()
    world.notify()
    assert world.off == set()


def test_ended_run_leaves_its_requests(world: World) -> None:
    """What a run was asked for, which Lambda ended, the next one does by itself; and it is released as ever."""
    world.reconcile()
    world.table.items[KEY] |= {"lease_until": {"N": str(int(world.now) + 60)}, "lease_owner": {"S": "another"}}
    world.disable("parking")
    assert world.notify() == [{"busy": True}]
    world.reconcile_later()
    assert world.off == set()
    assert world.table.items[KEY]["lease_until"] == {"N": "0"}


def test_nobody_keeps_a_run_at_work(world: World) -> None:
    """A run that is asked again and again ends in time, and the lease is free."""

    def always(*_: Any, **__: Any) -> bool:
        requests.append(len(requests))
        Ledger("events").ask(f"request {len(requests)}")
        return True

    requests: list[int] = []
    announced = mock.patch("hookswitch.reconcile.run.to_item", return_value={"event_id": "x"})
    with announced, mock.patch("hookswitch.reconcile.run.put_new", always):
        world.reconcile(seconds=2.0)
    assert len(requests) > 2
    assert world.table.items[KEY]["lease_until"] == {"N": "0"}


def test_failed_notification_is_recovered(world: World) -> None:
    """A notification that could not be delivered is in the attempt log; by then its webhook is on again."""
    world.broken = 500
    world.disable("parking")
    world.broken = None
    assert world.reconcile_later()["events"] == {DISABLED: {"stored": 1}}
    assert world.off == set()
    (report,) = world.notify()
    assert report["changes"] == []
    assert world.dash.webhooks(DEFAULT_ACCOUNT_ID)
