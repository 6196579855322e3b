"""Every leg that Dash knows of is in the table in the end, once, whatever its webhook did."""

import json
import os
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.dash import history
from hookswitch.errors import HookswitchError
from hookswitch.payloads.channel import ENDS
from hookswitch.reconcile import run
from hookswitch.reconcile.accounting import listing
from hookswitch.reconcile.accounting.accountant import BATCH
from hookswitch.reconcile.accounting.run import DELAY, OVERLAP, AccountingRun
from hookswitch.reconcile.cdr import Cdr
from hookswitch.reconcile.source import OutOfTimeError
from simulator.encoding import encode_json
from simulator.faults import Fault
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.receiving import delivery
from tests.unit.reconcile.accounting.scene import HOOK, SETTLED, end, ending, ends, second, switch
from tests.unit.reconcile.world import START, KilledError, World, running

HOUR, DAY = 3_600, 86_400


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RATE_LIMIT_SECONDS", 0)


@pytest.fixture
def old(world: World) -> World:
    """A world whose stack has been there for some time."""
    world.table.page_size = 100
    world.reconcile()
    world.now += HOUR
    return world


def accounted(world: World, after: float = SETTLED, **event: Any) -> dict[str, Any]:
    """Let some seconds pass, run reconcile, and return the accounting in its report."""
    found: dict[str, Any] = world.reconcile_later(after, **event)["accounting"]
    return found


def test_nothing_is_missing(old: World, caplog: pytest.LogCaptureFixture) -> None:
    """What the webhooks told is counted on both sides."""
    for _ in range(5):
        end(old)
        old.now += 60
    found = accounted(old)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"], found["missing"]) == (5, 5, 0, 0)
    assert found["available"]
    assert found["complete"]
    assert "5 legs on Dash, 5 here." in caplog.messages
    assert old.invoked == []


def test_webhook_off(old: World) -> None:
    """A leg that ended while its webhook was off becomes an event, once, with all that Dash's record tells."""
    told, untold = end(old), end(old, is_on=False)
    found = accounted(old)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"]) == (2, 2, 1)
    item = ends(old)[untold["call_id"]]
    assert item["recovered"] == "cdr"
    assert "recovered" not in ends(old)[told["call_id"]]
    kept = ("hangup_cause", "hangup_code", "duration_seconds", "ringing_seconds", "authorizing_type", "owner_id")
    assert {name: item["payload"][name] for name in kept} == {name: untold[name] for name in kept}
    assert item["occurred_at"] == datetime.fromtimestamp(second(untold), UTC).isoformat().replace("+00:00", ".000Z")
    found = accounted(old, 300)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"]) == (2, 2, 0)
    assert len(ends(old)) == 2
    assert "1 channel_destroy" in old.news[-1]["summary"]


def test_late_webhook(old: World) -> None:
    """The webhook's own delivery is the same leg, even if it comes hours later and is off by seconds."""
    untold = end(old, is_on=False)
    accounted(old)
    old.now += 5 * HOUR
    for difference in (-3, 0, 2):
        old.dash.fire(DEFAULT_ACCOUNT_ID, HOOK, untold | {"timestamp": untold["timestamp"] + difference})
    assert len(ends(old)) == 1


FATES = ("told", "off", "failed", "lost, then off", "off, then late", "no time", "seconds off")


def _happens(world: World, fate: str) -> dict[str, Any]:
    """Let a leg end with a fate; return its payload."""
    match fate:
        case "failed":
            world.broken = 500
            event = end(world)
            world.broken = None
            return event
        case "lost, then off":
            event = ending(world)
            world.fire(HOOK, {name: value for name, value in event.items() if name not in ENDS})
            switch(world, on=False)
            world.fire(HOOK, event)
            switch(world, on=True)
            return event
        case "no time":
            event = ending(world)
            switch(world, on=False)
            world.fire(HOOK, event)  # the CDR has a time
            switch(world, on=True)
            world.fire(HOOK, {name: value for name, value in event.items() if name != "timestamp"})
            return event
        case "seconds off":
            event = ending(world)
            switch(world, on=False)
            world.fire(HOOK, event)
            switch(world, on=True)
            world.fire(HOOK, event | {"timestamp": event["timestamp"] - 2})
            return event
        case _:
            return end(world, is_on=fate == "told")


