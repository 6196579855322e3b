"""Many functions route and send at once; each can fail or be ended at any moment, and so can what they call."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from hookswitch.destinations.answers import Answer
from hookswitch.destinations.record import Filter, Options
from tests.interleaving.scheduler import Scheduler
from tests.unit.destinations.samples import call_item
from tests.unit.destinations.world import Message, Receiver, World, running

SEEDS = 10
EVENTS = 24
REVISIONS = 8
PATIENCE = 60_000  # steps
AFTER_THE_STORM = 1_200  # steps, in which calls fail and functions are ended


def refuses_some(number: int) -> Answer:
    """Answer as a receiver that is out of order now and then."""
    if number % 7 in {2, 3}:
        return Answer(status=503, seconds=0.2)
    return Answer(status=400) if number % 11 == 5 else Answer(status=200, seconds=0.1)


def carry_out(
    world: World,
    batches: list[Sequence[Mapping[str, Any]]],
    begin: Callable[[Sequence[Mapping[str, Any]]], object] = lambda _: None,
) -> None:
    """Route batches, and let senders work, several at once, until nothing is left to do.

    A batch and a message come again until somebody is done with them, as SQS has it.

    Args:
        world: The world.
        batches: Batches of published events.
        begin: Called with each batch before it is routed.
    """
    scheduler = world.scheduler
    assert scheduler
    running_batches: dict[Any, Sequence[Mapping[str, Any]]] = {}
    running_messages: dict[Any, Message] = {}
    while scheduler.steps < PATIENCE:
        scheduler.stormy = scheduler.steps < AFTER_THE_STORM
        tasks = [*running_batches, *running_messages]
        if batches and len(running_batches) < 2:
            batch = batches.pop(0)
            begin(batch)
            running_batches[scheduler.spawn("route", partial(world.route, *batch))] = batch
        elif len(running_messages) < 4 and (visible := world.visible()):
            message = scheduler.rng.choice(visible)
            message.hidden_until = world.now + 360
            running_messages[scheduler.spawn(f"send {message.id}", partial(world.handle, message))] = message
        elif not tasks:
            if not world.messages:
                return
            world.now = max(world.now, min(message.hidden_until for message in world.messages.values()))
            continue
        else:
            _resume(scheduler, tasks, batches, running_batches, running_messages)
    pytest.fail(f"It is never done. {scheduler.trace[-40:]}")


def _resume(
    scheduler: Scheduler,
    tasks: list[Any],
    batches: list[Sequence[Mapping[str, Any]]],
    running_batches: dict[Any, Sequence[Mapping[str, Any]]],
    running_messages: dict[Any, Message],
) -> None:
    task = scheduler.rng.choice(tasks)
    scheduler.resume(task)
    if task.done:
        batch = running_batches.pop(task, None)
        running_messages.pop(task, None)
        if batch and task.error:
            batches.append(batch)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost(seed: int) -> None:
    """Every destination gets every event that it asked for, under one id, whatever fails on the way."""
    scheduler = Scheduler(seed)
    with running(scheduler) as world:
        plain = world.add("plain")
        ordered = world.add("ordered", options=Options(ordered=True))
        broken = world.add("broken", receiver=Receiver(refuses_some))
        ordered_broken = world.add("ordered-broken", options=Options(ordered=True), receiver=Receiver(refuses_some))
        other = world.add("other", which=Filter(hooks=("parking",)))
        events = [world.event(number, subject=f"call/{number % 4}") for number in range(EVENTS)]
        batches: list[Sequence[Mapping[str, Any]]] = [events[start : start + 3] for start in range(0, EVENTS, 3)]
        carry_out(world, [*batches, batches[2]])  # SNS delivers one twice
        wanted = {event["id"] for event in events}
        for receiver in (plain, ordered, broken, ordered_broken):
            assert set(receiver.ids) == wanted
        assert not other.ids
        for name in ("plain", "ordered", "broken", "ordered-broken"):
            assert world.tables.owed(f"id-{name}") == []


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_doubled_where_nothing_fails(seed: int) -> None:
    """As long as no function and no service fails, every event comes once, to a receiver that is out of order, too."""
    scheduler = Scheduler(seed)
    scheduler.steps = AFTER_THE_STORM
    with running(scheduler) as world:
        receivers = [world.add("plain"), world.add("broken", receiver=Receiver(refuses_some))]
        events = [world.event(number, subject=f"call/{number % 4}") for number in range(EVENTS)]
        carry_out(world, [[event] for event in events])
        for receiver in receivers:
            assert Counter(receiver.ids) == Counter(event["id"] for event in events)


@pytest.mark.parametrize("seed", range(8))
def test_the_last_word_on_each_call_arrives(seed: int) -> None:
    """Whoever asks for every change of calls has the last one of each in the end, whatever fails on the way."""
    scheduler = Scheduler(seed)
    with running(scheduler) as world:
        receiver = world.add("calls", which=Filter(types=("call",)), receiver=Receiver(refuses_some))
        missed = world.add("missed", which=Filter(when=("missed",)))
        items = [call_item(revision, f"{call:032x}") for revision in range(1, REVISIONS + 1) for call in range(4)]
        events = {str(world.store(item)["id"]): item for item in items}
        published = [[world.store(item)] for item in items]
        stored: dict[object, int] = {}

        def write(batch: Sequence[Mapping[str, Any]]) -> None:
            """Store a revision as it is published, unless a later one is there."""
            for event in batch:
                item = events[event["id"]]
                if int(str(item["revision"])) > stored.get(item["event_id"], 0):
                    stored[item["event_id"]] = int(str(item["revision"]))
                    world.store(item)

        world.tables.events.clear()
        carry_out(world, [*published], write)
        latest = {event["data"]["call"]: event["id"] for event in receiver.events}
        assert {identity.rpartition("-")[2] for identity in latest.values()} == {str(REVISIONS)}
        assert len(latest) == 4
        assert {event["data"]["call"] for event in missed.events} == set(latest)
