"""One run of everything by a seed: a storm, then a calm, and what must be true in the end."""

import contextlib
import io
import json
from dataclasses import dataclass

from functions.reconcile import handler as reconcile
from tests.interleaving.environment import running
from tests.interleaving.scheduler import Scheduler
from tests.interleaving.world import PARKING, PUBLISH_QUEUE, REDRIVE_QUEUE, World

EVENTS = 12
STORM = 1_500  # steps at most
CALM_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        seed: Repeats it.
        faults: What was not as promised; empty if all was.
        trace: What happened, in order.
        events: How many events Dash began to send.
        kills: How many functions were killed.
        steps: How often one of the tasks went on.
    """

    seed: int
    faults: tuple[str, ...]
    trace: tuple[str, ...]
    events: int
    kills: int
    steps: int

    def report(self) -> str:
        """Return what a person needs to find the fault."""
        lines = "\n".join(self.trace[-200:])
        return f"SEED={self.seed}: {'; '.join(self.faults)}\n{lines}\nRepeat it with: make interleave SEED={self.seed}"


def run(seed: int) -> Outcome:
    """Run one seed."""
    with contextlib.redirect_stdout(io.StringIO()), running(seed) as world:
        scheduler = world.scheduler
        _storm(world, scheduler)
        _calm(world, scheduler)
        faults = tuple(_faults(world))
        return Outcome(seed, faults, tuple(scheduler.trace), len(world.fired), scheduler.kills, scheduler.steps)


def _storm(world: World, scheduler: Scheduler) -> None:
    left, runs = scheduler.rng.randint(1, EVENTS), 2
    while (left or scheduler.unfinished) and scheduler.steps < STORM:
        world.now += 0.01
        choice = scheduler.rng.random()
        if left and choice < 0.1:
            left -= 1
            world.fire(left)
        elif choice < 0.14:
            world.poll_queue(scheduler.rng.choice([REDRIVE_QUEUE, PUBLISH_QUEUE]))
        elif choice < 0.2:
            world.poll_stream()
        elif runs and choice < 0.21:
            runs -= 1
            world.start("reconcile", reconcile.handler, {})
        elif ready := scheduler.ready:
            scheduler.resume(scheduler.rng.choice(ready))


def _calm(world: World, scheduler: Scheduler) -> None:
    """Let everything recover, and all that waits come to its end."""
    scheduler.stormy = False
    scheduler.trace.append(f"{scheduler.steps:4} all services recover")
    for _ in range(CALM_ROUNDS):
        _finish(scheduler)
        world.now += 1_100
        for _ in range(50):
            for url in (REDRIVE_QUEUE, PUBLISH_QUEUE):
                world.poll_queue(url)
            world.poll_stream()
            if not scheduler.unfinished:
                break
            _finish(scheduler)
        run = world.start("reconcile", reconcile.handler, {})
        _finish(scheduler)
        idle = not any(world.queues.messages.values()) and not world.stream.left
        complete = isinstance(run.result, dict) and run.result.get("complete")
        if idle and complete and not _faults(world):
            return


def _finish(scheduler: Scheduler) -> None:
    while scheduler.unfinished:
        scheduler.resume(scheduler.rng.choice(scheduler.ready))


def _faults(world: World) -> list[str]:
    """Return what is not as promised."""
    stored = world.table.plain("event")
    ours = {key: item for key, item in stored.items() if not item["hook"].startswith("webhook_")}
    names = [str(item["payload"]["call_id"]) if item["hook"] == PARKING else key for key, item in ours.items()]
    published = world.topic.published.keys()
    checks = {
        "stored twice": {name for name in names if names.count(name) > 1},
        "lost": world.owed - set(names),
        "invented": set(names) - world.fired.keys(),
        "stored and not published": stored.keys() - published,
        "published and not stored": published - stored.keys(),
        "quarantined": world.table.plain("quarantine").keys(),
        "left in a queue": [message.body for messages in world.queues.messages.values() for message in messages],
        "dead letters": [message.body for message in world.queues.dead],
        "published under another id": [
            key
            for key, message in world.topic.messages.items()
            if message["id"] != key or not {"data", "dataref"} & message.keys()
        ],
    }
    return [f"{name}: {json.dumps(sorted(map(str, found)))}" for name, found in checks.items() if found]
