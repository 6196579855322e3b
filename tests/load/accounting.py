"""Measures the accounting: `python -m tests.load.accounting` accounts for ten thousand calls of a day, in this process.

Dash is the simulated one, over HTTP, with its rate limit. The table and the hook functions are in this process. Time
passes only where the run waits for Dash's limit; the waits for services are added, with the times of docs/engineering/.
"""

import contextlib
import io
import logging
import os
import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from hookswitch.dash import history
from hookswitch.dash.pace import Pace
from hookswitch.receiving.hook_functions import WORKERS
from simulator.calls.scenarios import SCENARIOS
from simulator.login import Bucket, RateLimit
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.unit.reconcile.table import Item, Table
from tests.unit.reconcile.world import World, running

CALLS = 10_000
FEW = 1_000  # calls that are all missing: the simulated Dash looks for the legs of each among all
KINDS = (
    *("answered", "ring_group", "attended_transfer", "voicemail", "abandoned", "outbound_answered"),
    "internal_answered",
)
DAY = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp())
OPENS, PEAK, CLOSES = 8.0, 11.0, 18.0  # hours
OFF = (int(DAY + PEAK * 3_600), int(DAY + PEAK * 3_600) + 900)  # when the webhook is off
PAGE_BYTES, ITEM_BYTES = 1_000_000, 400  # of a query; of an item in the index
DASH_WAIT, PAGE_WAIT, LOOKUP_WAIT, INVOKE_WAIT = 0.15, 0.05, 0.008, 0.06
"""Seconds that Dash takes to answer, DynamoDB for 1 MB of an index and for one leg, a warm hook function in all."""


class BigTable(Table):
    """The same table, with its indexes."""

    def __init__(self) -> None:
        super().__init__()
        self._by: dict[str, dict[str, list[Item]]] = {"feed": defaultdict(list), "call_id": defaultdict(list)}
        self.page_size = PAGE_BYTES // ITEM_BYTES
        self.lookups = 0

    def _put(self, key: str, item: Item) -> None:
        for name, index in self._by.items():
            if name in item and key not in self.items:
                index[item[name]["S"]].append(item)
        super()._put(key, item)

    def query(self, *, IndexName: str, ExpressionAttributeValues: Item, **query: Any) -> dict[str, Any]:
        """Query the few items that can match."""
        name = {"feeds": "feed", "calls": "call_id"}[IndexName]
        self.lookups += IndexName == "calls"
        few = self._by[name][ExpressionAttributeValues[":key"]["S"]]
        everything, self.items = self.items, {item["event_id"]["S"]: item for item in few}
        try:
            return super().query(IndexName=IndexName, ExpressionAttributeValues=ExpressionAttributeValues, **query)
        finally:
            self.items = everything


@dataclass
class Figures:
    """What a run took."""

    report: dict[str, Any]
    requests: int
    paced: float
    computed: float
    pages: int
    lookups: int
    invoked: int

    def __str__(self) -> str:
        """Say it in a line."""
        found = self.report
        return (
            f"{found['legs_on_dash']:,} legs on Dash, {found['legs_here']:,} here, {found['recovered']:,} recovered, "
            f"{'complete' if found['complete'] else 'NOT complete'}; {self.requests:,} requests to Dash, "
            f"{self.paced:.0f} s for its rate limit; {self.pages:,} pages of the index, {self.lookups:,} legs "
            f"looked up, {self.invoked:,} invocations; {self.computed:.1f} s of computing; "
            f"about {self.seconds:.0f} s in all"
        )

    @property
    def seconds(self) -> float:
        """About how long it would take on AWS."""
        waits = self.pages * PAGE_WAIT + self.lookups * LOOKUP_WAIT + self.invoked / WORKERS * INVOKE_WAIT
        return max(self.paced, self.requests * DASH_WAIT) + waits + self.computed


@contextlib.contextmanager
def measured_world() -> Iterator[World]:
    """A world with Dash's rate limit, in which time passes while the run waits for it."""
    with running(hooks=("channel_destroy",)) as world:
        world.table = BigTable()

        def sleep(seconds: float) -> None:
            world.now += seconds

        world.api._bucket = Bucket(RateLimit(), lambda: world.now)  # noqa: SLF001 - `running` has no limit
        quiet = contextlib.redirect_stdout(io.StringIO())  # of the functions' metrics
        os.environ["DASH_READ_SECONDS"] = "30"  # `running` puts it back
        with quiet, mock.patch.object(history, "Pace", side_effect=lambda: Pace(lambda: world.now, sleep)):
            yield world


def play(world: World, calls: int, *, off: tuple[int, int]) -> None:
    """Let a day's legs end, those of a time while their webhook is off."""
    rng = random.Random(1)
    steps = [
        step
        for number in range(calls)
        for step in SCENARIOS[KINDS[number % len(KINDS)]].events(
            rng=rng,
            account_id=DEFAULT_ACCOUNT_ID,
            now=DAY + 3_600 * rng.triangular(OPENS, CLOSES, PEAK),
        )
        if step.hook == "channel_destroy"
    ]
    webhook = world.webhook("channel_destroy")
    for step in sorted(steps, key=lambda step: step.at):
        world.now = step.at
        if off[0] <= step.at < off[1]:
            webhook.disable()
        else:
            webhook.enable()
        world.dash.fire(DEFAULT_ACCOUNT_ID, step.hook, step.payload, step.leg)
    webhook.enable()


def reconcile(world: World, **asked: Any) -> Figures:
    """Run reconcile with all the time that it takes."""
    table = world.table
    assert isinstance(table, BigTable)
    calls, invoked, began = len(world.api.calls), len(world.invoked), world.now
    queries, lookups = table.queries, table.lookups
    computing = time.thread_time()  # the hook functions and the simulated Dash have threads of their own
    report = world.reconcile(10_000.0, **asked)["accounting"]
    return Figures(
        report=report,
        requests=len(world.api.calls) - calls,
        paced=world.now - began,
        computed=time.thread_time() - computing,
        pages=table.queries - queries - (table.lookups - lookups),
        lookups=table.lookups - lookups,
        invoked=len(world.invoked) - invoked,
    )


def tell(line: str) -> None:
    """Say a line on the error stream: the functions' metrics are on the other one."""
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Print the figures."""
    names = ("POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME")
    os.environ |= {"METRICS": "all", **dict.fromkeys(names, "Load")}
    logging.disable()
    since = datetime.fromtimestamp(DAY, UTC).isoformat()
    with measured_world() as world:
        world.now = float(DAY)
        world.reconcile()
        play(world, CALLS, off=OFF)
        world.now = DAY + 86_400.0
        tell(f"A quarter of an hour of the busiest hour missing: {reconcile(world, since=since)}")
        world.now += 300
        tell(f"The run after it: {reconcile(world)}")
        tell(f"The whole day again: {reconcile(world, since=since)}")
    with measured_world() as world:
        world.now = float(DAY)
        world.reconcile()
        play(world, FEW, off=(DAY, DAY + 86_400))
        world.now = DAY + 86_400.0
        tell(f"All of {FEW:,} calls missing: {reconcile(world, since=since)}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tell(f"Memory at most: {most:.0f} MB, with the simulated Dash and the table.")


if __name__ == "__main__":
    main()
