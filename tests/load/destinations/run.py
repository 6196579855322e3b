"""The two runs: exact totals of many events, and what destinations that hang do to the others."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.screen import say, step
from hookswitch.destinations.https import SECONDS
from tests.load.destinations.stage import Stage, stage
from tests.load.destinations.totals import Latency, SentEvent, Totals, received, subscribed, tally

REMEMBERED = 62.0  # seconds after which Route has read again how all destinations are doing
SETTLE = 2.0  # seconds in which a message that comes twice would come
PAUSE = SECONDS + SETTLE  # after which no attempt hangs any more
WARM, STEADY, BURST = "first", "steady", "burst"
NONE_HANGS, BEGIN, HANG = "none hangs", "some begin to hang", "some hang"


@dataclass(frozen=True)
class Size:
    """How much a run sends.

    Attributes:
        destinations: How many there are.
        hanging: How many of them hang at the end; 0 for none.
        senders: How many destinations are served at the same time (DestinationConcurrency).
        per_second: Events a second while latency is measured.
        seconds: How long each phase is in which it is measured.
        burst: Events that are then sent as fast as they arrive.
        ahead: How many of these may be on their way.
        limit: Seconds after which what has not arrived counts as lost.
    """

    destinations: int
    hanging: int
    senders: int
    per_second: float
    seconds: float
    burst: int
    ahead: int
    limit: float


@dataclass(frozen=True)
class Phase:
    """What was measured in a phase, of the destinations that answer.

    Attributes:
        name: Which one.
        received: From when an event was stored until its destination had it.
        subscribed: From when it was stored until it was in a queue that is subscribed to the topic.
    """

    name: str
    received: Latency
    subscribed: Latency


@dataclass(frozen=True)
class Run:
    """What a run came to.

    Attributes:
        size: How much it sent.
        totals: The sums.
        phases: The latencies.
        writing: Seconds in which the burst was stored.
        draining: Seconds from then until its last event had arrived.
        recovering: Seconds until all was there that had waited for those that hung.
        load_average: Of the machine in the minute before.
    """

    size: Size
    totals: Totals
    phases: Sequence[Phase]
    writing: float
    draining: float
    recovering: float
    load_average: float


def run(directory: Path, size: Size) -> Run:
    """Send to destinations of a stack of its own, and wait until all has arrived.

    Raises:
        LaptopError: The stack can't be deployed.
    """
    load = os.getloadavg()[0]
    with stage(directory, size.destinations, size.senders) as on:
        with step(f"Adding {size.destinations:,} destinations"):
            on.add_destinations()
        with step("Sending the first event to each of them"):
            on.send(on.accounts, WARM)
            took = on.wait(on.accounts, size.limit)
        say(f"All had it after {took:.0f} seconds.")
        time.sleep(REMEMBERED)
        hanging = on.accounts[:: max(1, size.destinations // size.hanging)][: size.hanging] if size.hanging else []
        others = [name for name in on.accounts if name not in set(hanging)]
        phases = _steady(on, size, hanging, others)
        writing, draining = _burst(on, size) if size.burst else (0.0, 0.0)
        recovering = _recover(on, size, hanging) if hanging else 0.0
        time.sleep(SETTLE)
        on.read_queue()
        totals = tally(on.sent, on.receivers.values(), on.queued, on.left())
        measured = [_measured(on, name, others) for name in phases]
    return Run(size, totals, measured, writing, draining, recovering, load)


def _steady(on: Stage, size: Size, hanging: Sequence[str], others: Sequence[str]) -> list[str]:
    names = [NONE_HANGS, BEGIN, HANG] if hanging else [STEADY]
    for name in names:
        if name == BEGIN:
            for each in hanging:
                on.receivers[each].hangs = True
        with step(f"Sending {size.per_second:g} events a second for {size.seconds:.0f} seconds: {name}"):
            on.send_steadily(size.per_second, size.seconds, name)
            on.wait(others, size.limit)
        on.read_queue()
    return names


def _burst(on: Stage, size: Size) -> tuple[float, float]:
    began = time.monotonic()
    with step(f"Storing {size.burst:,} events, and no more than {size.ahead:,} ahead of the receivers"):
        on.send_many(size.burst, BURST, size.ahead, size.limit)
    writing = time.monotonic() - began
    with step("Waiting until all have arrived"):
        draining = on.wait(on.accounts, size.limit)
    return writing, draining


def _recover(on: Stage, size: Size, hanging: Sequence[str]) -> float:
    with step("Letting those that hung answer again, and sending them what they are owed"):
        for each in hanging:
            on.receivers[each].hangs = False
        time.sleep(PAUSE)  # attempts that hang still end first: one that fails has the last word
        on.resume(hanging)
        return on.wait(on.accounts, size.limit)


def _measured(on: Stage, phase: str, others: Sequence[str]) -> Phase:
    healthy = set(others)
    events: list[SentEvent] = [each for each in on.of(phase) if each.account in healthy]
    return Phase(phase, received(events, on.receivers), subscribed(events, on.queued))
