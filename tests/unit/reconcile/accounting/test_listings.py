"""What Dash lists, in whatever way, is found: late, over a month's border, by pages, or not open at all."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hookswitch.reconcile.accounting import listing
from hookswitch.reconcile.accounting.run import OVERLAP
from simulator.faults import Fault
from tests.unit.reconcile.accounting.scene import DAY, HOUR, SETTLED, accounted, end, ending, ends, listings, second
from tests.unit.reconcile.world import World, running


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
        calls = len(listings(world))
        accounted(world, HOUR)
        assert len(listings(world)) == calls
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
