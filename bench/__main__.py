"""`python -m bench`: measures all parts, prints the table, and writes docs/engineering/performance.md and .svg."""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace

from bench import journey, page, rie, subjects
from bench.local import AUTHORITIES, BUILD, CHART, DOCUMENT, HERE, SUMMARY, WITH_BYTECODE
from bench.measure import Costs, measure, stub
from bench.money import DYNAMODB_WAIT, FULL_CORE, MEMORY_SIZES
from bench.page import Figures
from bench.quota import share_of_a_core
from bench.subjects import Subject
from bench.tls import certified
from devtools import machine
from hookswitch.dash.hooks import HOOKS

SECURED_PEERS = (subjects.BARE, subjects.USUAL_COMPILED)
QUICK_HOOKS = ("missed_call", "channel_destroy", "parking")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--page", action="store_true", help="write the page anew from the last run's figures")
    parser.add_argument("--quick", action="store_true", help="three hooks, few runs, nothing written to docs/")
    arguments = parser.parse_args()
    if arguments.page:
        _write(page.loaded((HERE / "figures.json").read_text(encoding="utf-8")))
        return
    _say("Building and installing.")
    subjects.prepare()
    figures = _measured(quick=arguments.quick)
    if not arguments.quick:
        (HERE / "figures.json").write_text(json.dumps(asdict(figures)), encoding="utf-8")
        _write(figures)
    print(page.document(figures))


def _write(figures: Figures) -> None:
    DOCUMENT.write_text(page.document(figures), encoding="utf-8")
    CHART.write_text(page.chart(figures), encoding="utf-8")
    SUMMARY.write_text(page.summary(figures), encoding="utf-8")


def _measured(*, quick: bool) -> Figures:
    rounds, calls = (5, 100) if quick else (20, 120)
    wanted = QUICK_HOOKS if quick else HOOKS
    hooks = [subject for subject in subjects.hooks() if subject.name in wanted]
    plain = [
        subject
        for subject in subjects.hooks(BUILD, subjects.AS_BUILT)
        if any(subject.name == subjects.AS_BUILT.format(name) for name in wanted)
    ]
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
    (HERE / "costs.json").write_text(json.dumps({name: asdict(cost) for name, cost in costs.items()}), encoding="utf-8")
    _say("The whole way on the emulator.")
    travelled = journey.travel(100 if quick else 500)
    return Figures(
        machine=machine.described(),
        rounds=rounds,
        calls=rounds * calls,
        costs=costs,
        publishing=publishing,
        sizes={hook: subjects.package_size(hook, WITH_BYTECODE) for hook in HOOKS},
        plain_sizes={hook: subjects.package_size(hook, BUILD) for hook in HOOKS},
        emulated=emulated,
        journeys=dict(travelled),
        restored={hook: costs.pop(name) for hook, name in copied.items()},
        secured=secured,
        sized=sized,
    )


def _secured(chosen: Sequence[Subject], rounds: int, calls: int) -> dict[str, Costs]:
    """Return what subjects cost with AWS by TLS."""
    certificate, authorities = certified(HERE, AUTHORITIES)
    trusting = {subject.name: subjects.trusting(subject, authorities) for subject in chosen}
    with stub(certificate=certificate) as endpoint:
        found = measure(
            list(trusting.values()), endpoint, rounds, calls, lambda at: _say(f"With TLS: {at} of {rounds}")
        )
    return {name: found[subject.name] for name, subject in trusting.items()}


def _sized(subject: Subject, rounds: int) -> Mapping[int, Costs]:
    """Return what a subject costs at each memory size, with its share of a core and an AWS that takes its time."""
    with ExitStack() as undo:
        groups = {size: undo.enter_context(share_of_a_core(size / FULL_CORE)) for size in MEMORY_SIZES}
        if None in groups.values():
            _say("The kernel lets nobody set quotas here.")
            return {}
        limited = {size: replace(subject, name=f"{size} MB", group=group) for size, group in groups.items()}
        endpoint = undo.enter_context(stub(DYNAMODB_WAIT))
        found = measure(
            list(limited.values()), endpoint, rounds, 60, lambda at: _say(f"Memory sizes: {at} of {rounds}")
        )
    return {size: found[limited[size].name] for size in MEMORY_SIZES}


def _emulated(chosen: list[subjects.Subject], endpoint: str, *, quick: bool) -> dict[str, tuple[float, float, float]]:
    """Return the medians of start, first answer and later ones under the Runtime Interface Emulator."""
    program = rie.emulator()
    if not program:
        _say("The SAM CLI has no Runtime Interface Emulator for this machine.")
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
