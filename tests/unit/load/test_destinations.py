"""The tally of destinations notices whatever is lost, sent twice, or sent to somebody else."""

from dataclasses import replace

import pytest

from tests.load.destinations.page import measured, written
from tests.load.destinations.receivers import CountingReceiver
from tests.load.destinations.run import Phase, Run, Size
from tests.load.destinations.totals import Latency, SentEvent, Totals, received, subscribed, tally

NOTHING_LEFT = {"owed": 0, "dead": 0}


@pytest.fixture
def sent() -> list[SentEvent]:
    """Four events in two accounts, a second apart."""
    return [SentEvent(f"event-{number}", "ab"[number % 2], float(number), "steady") for number in range(4)]


@pytest.fixture
def receivers(sent: list[SentEvent]) -> dict[str, CountingReceiver]:
    """Receivers that got all of them half a second later."""
    receivers = {name: CountingReceiver(name) for name in "ab"}
    for event in sent:
        receivers[event.account].arrivals[event.event_id].append(event.at + 0.5)
    return receivers


@pytest.fixture
def queued(sent: list[SentEvent]) -> dict[str, float]:
    """When they were in a queue."""
    return {event.event_id: event.at + 0.25 for event in sent}


def test_whole(sent: list[SentEvent], receivers: dict[str, CountingReceiver], queued: dict[str, float]) -> None:
    """If each destination got its own once, there is nothing to say."""
    assert tally(sent, receivers.values(), queued, NOTHING_LEFT) == Totals(4, 4, 0, 4, ())
    assert received(sent, receivers) == Latency(4, 500, 500, 500)
    assert subscribed(sent, queued) == Latency(4, 250, 250, 250)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("lost", "1 events did not reach their destination."),
        ("twice", "1 messages came again."),
        ("elsewhere", "1 events reached a destination that they are not for."),
        ("invented", "1 events reached a destination that they are not for."),
        ("unverified", "1 messages were not signed rightly."),
        ("unpublished", "1 events did not reach the queue."),
        ("left", "3 rows of owed are left."),
        ("same", "1 events share an id with another."),
    ],
)
def test_faults(
    sent: list[SentEvent],
    receivers: dict[str, CountingReceiver],
    queued: dict[str, float],
    fault: str,
    said: str,
) -> None:
    """Each kind of fault is told."""
    left = dict(NOTHING_LEFT)
    match fault:
        case "lost":
            del receivers["a"].arrivals["event-0"]
        case "twice":
            receivers["a"].arrivals["event-0"].append(9.0)
        case "elsewhere":
            receivers["b"].arrivals["event-0"] = [9.0]
        case "invented":
            receivers["b"].arrivals["event-9"] = [9.0]
        case "unverified":
            receivers["b"].unverified = 1
        case "unpublished":
            del queued["event-3"]
        case "left":
            left["owed"] = 3
        case _:
            sent.append(sent[0])
    assert tally(sent, receivers.values(), queued, left).problems == (said,)


def test_page() -> None:
    """The page has the figures of both runs, and says what is wrong."""
    size = Size(100, 0, 4, 5, 60, 10_000, 2_000, 600)
    latency = Latency(300, 410, 990, 1_200)
    first = Run(size, Totals(10_400, 10_400, 0, 10_400, ()), [Phase("steady", latency, latency)], 20, 80, 0, 1)
    three = [Phase(name, latency, latency) for name in ("none hangs", "some begin to hang", "some hang")]
    bad = Totals(1_900, 1_899, 0, 1_900, ("1 events did not reach their destination.",))
    second = Run(replace(size, destinations=1_000, hanging=50, burst=0), bad, three, 0, 0, 33, 1)
    remarked = measured(first, is_shared=True) | {"remark": "It was ended early."}
    found = {"totals": remarked, "fairness": measured(second, is_shared=False)}
    page = written(found)
    assert "Sent = received" in page
    assert page.count("Other programs used the machine") == 1
    assert page.count("It was ended early.") == 1
    assert "\n\n\n" not in page
    longer = written(found | {"long": found["totals"]})
    assert longer.count("## 10,400 events to 100 destinations") == 1 + page.count(
        "## 10,400 events to 100 destinations"
    )
    assert "\n\n\n" not in longer
    assert "1 events did not reach their destination." in page
    assert "| until its destination received it | 300 | 410 | 990 | 1,200 |" in page
    assert "| some hang | 300 | 410 | 990 | 1,200 | 410 | 990 |" in page
