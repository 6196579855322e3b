"""`python -m bench`: measures all parts, prints the page, and writes docs/engineering/performance.md and .json."""

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import end_to_end, page, rie, ringing, subjects
from bench.cpu_share import share_of_a_core
from bench.local import AUTHORITIES, BUILD, HERE, WITH_BYTECODE
from bench.measure import Costs, measure, stub
from bench.page import Measured
from bench.quotas import DYNAMODB_WAIT, FULL_CORE
from bench.subjects import Subject
from bench.tls import certified
from devtools import machine
from hookswitch.dash.hooks import HOOKS

MEMORY_SIZES = (128, 256, 512, 1024)
SECURED_PEERS = (subjects.BARE, subjects.USUAL_COMPILED)
CALLS = 200  # that ring
QUICK_HOOKS = ("missed_call", "channel_destroy", "parking")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--page", action="store_true", help="only write the page, from the committed figures")
    parser.add_argument("--quick", action="store_true", help="three hooks and few runs, without writing to docs/")
    parser.add_argument("--ringing", action="store_true", help="only measure how fast calls are told")
    arguments = parser.parse_args()
    if arguments.page:
        page.write(page.committed())
        return
    if arguments.ringing:
        page.write(page.committed() | {"ringing": ringing.summarize(ringing.clock(CALLS))})
        return
    _say("Building and installing.")
    subjects.prepare()
    summary = page.summarize(_measured(quick=arguments.quick))
    if not arguments.quick:
        page.write(summary)
    print(page.document(summary))


def _measured(*, quick: bool) -> Measured:
    rounds, calls = (5, 100) if quick else (20, 120)
    wanted = QUICK_HOOKS if quick else HOOKS
    hooks = [subject for subject in subjects.hooks() if subject.name in wanted]
    built = {subjects.AS_BUILT.format(hook) for hook in wanted}
    plain = [subject for subject in subjects.hooks(BUILD, subjects.AS_BUILT) if subject.name in built]
    copied = {hook: subjects.FROM_SNAPSHOT.format(hook) for hook in wanted}
    copies = [subject for subject in subjects.copies() if subject.name in copied.values()]
    peers = subjects.peers()
    with stub() as endpoint:
        everything = [*hooks, *plain, *copies, *peers]
        costs = measure(everything, endpoint, rounds, calls, lambda at: _say(f"Cold and warm: {at} of {rounds}"))
        publishing = measure(
            subjects.publishers(), endpoint, 3 if quick else 10, 40, lambda at: _say(f"Publishing: {at}")
        )
        emulated = _emulated([*hooks, *(peer for peer in peers if peer.name != subjects.FLOOR)], endpoint, quick=quick)
    secured = _secured([*hooks, *(peer for peer in peers if peer.name in SECURED_PEERS)], rounds, calls=10)
    slowest = max(hooks, key=lambda hook: statistics.median(costs[hook.name].cold_cpu))
    sized = _sized(slowest, 2 if quick else 10)
    _say("End to end on the emulator.")
    return Measured(
        machine=machine.described(),
        cold_starts=rounds,
        warm_calls=rounds * calls,
        costs=costs,
        publishing=publishing,
        zips=(_largest_zip(WITH_BYTECODE), _largest_zip(BUILD)),
        emulated=emulated,
        end_to_end=end_to_end.clock(100 if quick else 500),
        ringing=ringing.clock(20 if quick else CALLS),
        restored={hook: costs[name] for hook, name in copied.items()},
        secured=secured,
        sized=sized,
    )


def _largest_zip(build: Path) -> int:
    return max(subjects.package_size(hook, build) for hook in HOOKS)


def _secured(chosen: Sequence[Subject], rounds: int, calls: int) -> dict[str, Costs]:
    """Return the costs of subjects with AWS over TLS."""
    certificate, authorities = certified(HERE, AUTHORITIES)
    trusting = {subject.name: subjects.trusting(subject, authorities) for subject in chosen}
    with stub(certificate=certificate) as endpoint:
        found = measure(
            list(trusting.values()), endpoint, rounds, calls, lambda at: _say(f"With TLS: {at} of {rounds}")
        )
    return {name: found[subject.name] for name, subject in trusting.items()}


def _sized(subject: Subject, rounds: int) -> Mapping[int, Costs]:
    """Return the costs of a subject at each memory size, with its share of a core and a realistic delay of AWS."""
    with ExitStack() as undo:
        groups = {size: undo.enter_context(share_of_a_core(size / FULL_CORE)) for size in MEMORY_SIZES}
        if None in groups.values():
            _say("Skipping memory sizes: the kernel does not allow CPU quotas here.")
            return {}
        limited = {size: replace(subject, name=f"{size} MB", group=group) for size, group in groups.items()}
        endpoint = undo.enter_context(stub(DYNAMODB_WAIT))
        found = measure(
            list(limited.values()), endpoint, rounds, 60, lambda at: _say(f"Memory sizes: {at} of {rounds}")
        )
    return {size: found[limited[size].name] for size in MEMORY_SIZES}


def _emulated(chosen: list[subjects.Subject], endpoint: str, *, quick: bool) -> dict[str, tuple[float, float, float]]:
    """Return the medians of start, first response and later responses under the Runtime Interface Emulator."""
    program = rie.emulator()
    if not program:
        _say("Skipping the Runtime Interface Emulator: the SAM CLI has none for this architecture.")
        return {}
    found: dict[str, list[rie.Invoked]] = {subject.name: [] for subject in chosen}
    for number in range(2 if quick else 7):
        _say(f"Under the Runtime Interface Emulator: {number + 1}")
        for subject in chosen:
            found[subject.name].append(rie.invoke(program, subject, endpoint, 10 if quick else 50))
    return {name: _medians(runs) for name, runs in found.items()}


def _medians(runs: list[rie.Invoked]) -> tuple[float, float, float]:
    return (
        statistics.median(run.init for run in runs),
        statistics.median(run.first for run in runs),
        statistics.median(call for run in runs for call in run.warm),
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
