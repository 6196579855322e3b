"""What a run does about webhooks and missed deliveries, what it leaves to an operator, and what it announces."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hookswitch.errors import DashError, HookswitchError
from hookswitch.reconcile import attempt_log, backfill
from hookswitch.reconcile.ledger import KEY
from hookswitch.reconcile.redeliverer import PATIENCE
from simulator.faults import Fault
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.unit.reconcile.world import HOOKS, START, KilledError, World, running


def test_switched_off_by_dash(world: World) -> None:
    """A webhook that Dash disabled is re-enabled, its missed events are recovered, and this is announced once."""
    world.miss("missed_call", 9)
    assert world.off == {"missed_call"}
    world.now += 300
    report = world.reconcile()
    assert world.off == set()
    assert report["events"] == {"missed_call": {"stored": 6}}
    assert len(world.published) == 6
    (news,) = world.news
    assert (news["hook"], news["alert"]) == ("webhook_restored", True)
    assert "The webhook of missed_call was disabled by Dash (too many failed attempts)" in news["summary"]
    assert "could not deliver 6 events (answered 500)" in news["summary"]
    world.now += 300
    assert world.reconcile()["changes"] == []
    assert len(world.news) == 1


def test_dry_run(world: World) -> None:
    """A dry run reports the same and changes nothing, not even the read position."""
    world.miss("missed_call", 6)
    before = dict(world.table.items)
    report = world.reconcile(dry_run=True)
    assert [change.rpartition(": ")[2] for change in report["changes"]] == ["enabled"]
    assert report["events"] == {"missed_call": {"failed": 6}}
    assert world.off == {"missed_call"}
    assert world.table.items == before


def test_missing() -> None:
    """A missing webhook is created, whatever OnDrift says."""
    with running(on_drift="report") as world:
        world.dash.remove(world.webhook("parking").id)
        assert len(world.reconcile()["changes"]) == 1
        assert world.webhook("parking").enabled
        assert "The webhook of parking was missing on Dash" in world.news[0]["summary"]


def test_changed_by_hand(world: World) -> None:
    """By default, manual changes are reverted."""
    world.webhook("parking").retries = 0
    assert world.reconcile()["changes"][0].endswith(": retries")
    assert world.webhook("parking").retries == 3


def test_changed_by_hand_and_only_reported() -> None:
    """With OnDrift=report, a manual change stays, and is reported once while it persists."""
    with running(on_drift="report") as world:
        world.webhook("parking").retries = 0
        (sentence,) = world.reconcile()["reported"]
        assert "was changed manually in retries" in sentence
        assert world.reconcile()["reported"] == []
        assert [it["hook"] for it in world.news] == ["webhook_noticed"]
        world.webhook("parking").retries = 3
        world.reconcile()
        world.webhook("parking").retries = 0
        assert len(world.reconcile()["reported"]) == 1
        assert world.webhook("parking").retries == 0


def test_changed_by_hand_and_switched_off() -> None:
    """With OnDrift=report, a webhook that Dash disabled is still re-enabled, and manual changes stay."""
    with running(on_drift="report") as world:
        world.webhook("parking").retries = 0
        world.webhook("parking").disable()
        assert world.reconcile()["changes"][0].endswith(": enabled")
        assert (world.webhook("parking").enabled, world.webhook("parking").retries) == (True, 0)


def test_switched_off_by_somebody(world: World) -> None:
    """A webhook that is disabled without a reason stays disabled, and so do its other differences."""
    webhook = world.webhook("parking")
    webhook.enabled, webhook.retries = False, 0
    first, second = world.reconcile(), world.reconcile()
    assert (first["changes"], len(first["reported"])) == ([], 1)
    assert (second["changes"], second["reported"]) == ([], [])
    assert (webhook.enabled, webhook.retries) == (False, 0)


def test_one_failing_repair(world: World) -> None:
    """A webhook that can't be repaired blocks neither the others nor the recovery."""
    for hook in HOOKS:
        world.webhook(hook).disable()
    world.api.faults.add(Fault("POST", f"webhooks/{world.webhook('parking').id}", count=None, status=400))
    with pytest.raises(HookswitchError, match="refused editing"):
        world.reconcile()
    assert world.off == {"parking"}


def test_stack_that_changes(world: World) -> None:
    """While CloudFormation changes the stack, webhooks are left to it, and missed deliveries are still recovered."""
    world.miss("missed_call", 6)
    world.stack_status = "UPDATE_IN_PROGRESS"
    report = world.reconcile()
    assert (report["changes"], report["events"]) == ([], {"missed_call": {"stored": 6}})
    assert world.off == {"missed_call"}


