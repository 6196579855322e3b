"""The pages that `make bench` and `make scale` write, and the arithmetic of limits and costs behind them."""

import statistics
from dataclasses import replace

import pytest

from bench import calls, page, scale
from bench.end_to_end import Clocked
from bench.local import PAGE
from bench.measure import Costs
from bench.pricing import ALARMS, PRICES, QUEUES, monthly_costs
from bench.quotas import (
    CONCURRENCY,
    DYNAMODB_WAIT,
    NEW_ACCOUNT_CONCURRENCY,
    NEW_TABLE_SHARDS,
    PARTITION_UNITS,
    UNITS,
    Measured,
    limits,
)
from bench.ringing import Ringing
from bench.subjects import AS_BUILT, BARE, FLOOR, PEER_NAMES, PUBLISH, PUBLISH_BATCH, USUAL_COMPILED
from devtools.template import parsed

CALL = calls.committed()["mean"]
FOUND = Measured(warm=0.002, cold=0.7, published=2000)
HOOKS = {"missed_call": 0.2, "parking": 0.1}


def costs(seconds: float) -> Costs:
    """Return the same costs for everything, a hundredth of them for a warm call."""
    many, warm = [seconds] * 3, [seconds / 100] * 3
    return Costs(many, many, many, [40e6] * 3, warm, warm)


def test_pages_are_what_their_data_make() -> None:
    """No page is edited by hand: its figures are in the JSON beside it, its words in the template."""
    assert PAGE.read_text(encoding="utf-8") == page.document(page.committed()), "Run `python -m bench --page`."
    assert scale.PAGE.read_text(encoding="utf-8") == scale.document(scale.inputs()), "Run `make scale`."


def test_summary_of_what_was_measured() -> None:
    """The slowest hook and the median, each beside its peers; a hook that takes half the time has the ratio 0.5."""
    built = {AS_BUILT.format(hook): costs(seconds) for hook, seconds in HOOKS.items()}
    peers = {name: costs(0.4) for name in (*PEER_NAMES, FLOOR)}
    found = page.summarize(
        page.Measured(
            machine="a machine",
            cold_starts=3,
            warm_calls=3,
            costs={hook: costs(seconds) for hook, seconds in HOOKS.items()} | built | peers,
            publishing={PUBLISH: costs(2.0), PUBLISH_BATCH: costs(1.0)},
            zips=(4_900_000, 4_000_000),
            emulated={"missed_call": (0.3, 0.4, 0.005)},
            end_to_end={1: Clocked([0.01] * 5, [0.02] * 5, [0.03] * 5)},
            ringing=Ringing([0.02] * 5, [0.03] * 5, [0.03] * 5, {"Publish": [0.01] * 5, "Calls": [0.02] * 5}),
            restored={hook: costs(seconds / 2) for hook, seconds in HOOKS.items()},
            secured={name: costs(0.4) for name in (*HOOKS, BARE, USUAL_COMPILED)},
            sized={512: costs(0.2)},
        )
    )
    slowest, median = found["functions"][:2]
    assert (slowest["cold_ms"], slowest["cold_vs_bare"], slowest["zip_mb"]) == (200, 0.5, 4.9)
    assert median["cold_ms"] == statistics.median([200, 100])
    assert found["slowest_hook"] == {"cold": 0.2, "warm": 0.002}
    assert found["publishing"]["records_per_second"] == 5000
    assert (found["ringing"]["ratio"], found["ringing"]["ratio_to_other"]) == (1, 1.5)
    assert page.document(found)


def test_more_events_cost_more() -> None:
    """Each part costs more with more events, or is fixed; a million is cheaper in bulk."""
    months = {millions: monthly_costs(FOUND, 1000, millions, CALL) for millions in scale.VOLUMES}
    for part in months[1]:
        column = [month[part] for month in months.values()]
        assert column == sorted(column), part
    each = [sum(month.values()) / millions for millions, month in months.items()]
    assert each == sorted(each, reverse=True)


def test_more_log_costs_more() -> None:
    """A thousand bytes for each of a million events are a gigabyte."""
    price = PRICES["CloudWatch Logs"].each + PRICES["CloudWatch Logs, kept"].each
    part = "CloudWatch Logs"
    assert monthly_costs(FOUND, 2000, 1, CALL)[part] - monthly_costs(FOUND, 1000, 1, CALL)[part] == pytest.approx(price)


def test_every_price_has_a_dated_source() -> None:
    """A price that nobody can look up is no price."""
    assert all("2026" in price.source for price in PRICES.values())


def test_limits() -> None:
    """They come in order; a faster machine publishes more, and a cold burst ends at the quota of executions."""
    found = {limit.part: limit.events for limit in limits(FOUND, 1000, 1)}
    assert list(found.values()) == sorted(found.values())
    assert found["Cold burst"] == pytest.approx(CONCURRENCY / (FOUND.cold + DYNAMODB_WAIT))
    faster = {limit.part: limit.events for limit in limits(replace(FOUND, published=4000), 1000, 1)}
    assert faster["Publish function, new table"] > found["Publish function, new table"]


def test_publishing_keeps_up_with_a_shard() -> None:
    """With the template's batches for each shard, the table limits a shard before its publishing does.

    All shards of a new table together leave a new account some of its executions for deliveries.
    """
    stream = parsed()["Resources"]["Publish"]["Properties"]["Events"]["Stream"]["Properties"]
    batches = stream["ParallelizationFactor"]
    assert scale.inputs().measured.publishing * batches > PARTITION_UNITS / UNITS
    assert NEW_TABLE_SHARDS * batches < NEW_ACCOUNT_CONCURRENCY


def test_redrive_leaves_executions_for_deliveries() -> None:
    """A backlog in both queues, with the functions that Redrive waits for, does not take all of a new account."""
    mappings = parsed()["Resources"]["Redrive"]["Properties"]["Events"].values()
    limits_of_mappings = [it["Properties"]["ScalingConfig"]["MaximumConcurrency"] for it in mappings]
    assert 2 * sum(limits_of_mappings) < NEW_ACCOUNT_CONCURRENCY


def test_all_polled_queues_are_counted() -> None:
    """So is the number of queues that Lambda polls."""
    functions = [it["Properties"] for it in parsed()["Resources"].values() if it["Type"] == "AWS::Serverless::Function"]
    sources = [source for it in functions for source in it.get("Events", {}).values() if source["Type"] == "SQS"]
    assert len(sources) == QUEUES


def test_all_alarms_are_counted() -> None:
    """The page's number of alarms is the template's, without the one of the console, which is off by default."""
    alarms = [it for it in parsed()["Resources"].values() if it["Type"] == "AWS::CloudWatch::Alarm"]
    assert sum(it.get("Condition") != "HasConsole" for it in alarms) == ALARMS
