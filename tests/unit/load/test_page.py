"""The page of the load test says what was measured, also where that is bad news."""

from collections import Counter

from tests.load.day import Size, day
from tests.load.page import figures, written
from tests.load.run import Run
from tests.load.totals import Answer, tally

SIZE = Size(accounts=3, calls=6, seconds=60, senders=2)
DAY = day(SIZE)


def run(published: Counter[str]) -> Run:
    """Return a day that was stored whole."""
    answers = [Answer(number, 0.5, 1, 200, "stored", str(number), 10.0 + number) for number in range(len(DAY))]
    items = [
        {"event_id": str(at), "kind": "event", "hook": one.happening.hook, "account_id": one.happening.account}
        for at, one in enumerate(DAY)
    ]
    totals = tally(DAY, answers, items, published)
    return Run(SIZE, DAY, answers, totals, 30.0, 2.0, 100, len(DAY) * 1000, 1.5)


def test_day_that_holds() -> None:
    """The sums, the bytes of log for a delivery, and a row for each hour."""
    page = written(figures(run(Counter(map(str, range(len(DAY)))))))
    assert f"| items in the table | {len(DAY):,} |" in page
    assert "1000 bytes of log" in page
    assert sum(line.startswith(("| 0", "| 1", "| 2")) for line in page.splitlines()) == 24


def test_day_that_does_not_hold() -> None:
    """A lost message stands where the good news would."""
    page = written(figures(run(Counter(map(str, range(1, len(DAY)))))))
    assert "Sent = stored = published" not in page
    assert "1 events were stored and not published." in page
