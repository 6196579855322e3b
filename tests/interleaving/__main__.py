"""Runs many seeds, or one: `make interleave [SEEDS=10000] [SEED=7]`."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

os.environ |= {
    "POWERTOOLS_SERVICE_NAME": "hookswitch",
    "POWERTOOLS_METRICS_NAMESPACE": "Hookswitch",
    "METRICS": "core",
}

from tests.interleaving.run import Outcome, run

CHUNK = 25


def main() -> int:
    """Run, print what was found, and return how many seeds broke the promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="run this one only, and print its trace")
    given = parser.parse_args()
    if given.seed is not None:
        outcome = run(given.seed)
        sys.stdout.write("\n".join([*outcome.trace, *outcome.faults, ""]))
        return len(outcome.faults)
    return _run_many(range(given.first, given.first + given.seeds))


def _run_many(seeds: range) -> int:
    started = time.perf_counter()
    with ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(run, seeds, chunksize=CHUNK))
    broken = [outcome for outcome in outcomes if outcome.faults]
    for outcome in broken[:3]:
        sys.stdout.write(outcome.report() + "\n\n")
    sys.stdout.write(_summary(outcomes, broken, time.perf_counter() - started))
    return len(broken)


def _summary(outcomes: list[Outcome], broken: list[Outcome], seconds: float) -> str:
    events, kills = sum(outcome.events for outcome in outcomes), sum(outcome.kills for outcome in outcomes)
    steps = sum(outcome.steps for outcome in outcomes)
    found = f"SEED={', '.join(str(outcome.seed) for outcome in broken)}" if broken else "all as promised"
    return (
        f"{len(outcomes):,} interleavings of {events:,} events in {steps:,} steps, with {kills:,} kills: {found} "
        f"({len(outcomes) / seconds:.0f} a second).\n"
    )


if __name__ == "__main__":
    sys.exit(min(main(), 100))
