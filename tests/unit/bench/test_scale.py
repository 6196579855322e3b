"""The page on scale: its reckoning, and that it is the one that `make scale` writes."""

import pytest

from bench.money import PRICES
from bench.scale import PAGE, VOLUMES, Inputs, document, extras, inputs, month
from bench.walls import CONCURRENCY, Measured, walls

FOUND = Inputs(Measured(warm=0.002, cold=0.7, published=2000), log_bytes=1000)


def test_page_is_up_to_date() -> None:
    """If this fails, run `make scale`: a measurement, a price or a quota has changed since."""
    assert PAGE.read_text(encoding="utf-8") == document(inputs())


def test_tiers_of_the_api() -> None:
    """A thousand million requests are paid for at two prices."""
    assert month(FOUND, 1000)["API Gateway, REST"] == pytest.approx(333 * 3.5 + 667 * 2.8)
    assert month(FOUND, 1)["API Gateway, REST"] == pytest.approx(3.5)


def test_more_events_cost_more() -> None:
    """Each part costs more with more events, or is fixed; a million is cheaper in bulk."""
    columns = [month(FOUND, millions) for millions in VOLUMES]
    for part in columns[0]:
        costs = [column[part] for column in columns]
        assert costs == sorted(costs), part
    each = [sum(column.values()) / millions for column, millions in zip(columns, VOLUMES, strict=True)]
    assert each == sorted(each, reverse=True)
    assert all(cost > 0 for cost in extras(1).values())


def test_more_log_costs_more() -> None:
    """What the load test measured is in it: a thousand bytes of each of a million events are a gigabyte."""
    more = Inputs(FOUND.measured, log_bytes=2000)
    price = PRICES["CloudWatch Logs"].each + PRICES["CloudWatch Logs, kept"].each
    part = "CloudWatch Logs"
    assert month(more, 1)[part] - month(FOUND, 1)[part] == pytest.approx(price)


def test_walls() -> None:
    """They come in order, publishing on a new table first of the usual ones; it is faster on a faster machine."""
    found = walls(FOUND.measured)
    assert [wall.events for wall in found] == sorted(wall.events for wall in found)
    first = next(wall for wall in found if wall.usual)
    assert first.part == "Publish function, new table"
    faster = walls(Measured(warm=0.002, cold=0.7, published=4000))
    assert next(wall for wall in faster if wall.part == first.part).events > first.events


def test_cold_burst() -> None:
    """Concurrency divided by the time that a start takes."""
    burst = next(wall for wall in walls(FOUND.measured) if wall.part == "Cold burst")
    assert burst.events == pytest.approx(CONCURRENCY / 0.708)
