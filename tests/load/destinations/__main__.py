"""`make load-sending`: both runs, or one of them, each on a stack of its own."""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace

from devtools import stack
from devtools.errors import LaptopError
from devtools.local import LOCAL, ROOT
from devtools.processes import shown
from devtools.screen import say, step
from tests.load.destinations.page import measured, written
from tests.load.destinations.run import Run, Size, run

DIRECTORY = LOCAL / "load-test"
PAGE = ROOT / "docs" / "engineering" / "sending.md"
FIGURES = PAGE.with_suffix(".json")
TOTALS = Size(destinations=100, hanging=0, senders=3, per_second=5, seconds=60, burst=10_000, ahead=2_000, limit=1_800)
FAIRNESS = Size(destinations=1_000, hanging=50, senders=3, per_second=5, seconds=60, burst=0, ahead=0, limit=600)
QUICK = (
    replace(TOTALS, destinations=5, seconds=5, burst=100, limit=60),
    replace(FAIRNESS, destinations=10, hanging=2, seconds=5, limit=60),
)


def main() -> int:
    """Run them, write what they came to into the page, and return 0 only if the totals hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.destinations", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small runs, and no page")
    parser.add_argument("--events", type=int, default=TOTALS.burst, help="how many are sent as fast as they arrive")
    parser.add_argument(
        "--only", choices=["totals", "fairness"], help="one of the runs; the page keeps the other's figures"
    )
    parser.add_argument("--shared", action="store_true", help="note that other programs use the machine meanwhile")
    given = parser.parse_args()
    totals, fairness = QUICK if given.quick else (_of(given.events), FAIRNESS)
    sizes = {"totals": totals, "fairness": fairness}
    try:
        with step("Building the functions") as detail:
            stack.build(on_line=detail)
        done = {name: run(DIRECTORY / name, size) for name, size in sizes.items() if given.only in {None, name}}
    except LaptopError as error:
        say(str(error), style="red")
        return error.exit_code
    if not given.quick:
        _write(done, is_shared=given.shared)
    return 1 if sum(map(_report, done.values())) else 0


def _of(events: int) -> Size:
    """Return the size of the run of totals: its limit allows for five events a second."""
    return replace(TOTALS, burst=events, limit=max(TOTALS.limit, events / 5))


def _write(done: Mapping[str, Run], *, is_shared: bool) -> None:
    found = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name, each in done.items():
        is_long = each.size.burst > TOTALS.burst  # beside the usual one, not instead
        found["long" if is_long else name] = measured(each, is_shared=is_shared)
    FIGURES.write_text(json.dumps(found, indent=2) + "\n")
    PAGE.write_text(written(found))
    say(f"{shown(PAGE)} and {shown(FIGURES)} are written.")


def _report(done: Run) -> int:
    """Print what a run came to; return how many problems there are."""
    totals = done.totals
    say(f"{totals.sent:,} events sent, {totals.received:,} received, {totals.queued:,} in the queue beside.")
    for phase in done.phases:
        received, queue = phase.received, phase.subscribed
        say(
            f"{phase.name}: received p50 {received.p50:,} ms, p99 {received.p99:,} ms; "
            f"queue p50 {queue.p50:,} ms, p99 {queue.p99:,} ms; {received.events:,} events."
        )
    for problem in totals.problems:
        say(f"✗ {problem}", style="red")
    return len(totals.problems)


if __name__ == "__main__":
    sys.exit(main())
