"""Bringing in the past: every leg on Dash becomes an event and a part of its call, whatever happens in between."""

import os
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest

from hookswitch.dash import pace
from hookswitch.errors import HookswitchError, NotOpenError, NotTakenError, RequestError
from hookswitch.reconcile.cdr import Cdr
from hookswitch.reconcile.importing import answer, run
from hookswitch.reconcile.importing.storage import JobStorage
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step
from tests.unit.reconcile.world import START, KilledError, World, running

DAY = 86_400
NAMES = ("ring_group", "attended_transfer", "abandoned")
AGO = (19, 17.4631, 12, 6, 5)  # days before START, 2026-11-18; the second call is over the border of a month
MOST_SLICES = 500


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of a batch, and batches of a few legs."""
    monkeypatch.setattr(answer, "SLICE_SECONDS", 0)
    monkeypatch.setattr(pace, "PER_SECOND", 1_000_000)
    monkeypatch.setattr(run, "BATCH", 4)


@pytest.fixture
def past(world: World) -> World:
    """A stack whose Dash had calls on some days before, and whose reconcile has run."""
    for number, ago in enumerate(AGO):
        add(world, NAMES[number % len(NAMES)], ago=ago * DAY, seed=number)
    world.reconcile()
    return world


def add(world: World, name: str, *, ago: float, seed: int = 1, account_id: str = DEFAULT_ACCOUNT_ID) -> None:
    """Have Dash keep the records of a call that began some time ago, of which no webhook told."""
    for step in steps(name, START - ago, seed=seed, account_id=account_id):
        world.dash.records.note(account_id, step.hook, step.payload, step.leg, step.at)


def steps(name: str, at: float, *, seed: int = 1, account_id: str = DEFAULT_ACCOUNT_ID) -> Sequence[Step]:
    """Return what happens in a call."""
    return SCENARIOS[name].events(rng=random.Random(seed), account_id=account_id, now=at)


def ask(world: World, *, days: float = 20, **more: Any) -> dict[str, Any]:
    """Invoke the function for the period from some days ago on."""
    since = datetime.fromtimestamp(START - days * DAY, UTC).isoformat()
    event: Any = {"import": {"from": since, **more}}
    return world.reconcile(**event)


def slices(world: World, **more: Any) -> Iterator[dict[str, Any]]:
    """Import, and yield what each slice answers."""
    for _ in range(MOST_SLICES):
        found = ask(world, **more)["import"]
        yield found
        if found["complete"]:
            return
    pytest.fail("The import makes no progress.")


def complete(world: World, **more: Any) -> dict[str, Any]:
    """Import everything, and return what the last slice answers."""
    return [*slices(world, **more)][-1]


def legs_on_dash(world: World, account_id: str = DEFAULT_ACCOUNT_ID) -> set[str]:
    """Return the `call_id` of every leg that Dash has a record of."""
    return {str(record.document["call_id"]) for record in world.dash.records.all("cdrs", account_id, world.now)}


def ids_on_dash(world: World) -> set[str]:
    """Return the id of every record of the account."""
    return {str(record.document["id"]) for record in world.dash.records.all("cdrs", DEFAULT_ACCOUNT_ID, world.now)}


def imported(world: World) -> dict[str, str]:
    """Return the key of each imported event, by its `call_id`."""
    return {item["call_id"]: key for key, item in world.table.plain("imported").items()}


def folded(world: World) -> set[str]:
    """Return the keys of the events that calls were made of; nothing was published by the way."""
    assert not any(asked["backfill"]["publish"] for name, asked in world.asked if name == "calls")
    return {key for name, asked in world.asked if name == "calls" for key in asked["backfill"]["event_ids"]}


def test_every_leg(past: World) -> None:
    """Every leg becomes an event and a part of its call, over the border of a month; nothing is published."""
    before = len(past.table.inserted)
    reports = [*slices(past)]
    assert imported(past).keys() == legs_on_dash(past)
    assert {key[:6] for key in ids_on_dash(past)} == {"202610", "202611"}
    assert folded(past) == {*imported(past).values()}
    assert len(past.table.inserted) == before
    last, legs = reports[-1], len(legs_on_dash(past))
    assert (last["done"], last["stored"], last["missing"], last["published"]) == (legs, legs, 0, 0)
    assert [report["done"] for report in reports] == sorted(report["done"] for report in reports)
    assert len({report["done_until"] for report in reports}) > len(AGO)


def test_again(past: World) -> None:
    """Imported again, nothing is stored, and no call is made anew."""
    complete(past)
    items = {key: item for key, item in past.table.items.items() if not key.startswith("state-")}
    past.asked.clear()
    last = complete(past)
    assert (last["stored"], last["done"]) == (0, len(items) and len(legs_on_dash(past)))
    assert {key: item for key, item in past.table.items.items() if not key.startswith("state-")} == items
    assert not past.asked


def test_count(past: World) -> None:
    """Counting tells how many legs there are and how many of them are here, and changes nothing."""
    before = dict(past.table.items)
    found: list[dict[str, Any]] = []
    place: dict[str, Any] = {}
    while not found or found[-1]["next"]:
        found.append(ask(past, do="count", **place)["count"])
        place = {"place": found[-1]["next"]}
        assert len(found) < MOST_SLICES
    assert (sum(it["legs"] for it in found), sum(it["here"] for it in found)) == (len(legs_on_dash(past)), 0)
    assert past.table.items == before
    assert not past.asked


def test_published_if_asked(past: World) -> None:
    """With `publish`, events and calls are published, and only those that were imported."""
    last = complete(past, publish=True)
    keys = {*imported(past).values()}
    assert last["published"] == len(keys)
    assert {key for name, asked in past.asked if name == "publish" for key in asked["event_ids"]} == keys
    assert all(asked["backfill"]["publish"] for name, asked in past.asked if name == "calls")


@pytest.mark.parametrize("after", [0, 3, 9, 17])
def test_killed(after: int, past: World) -> None:
    """Whatever an invocation was doing when Lambda ended it, calls are made of all events in the end."""
    past.kill_after = after
    with pytest.raises((KilledError, HookswitchError)):
        complete(past)
    past.kill_after, past.table.away = None, False
    complete(past)
    assert imported(past).keys() == legs_on_dash(past)
    assert folded(past) == {*imported(past).values()}


def test_goes_on(past: World) -> None:
    """A second start goes on where the first one ended; another period, or publishing, begins anew."""
    done = [next(slices(past)) for _ in range(7)][-1]
    assert ask(past, do="look")["import"] == done
    assert ask(past, do="look", publish=True)["import"] is None
    assert ask(past, do="look", days=19)["import"] is None
    assert next(slices(past))["done"] >= done["done"]
    complete(past)
    assert ask(past, do="look")["import"] is None


def test_function_that_fails(past: World) -> None:
    """A leg that its function does not take ends the slice; later it is imported."""
    past.down = {"channel_destroy"}
    with pytest.raises(NotTakenError):
        complete(past)
    past.down = set()
    complete(past)
    assert imported(past).keys() == legs_on_dash(past)


def test_legs_that_can_not_be_used(past: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leg that the hook's function can't use is named, and holds up no other."""
    to_fields, unusable = Cdr.to_fields, sorted(legs_on_dash(past))[:2]
    monkeypatch.setattr(Cdr, "to_fields", lambda cdr: {} if cdr.call_id in unusable else to_fields(cdr))
    last = complete(past)
    assert last["missing"] == len(unusable)
    assert {leg.partition("-")[2] for leg in last["missing_legs"]} == {*unusable}
    assert imported(past).keys() == legs_on_dash(past) - {*unusable}


