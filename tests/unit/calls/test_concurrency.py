"""Many functions fold events into the same calls at once, and each can fail or be ended at any moment."""

import itertools
import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.calls import run
from hookswitch.calls.fold import fold
from hookswitch.calls.items import call_id
from hookswitch.calls.requests import BackfillRequest
from hookswitch.events.attributes import item as attributes
from hookswitch.events.attributes import plain
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.publishing.outbox import StreamBatch
from simulator.tests.each import for_each
from tests.interleaving.scheduler import Scheduler
from tests.unit.calls.expected import EXPECTED
from tests.unit.calls.scenes import LATER, NOW, facts_of, item_of, steps_of
from tests.unit.calls.services import SETTINGS, Services, at, patched

NAMES = ["ring_group", "attended_transfer", "parked_retrieved", "queue_agent", "voicemail", "conference", "loopback"]
SEEDS = 4
# By more seeds: a record that nobody found any more, and a leg that was claimed for another call meanwhile.
FOUND = [("attended_transfer", 1016), ("parked_retrieved", 2013)]
PATIENCE = 4_000  # times that batches are delivered

type Work = StreamBatch | BackfillRequest


def batches(rng: random.Random, items: Sequence[Mapping[str, Any]]) -> list[StreamBatch]:
    """Divide events into batches at random, some of them delivered twice."""
    left = [*items, *rng.sample(items, k=len(items) // 4)]
    rng.shuffle(left)
    found = []
    while left:
        size = rng.randint(1, 4)
        chunk, left = left[:size], left[size:]
        images = {item["event_id"]: attributes(item) for item in chunk}
        found.append(StreamBatch({str(number): image for number, image in enumerate(images.values())}))
    return found


def fold_all(services: Services, work: list[Work]) -> None:
    """Fold batches of the stream and of a backfill, several at once, and again as long as any of them fails."""
    scheduler = services.scheduler
    assert scheduler
    running: dict[Any, Work] = {}
    for _ in range(PATIENCE * len(work)):
        if not work and not running:
            return
        if work and (len(running) < 4 or not scheduler.ready):
            batch = work.pop(0)
            calls = run.Calls(SETTINGS, MetricsRecorder(), deadline=float("inf"))
            running[scheduler.spawn("calls", partial(_fold, calls, batch))] = batch
        task = scheduler.rng.choice([*running])
        scheduler.resume(task)
        if task.done:
            batch = running.pop(task)
            failed = task.error or getattr(task.result, "returned", ())
            if failed:
                work.append(batch)
        scheduler.stormy = scheduler.steps < 1_500
    pytest.fail("The batches are never done.")


def _fold(calls: run.Calls, batch: Work) -> object:
    return calls.backfill(batch) if isinstance(batch, BackfillRequest) else calls.fold_batch(batch)


@pytest.mark.parametrize(("name", "seed"), [*itertools.product(NAMES, range(SEEDS)), *FOUND])
def test_all_at_once(name: str, seed: int) -> None:
    """Whatever happens meanwhile, the table has the fold of all events in the end, and so has whoever subscribed."""
    scheduler = Scheduler(seed)
    services = Services(scheduler)
    steps = [*steps_of(name), *steps_of("answered", seed=99)]
    items = [item_of(step) for step in steps]
    with patched(services), at(NOW + 3600):
        fold_all(services, [*batches(scheduler.rng, items)])
    expected = {folded.group.key: folded.record for folded in fold(facts_of(steps), LATER)}
    assert_table(services, expected)
    assert_subscribers(services, expected)
    wanted = {key for key, record in expected.items() if record.get("status") == "voicemail"}
    assert wanted <= set(services.alerts)


@pytest.mark.parametrize(("name", "seed"), [*itertools.product(NAMES, range(SEEDS))])
def test_backfill_at_the_same_time(name: str, seed: int) -> None:
    """A backfill of the same events disturbs nothing: the table has their fold, and whoever is to be alerted is."""
    scheduler = Scheduler(seed)
    services = Services(scheduler)
    steps = steps_of(name)
    items = [item_of(step) for step in steps]
    services.table.items = {item["event_id"]: attributes(item) for item in items}
    keys = [*services.table.items]
    some = [tuple(scheduler.rng.sample(keys, scheduler.rng.randint(1, len(keys)))) for _ in range(4)]
    work: list[Work] = [
        *batches(scheduler.rng, items),
        *(BackfillRequest(part, number == 0) for number, part in enumerate(some)),
    ]
    scheduler.rng.shuffle(work)
    with patched(services), at(NOW + 3600):
        fold_all(services, work)
    expected = {folded.group.key: folded.record for folded in fold(facts_of(steps), LATER)}
    assert_table(services, expected)
    wanted = {key for key, record in expected.items() if record.get("status") == "voicemail"}
    assert wanted <= set(services.alerts)


def assert_table(services: Services, expected: Mapping[str, Any]) -> None:
    """Assert that each call's item has the record of all its events, and that the others were merged into them."""
    records = {item["payload"]["call"]: item["payload"] for item in services.table.plain("call")}
    assert set(expected) <= set(records)
    for key, record in records.items():
        if key in expected:
            assert {**record, "revision": 0} == expected[key]
        else:
            assert _merged(key, records) in expected
    for leg in services.table.plain("leg"):
        assert _merged(leg["call"], records) in expected


def _merged(key: str, records: Mapping[str, Any]) -> str:
    """Return the call that a call has become."""
    while "merged_into" in records[key]:
        key = records[key]["merged_into"]
    return key


def assert_subscribers(services: Services, expected: Mapping[str, Any]) -> None:
    """Assert that whoever keeps the highest revision of each call has what the table has."""
    items = {item["event_id"]: item for item in services.table.plain("call")}
    for owed in services.owed:  # redrive publishes what the table has then
        record = items[owed]["payload"]
        services.published[record["call"]][int(record["revision"])] = record
        if items[owed]["alert"]:
            services.alerts[record["call"]].add(int(record["revision"]))
    for key, revisions in services.published.items():
        assert revisions[max(revisions)] == items[call_id(key)]["payload"]
        assert key in expected or "merged_into" in revisions[max(revisions)]
    assert set(expected) <= set(services.published)


@pytest.mark.no_cover  # other tests run the same lines
@for_each("name", EXPECTED)
@settings(max_examples=2)
@given(rng=st.randoms(use_true_random=False))
def test_any_division(name: str, rng: random.Random) -> None:
    """However events are divided and in whatever order they come, calls merge into the same records."""
    items = [item_of(step) for step in steps_of(name)]
    shuffled = rng.sample(items, k=len(items))
    cuts = sorted(rng.sample(range(len(items) + 1), k=2))
    divided = [shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :]]
    assert table_after(divided) == table_after([items]) == table_after([[item] for item in items])


def table_after(chunks: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the records in a table after batches, one after the other, without those that were merged."""
    services = Services()
    with patched(services), at(LATER):
        for chunk in filter(None, chunks):
            batch = StreamBatch({str(number): attributes(item) for number, item in enumerate(chunk)})
            calls = run.Calls(SETTINGS, MetricsRecorder(), deadline=float("inf"))
            assert calls.fold_batch(batch).returned == ()
    for revisions in services.published.values():
        assert sorted(revisions) == [*range(1, len(revisions) + 1)]
    found = {item["payload"]["call"]: item["payload"] for item in services.table.plain("call")}
    return {key: {**record, "revision": 0} for key, record in found.items() if "merged_into" not in record}


def test_plain_values_survive() -> None:
    """What the table returns equals what was written, so that an unchanged record is no change."""
    (folded,) = fold(facts_of(steps_of("ring_group")), LATER)
    stored = {name: plain(value) for name, value in attributes({"payload": folded.record}).items()}
    assert stored["payload"] == folded.record