@settings(max_examples=5, deadline=None)
@given(
    fates=st.lists(st.tuples(st.sampled_from(FATES), st.sampled_from([1, 90, 400, 1_500])), min_size=3, max_size=8),
    lags=st.lists(st.sampled_from([0, 30, 1_200, 5_000]), min_size=1, max_size=4),
    page_limit=st.sampled_from([None, 1, 3]),
    legacy=st.booleans(),
)
def test_any_order(fates: list[tuple[str, int]], lags: list[int], page_limit: int | None, *, legacy: bool) -> None:
    """Attempts, CDRs, however late, and late webhooks: every leg has one end, with runs in between."""
    with running(legacy=legacy) as world:
        world.table.page_size = 100
        world.dash.page_limit = page_limit
        world.dash.records.lag = lambda document: lags[sum(document["call_id"].encode()) % len(lags)]
        world.reconcile()
        world.now += HOUR
        happened = []
        for fate, pause in fates:
            happened.append((fate, _happens(world, fate)))
            world.now += pause
            if pause > 100:
                world.reconcile()
        for fate, event in happened:
            if fate == "off, then late":
                world.fire(HOOK, event)
        for _ in range(8):
            accounted(world, 1_800)
        assert ends(world).keys() == {event["call_id"] for _, event in happened}


@pytest.mark.parametrize("filed_by", ["interaction", "end"])
def test_border_of_months(filed_by: Any) -> None:
    """A call over the border of a month has its legs on both sides of it, wherever Dash files them."""
    border = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())
    with running() as world:
        world.table.page_size = 100
        world.dash.page_limit = 3
        world.dash.records.filed_by = filed_by
        world.now = border - 2 * HOUR
        world.reconcile()
        legs = []
        for moment in (-7_000, -61, -1, 0, 1, 600, 4_000, 9_000):
            world.now = border + moment
            long_ago = f"{second(ending(world)) - 8_000 + 62_167_219_200}-abcdef01"
            legs += [end(world, is_on=False, custom_channel_vars={"Call-Interaction-ID": long_ago}) for _ in range(3)]
        for _ in range(3):
            accounted(world, 1_000)
        assert ends(world).keys() == {leg["call_id"] for leg in legs}


@pytest.mark.parametrize(("lag", "seen_after"), [(OVERLAP * 0.8, HOUR / 2), (5_000, HOUR), (20 * HOUR, DAY)])
def test_late_record(old: World, lag: float, seen_after: float) -> None:
    """A CDR that can be read only later is seen: soon, or by a run that reads more of the past again."""
    old.dash.records.lag = lag
    untold, began = end(old, is_on=False), old.now
    pause = max(HOUR / 2, lag / 10)
    while old.now < began + lag:
        accounted(old, pause)
        assert not ends(old) or old.now >= began + lag
    while old.now < began + lag + seen_after:
        accounted(old, pause)
    assert ends(old).keys() == {untold["call_id"]}


def test_many_legs_in_one_second(old: World) -> None:
    """More legs in a second than a page holds are all read, if Dash lets a page be larger; else that is reported."""
    for _ in range(5):
        end(old, is_on=False)
    listing_size, listing.PAGE_SIZE = listing.PAGE_SIZE, 2
    old.dash.legacy = old.dash.records.legacy = True
    try:
        assert accounted(old)["recovered"] == 5
        for _ in range(5):
            end(old, is_on=False)
        old.dash.page_limit = 2
        report = old.reconcile_later(SETTLED)
        assert any("more records of" in sentence for sentence in report["reported"])
        assert report["accounting"]["recovered"] == 2
    finally:
        listing.PAGE_SIZE = listing_size


