"""`make load`: the long mode, on a stack of its own."""

import argparse
import json
import sys

from devtools import stack
from devtools.errors import LaptopError
from devtools.local import LOCAL, ROOT
from devtools.processes import shown
from devtools.screen import say, step
from devtools.temporary import temporary_stack
from tests.load.day import Size
from tests.load.page import figures, written
from tests.load.people_page import figures as people_figures
from tests.load.people_page import problems as problems_of
from tests.load.run import OVERRIDES, Run, run_day

DIRECTORY = LOCAL / "load-test"
PAGE = ROOT / "docs" / "engineering" / "load.md"
FIGURES = ROOT / "docs" / "engineering" / "load.json"
FULL = Size(accounts=1000, calls=600, seconds=180, senders=24)
QUICK = Size(accounts=12, calls=20, seconds=4, senders=6, seed=7)
PEOPLE, FEW = 50, 5  # who look at the console meanwhile; with --quick


def main() -> int:
    """Run the day, write the page, and return 0 only if the totals hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small day, and no page")
    quick: bool = parser.parse_args().quick
    size = QUICK if quick else FULL
    try:
        with step("Building the functions") as detail:
            stack.build(on_line=detail)
        with temporary_stack(DIRECTORY, OVERRIDES, console=True) as deployed:
            say(f"Sending a day of {size.accounts:,} accounts in {size.seconds / 60:.1f} minutes or more.")
            done = run_day(deployed, DIRECTORY, size, FEW if quick else PEOPLE)
            if not quick:
                _write(done)
    except LaptopError as error:
        say(str(error), style="red")
        return error.exit_code
    totals = done.totals
    say(
        f"{totals.events:,} events sent in {totals.deliveries:,} deliveries over {totals.connections:,} connections, "
        f"{totals.stored:,} stored, {totals.published:,} published, in {done.sending + done.draining:.0f} seconds."
    )
    calls = done.calls
    say(
        f"{calls.calls:,} calls, {calls.records:,} records, {sum(calls.right.values()):,} of "
        f"{sum(calls.kinds.values()):,} as expected, in {calls.messages:,} messages."
    )
    _say_what_people_got(done)
    problems = [*totals.problems, *calls.problems, *(problems_of(done.audience) if done.audience else ())]
    for problem in problems:
        say(f"✗ {problem}", style="red")
    return 1 if problems else 0


def _say_what_people_got(done: Run) -> None:
    if done.audience:
        found = people_figures(done.audience, done.answers)
        for what, of in found["looks"].items():
            say(f"{what:8} {of['statuses']}, p50 {of['p50']:.0f} ms, p99 {of['p99']:.0f} ms")
        for which, of in found["deliveries"].items():
            say(f"Deliveries {which} people: {of['number']:,}, p50 {of['p50']:.0f} ms, p99 {of['p99']:.0f} ms")


def _write(done: Run) -> None:
    """Write the figures and the page, whatever they say."""
    found = figures(done)
    FIGURES.write_text(json.dumps(found, indent=2) + "\n")
    PAGE.write_text(written(found))
    say(f"{shown(PAGE)} and {shown(FIGURES)} are written; `make scale` takes the log's bytes from them.")


if __name__ == "__main__":
    sys.exit(main())