def test_one_run_at_a_time(world: World) -> None:
    """A concurrent run does nothing; a run that Lambda ended blocks others only until its lease expires."""
    world.reconcile()
    world.table.items[KEY] |= {"lease_until": {"N": str(int(world.now) + 60)}, "lease_owner": {"S": "another"}}
    world.webhook("parking").disable()
    assert world.reconcile() == {"busy": True}
    world.now += 61
    assert len(world.reconcile()["changes"]) == 1


def test_client_failures_and_answers(world: World) -> None:
    """A delivery that Dash attempted several times is recovered once."""
    world.miss("missed_call", 1, status=0)
    assert len(world.dash.sender.log.newest_first(DEFAULT_ACCOUNT_ID)) == 3
    assert world.reconcile()["events"] == {"missed_call": {"stored": 1}}


def test_recovered_events_say_so(world: World) -> None:
    """A recovered event is marked, has its time of receipt, and without an own time that of Dash's attempt."""
    world.miss("parking")
    missed_at, world.now = world.now, world.now + 1000
    world.reconcile()
    (item,) = (world.table.plain("event")[key] for key in world.published)
    assert item["recovered"] is True
    assert item["occurred_at"] == datetime.fromtimestamp(missed_at, UTC).isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    assert item["received_at"] != item["occurred_at"]


def test_late_parking_is_no_second_item(world: World) -> None:
    """A parking event that was stored although Dash got no response is not stored twice, however late it is read."""
    sent = payload("parking")
    world.fire("parking", sent)
    world.broken = 504
    world.fire("parking", sent)
    world.broken = None
    world.now += 5000
    assert world.reconcile()["events"] == {"parking": {"duplicate": 1}}
    assert len(world.published) == 1
    assert not world.news


def test_parked_again_after_a_recovery(world: World) -> None:
    """A recovered parking event counts from Dash's attempt, not from its recovery, so a later one is not lost."""
    world.now = START // 120 * 120 + 10
    sent = payload("parking")
    world.miss("parking")
    world.broken = 500
    world.fire("parking", sent)
    world.broken = None
    world.now += 125
    world.reconcile()
    world.fire("parking", sent)
    assert len(world.published) == 3


def test_unusable_delivery_is_read_twice(world: World) -> None:
    """An unusable missed delivery is quarantined once, however often it is read."""
    since = datetime.fromtimestamp(world.now - 10, UTC).isoformat()
    world.broken = 500
    world.fire("missed_call", payload("missed_call", call_id=None))
    world.broken = None
    for _ in range(2):
        world.now += 5000
        assert world.reconcile(since=since)["events"] == {"missed_call": {"quarantined": 1}}
    (item,) = world.table.plain("quarantine").values()
    assert item["recovered"] is True


def test_run_that_lambda_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Lambda ends a run in the middle of a range, the next run continues from there."""
    monkeypatch.setattr(backfill, "BATCH", 1)
    for _ in range(4):
        world.miss("missed_call")
        world.now += 1000
    world.kill_after = 2
    with pytest.raises((KilledError, HookswitchError)):
        world.reconcile()
    world.kill_after, world.table.away = None, False
    assert len(world.published) == 2
    world.now += 100
    assert world.reconcile()["events"]["missed_call"]["stored"] == 2
    assert len(world.published) == 4


def test_entry_that_comes_late(world: World) -> None:
    """An entry that Dash logs a few minutes late, or with a slow clock, is not missed."""
    world.reconcile()
    world.now -= 200
    world.miss("missed_call")
    world.now += 500
    assert world.reconcile()["events"] == {"missed_call": {"stored": 1}}


def test_full_second(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second with more entries than fit on a page, where the next page's key stops advancing, is read in full."""
    monkeypatch.setattr(attempt_log, "PAGE_SIZE", 2)
    world.dash.sender.failures._limit = 1000  # noqa: SLF001 - a setting of Dash
    for seconds in (1, 0, 1):
        world.miss("missed_call", 25)
        world.now += seconds
    assert world.reconcile()["events"] == {"missed_call": {"stored": 75}}