def test_busy_range_is_divided(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A range with more entries than a run holds at once is read in parts."""
    monkeypatch.setattr(listing, "MAX_ENTRIES", 3)
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    for _ in range(12):
        end(old, is_on=False)
        old.now += 20
    found = accounted(old)
    assert (found["legs_on_dash"], found["recovered"]) == (12, 12)


@pytest.mark.parametrize("status", [403, 404])
def test_records_are_not_open(status: int) -> None:
    """Where Dash's API does not open CDRs, that is said once, all else goes on, and a day later it is asked again."""
    with running() as world:
        world.dash.records.closed["cdrs"] = status
        first = world.reconcile()
        assert not first["accounting"]["available"]
        assert "does not open call detail records" in first["accounting"]["reason"]
        assert sum("call detail records" in sentence for sentence in first["reported"]) == 1
        world.miss("missed_call")
        report = world.reconcile_later(HOUR)
        assert report["events"] == {"missed_call": {"stored": 1}}
        assert not any("call detail records" in sentence for sentence in report["reported"])
        calls = len(_listings(world))
        accounted(world, HOUR)
        assert len(_listings(world)) == calls
        world.dash.records.closed.clear()
        untold = end(world, is_on=False)
        assert accounted(world, 25 * HOUR)["available"]
        assert ends(world).keys() == {untold["call_id"]}


@pytest.mark.parametrize("closed", [["cdrs/document"], ["cdrs/legs"], ["cdrs/document", "cdrs/legs"]])
def test_documents_are_not_open(old: World, closed: list[str]) -> None:
    """Without whole documents, the listing has to do; it lacks some fields."""
    old.dash.records.closed.update(dict.fromkeys(closed, 403))
    legs = [end(old, is_on=False) for _ in range(6)]
    accounted(old)
    assert ends(old).keys() == {leg["call_id"] for leg in legs}
    codes = {item["payload"].get("hangup_code") is None for item in ends(old).values()}
    assert codes == {closed != ["cdrs/legs"]}


def test_legs_of_a_call_are_read_at_once(old: World) -> None:
    """One request reads the documents of all legs of a call."""
    interaction = f"{second(ending(old)) - 30 + 62_167_219_200}-abcdef01"
    for _ in range(6):
        end(old, is_on=False, custom_channel_vars={"Call-Interaction-ID": interaction})
    accounted(old)
    assert len(ends(old)) == 6
    assert sum("/cdrs/" in call.path for call in old.api.calls) == 1


def test_rate_limit(old: World) -> None:
    """Dash's 429 is waited out."""
    end(old, is_on=False)
    old.api.faults.add(Fault(path="/cdrs", count=4, status=429, message="too_many_requests"))
    assert accounted(old)["recovered"] == 1


def test_rate_limit_without_end(old: World) -> None:
    """If it does not end, the run says so, and the next one goes on from there."""
    untold = end(old, is_on=False)
    fault = Fault(path="/cdrs", count=None, status=429, message="too_many_requests")
    old.api.faults.add(fault)
    with pytest.raises(Exception, match="rate limiting"):
        accounted(old)
    old.api.faults.clear()
    accounted(old, 300)
    assert ends(old).keys() == {untold["call_id"]}


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


def test_before_the_stack(world: World) -> None:
    """What ended before the stack's first run is left alone, until somebody asks for it."""
    before = end(world, is_on=False)
    world.now += 100
    world.reconcile()
    accounted(world)
    assert not ends(world)
    since = datetime.fromtimestamp(START - 10, UTC).isoformat()
    accounted(world, since=since)
    assert ends(world).keys() == {before["call_id"]}


def test_written_after_the_first_run(world: World) -> None:
    """A leg that ended before the stack's first run is left alone also if Dash writes its record later."""
    world.dash.records.delay = 600
    end(world, is_on=False)
    world.now += 100
    world.reconcile()
    assert accounted(world, 2 * SETTLED)["legs_on_dash"] == 0
    assert not ends(world)


def test_hook_that_was_not_registered() -> None:
    """What ended before its webhook was registered is left alone: nobody is told of yesterday's calls."""
    with running(hooks=("missed_call", HOOK), on_drift="report") as world:
        world.table.page_size = 100
        everything = os.environ["DASH_WEBHOOKS"]
        only = json.loads(everything) | {"Hooks": ["missed_call"]}
        with mock.patch.dict(os.environ, DASH_WEBHOOKS=json.dumps(only)):
            world.reconcile()
            accounted(world, DAY)
            end(world, is_on=False)
            accounted(world, HOUR)
        accounted(world, 60)
        later = end(world, is_on=False)
        for _ in range(4):
            accounted(world, 2 * HOUR)
        assert ends(world).keys() == {later["call_id"]}


def test_known_at_another_time(old: World) -> None:
    """A leg whose event has an altogether different time is recognized by its call id."""
    event = ending(old)
    old.dash.records.note(DEFAULT_ACCOUNT_ID, HOOK, event, None, old.now)
    old.call(HOOK, delivery(HOOK, encode_json(event | {"timestamp": event["timestamp"] - HOUR})), queue=False)
    found = accounted(old)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"]) == (1, 1, 0)
    assert old.invoked == []


def test_older_than_retention(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would already have expired is not stored again."""
    monkeypatch.setenv("RETENTION_DAYS", "3")
    end(old, is_on=False)
    old.now += 5 * DAY
    recent = end(old, is_on=False)
    accounted(old, since=datetime.fromtimestamp(START, UTC).isoformat())
    assert ends(old).keys() == {recent["call_id"]}


def test_missing_for_longer_than_retention(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be stored any more, since it would have expired, is not missing any more."""
    monkeypatch.setenv("RETENTION_DAYS", "3")
    monkeypatch.setattr(Cdr, "to_fields", lambda _: {"hook_event": "channel_create"})
    end(old, is_on=False)
    assert accounted(old)["missing"] == 1
    assert accounted(old, 2 * DAY)["missing"] == 1
    assert accounted(old, 2 * DAY)["missing"] == 0


def test_hook_is_not_registered() -> None:
    """A stack without the hook of a leg's end has nothing to account for, and the report says so."""
    with running(hooks=("missed_call", "parking")) as world:
        report = world.reconcile_later(HOUR)
        assert "does not register channel_destroy" in report["accounting"]["reason"]
        assert not report["accounting"]["available"]
        assert not _listings(world)


def test_attempts_go_first(old: World) -> None:
    """A leg whose delivery failed is recovered with its exact body, not from the record."""
    old.broken = 500
    failed = end(old, custom_application_vars={"crm_id": "17"})
    old.broken = None
    old.down = {HOOK}
    assert accounted(old)["legs_on_dash"] == 0  # the gap of the attempt holds the accounting up
    old.down = set()
    accounted(old, 300)
    assert ends(old)[failed["call_id"]]["recovered"] is True


@pytest.mark.parametrize("includes", ["true", "false"])
def test_internal_legs(includes: str) -> None:
    """Legs within the phone system are accounted for if their webhook tells of them."""
    with running(IncludeInternalLegs=includes) as world:
        world.table.page_size = 100
        world.reconcile()
        world.now += HOUR
        inner, outer = end(world, is_on=False, is_internal_leg=True), end(world, is_on=False)
        found = accounted(world)
        expected = {outer["call_id"]} | ({inner["call_id"]} if includes == "true" else set())
        assert ends(world).keys() == expected
        assert (found["legs_on_dash"], found["legs_here"]) == (len(expected), len(expected))
        read = sum("/cdrs/" in call.path for call in world.api.calls)
        accounted(world, 300)
        assert sum("/cdrs/" in call.path for call in world.api.calls) == read


def test_custom_data() -> None:
    """Events that are made of records have the fields that the webhook would have added."""
    with running(CustomData='{"site": "north"}') as world:
        world.reconcile()
        world.now += HOUR
        untold = end(world, is_on=False)
        accounted(world)
        assert ends(world)[untold["call_id"]]["payload"]["site"] == "north"


def test_descendants(monkeypatch: pytest.MonkeyPatch) -> None:
    """With subaccounts, each account is compared; one that Dash does not open, or fails on, holds up no other."""
    others = [letter * 32 for letter in "cde"]
    with running(IncludeSubaccounts="true") as world:
        monkeypatch.setenv("INCLUDE_SUBACCOUNTS", "true")
        monkeypatch.setattr(run, "refresh", lambda *_: 0)  # of destinations, which this world has not
        world.table.page_size = 100
        for account in others:
            world.dash.add_account(account, parent=DEFAULT_ACCOUNT_ID)
        world.reconcile()
        world.now += HOUR
        legs = {account: end(world, is_on=False, account_id=account) for account in (DEFAULT_ACCOUNT_ID, *others)}
        world.dash.records.closed[f"{others[0]}/cdrs"] = 403
        world.api.faults.add(Fault(path=f"/{others[1]}/cdrs", count=None, status=500))
        for _ in range(4):
            with pytest.raises(Exception, match="out of order"):
                accounted(world)
        reached = {legs[account]["call_id"] for account in (DEFAULT_ACCOUNT_ID, others[2])}
        assert ends(world).keys() == reached
        world.api.faults.clear()
        found = accounted(world, 300)
        assert ends(world).keys() == reached | {legs[others[1]]["call_id"]}
        assert ends(world)[legs[others[1]]["call_id"]]["account_id"] == others[1]
        assert found["complete"]


def test_dry_run(old: World) -> None:
    """A dry run counts, and changes nothing."""
    untold = end(old, is_on=False)
    end(old)
    before = dict(old.table.items)
    found = accounted(old, dry_run=True)
    assert (found["legs_on_dash"], found["legs_here"], found["recovered"], found["missing"]) == (2, 1, 0, 1)
    assert found["missing_legs"] == [f"202611-{untold['call_id']}"]
    assert old.table.items == before
    assert old.invoked == []


def test_first_run_goes_back(world: World) -> None:
    """The very first run of a stack can be asked for the past, too."""
    before = end(world, is_on=False)
    since = datetime.fromtimestamp(world.now - 60, UTC).isoformat()
    assert accounted(world, since=since)["recovered"] == 1
    assert ends(world).keys() == {before["call_id"]}


def test_delay(old: World) -> None:
    """A leg is compared only once Dash has had the time to write its record."""
    end(old, is_on=False)
    assert accounted(old, DELAY - 60)["legs_on_dash"] == 0
    assert accounted(old, 120)["legs_on_dash"] == 1


def _listings(world: World) -> list[str]:
    return [call.path for call in world.api.calls if call.path.endswith("/cdrs")]
