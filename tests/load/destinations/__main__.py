"""`make load-sending`: both runs, each on a stack of its own."""

import argparse
import json
import sys
from dataclasses import replace

from devtools import stack
from devtools.errors import LaptopError
from devtools.local import LOCAL, ROOT
from devtools.processes import shown
from devtools.screen import say, step
from tests.load.destinations.page import figures, written
from tests.load.destinations.run import Run, Size, run

DIRECTORY = LOCAL / "load-test"
PAGE = ROOT / "docs" / "engineering" / "sending.md"
FIGURES = PAGE.with_suffix(".json")
TOTALS = Size(destinations=100, hanging=0, senders=3, per_second=5, seconds=60, burst=10_000, limit=1_800)
FAIRNESS = Size(destinations=1_000, hanging=50, senders=3, per_second=5, seconds=60, burst=0, limit=600)
QUICK = (
    replace(TOTALS, destinations=5, seconds=5, burst=100, limit=60),
    replace(FAIRNESS, destinations=10, hanging=2, seconds=5, limit=60),
)


def main() -> int:
    """Run both, write the page, and return 0 only if the totals hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.destinations", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small runs, and no page")
    parser.add_argument("--events", type=int, default=TOTALS.burst, help="how many are sent as fast as possible")
    given = parser.parse_args()
    first, second = QUICK if given.quick else (replace(TOTALS, burst=given.events), FAIRNESS)
    try:
        with step("Building the functions") as detail:
            stack.build(on_line=detail)
        totals, fairness = run(DIRECTORY / "totals", first), run(DIRECTORY / "fairness", second)
    except LaptopError as error:
        say(str(error), style="red")
        return error.exit_code
    if not given.quick:
        found = figures(totals, fairness)
        FIGURES.write_text(json.dumps(found, indent=2) + "\n")
        PAGE.write_text(written(found))
        say(f"{shown(PAGE)} and {shown(FIGURES)} are written.")
    return 1 if _report(totals) + _report(fairness) else 0


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
