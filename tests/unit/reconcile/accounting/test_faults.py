"""What fails is done by a later run, and nothing twice."""

from datetime import UTC, datetime

import pytest

from hookswitch.errors import HookswitchError
from hookswitch.reconcile.accounting.accountant import BATCH
from hookswitch.reconcile.accounting.run import AccountingRun
from hookswitch.reconcile.cdr import Cdr
from hookswitch.reconcile.source import OutOfTimeError
from simulator.faults import Fault
from tests.unit.reconcile.accounting.scene import HOOK, HOUR, SETTLED, accounted, end, ends
from tests.unit.reconcile.world import KilledError, World


def test_day_without_dash(old: World) -> None:
    """A day on which Dash's API is away is accounted for in the first run after it."""
    legs = []
    old.api.faults.add(Fault(count=None, status=503))
    for _ in range(24):
        legs.append(end(old, is_on=False))
        with pytest.raises(Exception, match="Dash"):
            old.reconcile_later(HOUR)
    old.api.faults.clear()
    found = accounted(old)
    assert ends(old).keys() == {leg["call_id"] for leg in legs}
    assert found["complete"]
    assert found["recovered"] == 24


def test_dash_away_in_the_middle(old: World) -> None:
    """What could not be read is read by the next run; what was stored before is not stored twice."""
    interactions = [f"{62_167_219_200 + int(old.now) - number}-abcdef0{number}" for number in range(5)]
    legs = [
        end(old, is_on=False, custom_channel_vars={"Call-Interaction-ID": interaction})
        for interaction in interactions
        for _ in range(8)
    ]
    old.api.faults.add(Fault(path="/cdrs/legs", after=3, count=None, status=500))
    with pytest.raises(Exception, match="out of order"):
        accounted(old)
    assert 0 < len(ends(old)) < len(legs)
    old.api.faults.clear()
    accounted(old, 300)
    assert ends(old).keys() == {leg["call_id"] for leg in legs}


def test_killed_run(old: World) -> None:
    """A run that Lambda ends is repeated harmlessly, once its lease has expired."""
    legs = [end(old, is_on=False) for _ in range(6)]
    old.kill_after = 3
    with pytest.raises((KilledError, HookswitchError)):
        accounted(old)
    old.table.away, old.kill_after = False, None
    found = accounted(old)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"]) == (6, 6, 3)
    assert ends(old).keys() == {leg["call_id"] for leg in legs}


def test_time_used_up(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose time is used up says that it is not complete, and the next ones go on from there."""
    legs = [end(old, is_on=False) for _ in range(50)]
    checks = iter([None, None, OutOfTimeError])

    def check_time(_: AccountingRun) -> None:
        if error := next(checks, None):
            raise error

    monkeypatch.setattr(AccountingRun, "_check_time", check_time)
    found = accounted(old)
    assert not found["complete"]
    assert found["recovered"] == len(ends(old)) == BATCH
    found = accounted(old, 300)
    assert found["complete"]
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"]) == (50, 50, 50 - BATCH)
    assert ends(old).keys() == {leg["call_id"] for leg in legs}


def test_function_fails(old: World) -> None:
    """A hook function that takes nothing costs no leg; attempts are recovered all the same."""
    legs = [end(old, is_on=False) for _ in range(30)]
    old.miss("missed_call")
    old.down = {HOOK}
    with pytest.raises(Exception, match="do not take"):
        accounted(old)
    assert [item["hook"] for item in old.table.plain("event").values() if not item["hook"].startswith("webhook")] == [
        "missed_call"
    ]
    assert old.invoked.count(HOOK) < 30
    old.down = set()
    found = accounted(old, 300)
    assert ends(old).keys() == {leg["call_id"] for leg in legs}
    assert found["missing"] == 0


def test_leg_that_is_not_taken(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leg that the table never takes stays on the list of what is missing, until an operator gives it up."""
    monkeypatch.setattr(Cdr, "to_fields", lambda _: {"hook_event": "channel_create"})
    untold = end(old, is_on=False)
    found = accounted(old)
    assert (found["legs_on_dash"], found["legs_here"], found["missing"]) == (1, 0, 1)
    assert found["missing_legs"] == [f"202611-{untold['call_id']}"]
    assert not old.news, "the next run may store it"
    assert accounted(old, 3 * HOUR)["missing"] == 1
    assert accounted(old, HOUR)["missing"] == 1
    (news,) = old.news
    assert news["payload"]["noticed"] == [news["summary"]]
    assert (
        f"1 record that is not here, though several runs tried to store what it tells: 202611-{untold['call_id']}. "
        in (news["summary"])
    )
    until = datetime.fromtimestamp(old.now, UTC).isoformat()
    assert accounted(old, skip_until=until)["missing"] == 0


def test_table_away(old: World) -> None:
    """Without the table, nothing is compared, and nothing is lost."""
    untold = end(old, is_on=False)
    old.now += SETTLED
    old.table.away = True
    with pytest.raises(Exception, match="DynamoDB"):
        old.reconcile()
    old.table.away = False
    accounted(old, 300)
    assert ends(old).keys() == {untold["call_id"]}
