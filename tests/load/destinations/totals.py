"""Checks whether sent = received by whom it was for, and how long it took."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.load.destinations.receivers import CountingReceiver


@dataclass(frozen=True)
class SentEvent:
    """An event that was written into the table.

    Attributes:
        event_id: Its id.
        account: The account that it happened in, which decides whose it is.
        at: When, in Unix seconds.
        phase: In which part of the run.
    """

    event_id: str
    account: str
    at: float
    phase: str


@dataclass(frozen=True)
class Totals:
    """The sums of a run, and what is wrong with them.

    Attributes:
        sent: Events that were written.
        received: Events that the right destination got.
        again: Messages more than that.
        queued: Events that a queue got, which was subscribed to the topic.
        problems: What is not as it should be, a sentence each.
    """

    sent: int
    received: int
    again: int
    queued: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Latency:
    """How long events took, in milliseconds; how many they were."""

    events: int
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        """Return the latency of events that took some seconds each."""
        if len(seconds) < 2:
            return cls(len(seconds), *(round(1000 * sum(seconds)),) * 3)
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        return cls(len(seconds), round(1000 * cuts[49]), round(1000 * cuts[98]), round(1000 * max(seconds)))


def tally(
    sent: Sequence[SentEvent],
    receivers: Iterable[CountingReceiver],
    queued: Mapping[str, float],
    left: Mapping[str, int],
) -> Totals:
    """Compare what was sent with what arrived.

    Args:
        sent: All events.
        receivers: Of all destinations.
        queued: When each event came into the queue beside them.
        left: How many rows the table of destinations has of each kind of which none should be left.
    """
    receivers = [*receivers]
    mine = {event.event_id: event.account for event in sent}
    right = wrong = again = 0
    got: set[str] = set()
    for receiver in receivers:
        for event_id, times in receiver.arrivals.items():
            again += len(times) - 1
            if mine.get(event_id) == receiver.account:
                right += 1
                got.add(event_id)
            else:
                wrong += 1
    found = [
        (len(sent) - len(mine), "events share an id with another"),
        (len(mine.keys() - got), "events did not reach their destination"),
        (wrong, "events reached a destination that they are not for"),
        (again, "messages came again"),
        (sum(receiver.unverified for receiver in receivers), "messages were not signed rightly"),
        (len(mine.keys() - queued.keys()), "events did not reach the queue"),
        *((count, f"rows of {kind} are left") for kind, count in left.items()),
    ]
    return Totals(
        sent=len(mine),
        received=right,
        again=again,
        queued=len(mine.keys() & queued.keys()),
        problems=tuple(f"{count:,} {what}." for count, what in found if count),
    )


def received(sent: Iterable[SentEvent], receivers: Mapping[str, CountingReceiver]) -> Latency:
    """Return how long events took until their destination had them, as far as it has."""
    return Latency.of(
        [
            receivers[event.account].arrivals[event.event_id][0] - event.at
            for event in sent
            if event.event_id in receivers[event.account].arrivals
        ]
    )


def subscribed(sent: Iterable[SentEvent], queued: Mapping[str, float]) -> Latency:
    """Return how long events took until they were in a queue that is subscribed to the topic."""
    return Latency.of([queued[event.event_id] - event.at for event in sent if event.event_id in queued])