def test_function_that_fails(world: World) -> None:
    """A delivery that its hook function does not accept waits for a later run; newer ones do not wait for it."""
    world.miss("missed_call", 5)
    world.now += 400
    world.miss("parking", 2)
    world.down = {"missed_call"}
    report = world.reconcile()
    assert report["events"] == {"missed_call": {"deferred": 5}, "parking": {"stored": 2}}
    assert world.invoked.count("missed_call") <= PATIENCE + 2
    world.now += 1000
    stuck = world.reconcile()
    assert stuck["watermark"] < report["watermark"] or stuck["watermark"] == report["watermark"]
    world.down = set()
    last = world.reconcile()
    assert last["events"]["missed_call"]["stored"] == 5
    assert last["watermark"] > stuck["watermark"]


def test_range_that_can_not_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later runs retry a range that Dash fails to list, while everything newer is recovered."""
    world.miss("missed_call", 2)
    bad = int(world.now)
    world.now += 100_000
    world.miss("parking", 2)
    page = attempt_log.AttemptLog._page  # noqa: SLF001 - the fault depends on the range
    failing = [True]

    def faulty(self: attempt_log.AttemptLog, start: int, end: int, *more: int, **named: str) -> object:
        if failing[0] and start <= bad <= end:
            raise DashError("Dash is out of order.")
        return page(self, start, end, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(attempt_log.AttemptLog, "_page", faulty)
    first = world.reconcile()
    assert first["events"] == {"parking": {"stored": 2}}
    world.now += 300
    assert world.reconcile()["watermark"] >= first["watermark"]
    failing[0] = False
    world.now += 300
    assert world.reconcile()["events"]["missed_call"] == {"stored": 2}


def test_deliveries_without_a_body() -> None:
    """Dash's log has no body of a GET: this is reported once, and again if it recurs after a day without one."""
    with running(hooks=("register",), HttpVerb="get") as world:
        world.miss("register", 2)
        first = world.reconcile()
        assert first["events"] == {"register": {"not_recoverable": 2}}
        assert "register POST" in first["reported"][0]
        world.now += 400
        world.miss("register")
        assert world.reconcile()["reported"] == []
        world.now += 2 * 86_400
        world.reconcile()
        world.now += 10
        world.miss("register")
        assert len(world.reconcile()["reported"]) == 1


def test_older_system() -> None:
    """Without an attempt log, webhooks are still repaired, and the lack of a log is reported once."""
    with running(legacy=True) as world:
        world.miss("missed_call", 6)
        first, second = world.reconcile(), world.reconcile()
        assert world.off == set()
        assert len(first["reported"]) == 1
        assert second["reported"] == []


def test_dash_is_away(world: World) -> None:
    """A run that can't reach Dash fails and changes nothing; the next run does everything."""
    world.miss("missed_call", 6)
    world.api.faults.add(Fault(count=None, drop=True))
    with pytest.raises(HookswitchError):
        world.reconcile()
    assert not world.published
    world.api.faults.clear()
    assert world.reconcile()["events"] == {"missed_call": {"stored": 6}}
    assert world.off == set()


def test_since(world: World) -> None:
    """With `since`, attempts are read again from that time on, and no event is stored twice."""
    world.miss("missed_call", 3)
    since = datetime.fromtimestamp(world.now - 10, UTC).isoformat()
    world.now += 5000
    world.reconcile()
    world.now += 5000
    assert world.reconcile()["events"] == {}
    assert world.reconcile(since=since)["events"] == {"missed_call": {"duplicate": 3}}


@pytest.mark.parametrize("event", [{"since": "yesterday"}, {"since": "2026-11-23T14:00:00"}, {"dry_run": "perhaps"}])
def test_what_can_not_be_asked_for(world: World, event: dict[str, Any]) -> None:
    """Invalid values, such as a time without a zone, are rejected with an example."""
    with pytest.raises(HookswitchError, match="Examples: "):
        world.reconcile(**event)


def test_no_time(world: World) -> None:
    """A run without enough time does what it can and fails; the next run continues."""
    world.miss("missed_call", 4)
    with pytest.raises(HookswitchError):
        world.reconcile(seconds=0.0)
    assert world.reconcile()["events"] == {"missed_call": {"stored": 4}}


def test_no_secret_is_logged_or_announced(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the log nor the announcements contain a token or a number."""
    world.miss("missed_call", 6)
    world.down = {"missed_call"}
    world.reconcile()
    world.down = set()
    world.reconcile()
    said = capsys.readouterr().out + str(world.news)
    token = world.webhook("missed_call").uri.rpartition("/")[2]
    assert token not in said
    assert "+1555" not in said