def test_two_at_once(past: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two invocations at work on one import, the slower one gives way."""
    next(slices(past))
    read, first = JobStorage.read, list[JobStorage]()

    def overtaken(storage: JobStorage) -> Any:
        job = read(storage)
        if not first:
            first.append(storage)
            assert "import" in ask(past)
        return job

    monkeypatch.setattr(JobStorage, "read", overtaken)
    assert ask(past) == {"busy": True}
    complete(past)
    assert imported(past).keys() == legs_on_dash(past)
    assert folded(past) == {*imported(past).values()}


def test_ends_where_reconcile_has_been(past: World) -> None:
    """What reconcile has not compared yet is left to it: that has to be published."""
    add(past, "ring_group", ago=60, seed=99)
    before = legs_on_dash(past)
    last = complete(past)
    assert last["until"] < datetime.fromtimestamp(START - 60, UTC).isoformat()
    assert len(imported(past)) < len(before)


def test_period(past: World) -> None:
    """Only legs that ended within the period are imported."""
    until = datetime.fromtimestamp(START - 10 * DAY, UTC)
    last = complete(past, days=15, until=until.isoformat())
    ends = [item["occurred_at"] for item in past.table.plain("imported").values()]
    assert ends
    assert min(ends) >= last["from"]
    assert max(ends) <= until.isoformat()


def test_retention() -> None:
    """An import begins where events are still kept; a period before that is refused."""
    with running() as world, mock.patch.dict(os.environ, {"RETENTION_DAYS": "10"}):
        add(world, "answered", ago=19 * DAY)
        add(world, "answered", ago=5 * DAY, seed=2)
        world.reconcile()
        found = ask(world, do="count")["count"]
        assert found["retention_days"] == 10
        complete(world)
        assert len(imported(world)) == len(legs_on_dash(world)) / 2
        with pytest.raises(RequestError, match="RetentionDays"):
            ask(world, until=datetime.fromtimestamp(START - 15 * DAY, UTC).isoformat())


def test_dash_that_does_not_open_them(past: World) -> None:
    """Where Dash does not open its records, that is said."""
    past.dash.records.closed["cdrs"] = 403
    with pytest.raises(NotOpenError):
        ask(past)


def test_descendants() -> None:
    """With descendants, their legs are imported as well."""
    with running() as world:
        child = world.dash.add_account("c" * 32, parent=DEFAULT_ACCOUNT_ID).id
        add(world, "answered", ago=DAY)
        add(world, "ring_group", ago=2 * DAY, seed=2, account_id=child)
        world.reconcile()
        with mock.patch.dict(os.environ, {"INCLUDE_SUBACCOUNTS": "true"}):
            last = complete(world)
        assert imported(world).keys() == legs_on_dash(world) | legs_on_dash(world, child)
        assert last["accounts"] == 2


@pytest.mark.parametrize("wrong", [{"from": "yesterday"}, {}, {"from": "2026-09-01T00:00:00Z", "unknown": 1}, "all"])
def test_invalid_request(wrong: object, world: World) -> None:
    """A request that is none is refused with an example."""
    event: Any = {"import": wrong}
    with pytest.raises(RequestError, match="Example"):
        world.reconcile(**event)
