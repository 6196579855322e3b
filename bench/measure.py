"""Measures each subject in new processes, taking turns, so that other load on the machine affects all subjects."""

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.local import PYTHON, ROOT, environment, environment_of_a_copy
from bench.stub import ADDRESS
from bench.subjects import Subject

LIMIT = 120  # seconds, the timeout of one process
WARM_UP = 10  # calls after the first that do not count as warm


@dataclass
class Costs:
    """The costs of one subject in all runs, in seconds and bytes; a snapshot's cold start begins at the restore."""

    cold_cpu: list[float] = field(default_factory=list)
    cold_wall: list[float] = field(default_factory=list)
    import_cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    warm_cpu: list[float] = field(default_factory=list)
    warm_wall: list[float] = field(default_factory=list)
    modules: int = 0


@contextlib.contextmanager
def stub(wait: float = 0, certificate: Path | None = None) -> Iterator[str]:
    """Run the stub of AWS within the block, and yield its address.

    Args:
        wait: The delay of each response, in seconds.
        certificate: The file with its TLS certificate and key; None for plain HTTP.
    """
    scheme = "https" if certificate else "http"
    command = [sys.executable, "-m", "bench.stub", "--wait", f"{wait}"]
    command += ["--certificate", str(certificate)] if certificate else []
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin  # noqa: S101 - tells the type checker
        assert process.stdout  # noqa: S101 - as above
        try:
            yield f"{scheme}://{ADDRESS}:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()  # tells it to exit


def measure(
    subjects: Sequence[Subject], endpoint: str, rounds: int, calls: int, on_round: Callable[[int], None]
) -> dict[str, Costs]:
    """Start each subject `rounds` times, and call it `calls` times after each start.

    Args:
        subjects: The subjects to measure.
        endpoint: The stub's address.
        rounds: Cold starts per subject.
        calls: Warm calls after each cold start.
        on_round: Called with the number of each round.
    """
    found = {subject.name: Costs() for subject in subjects}
    for number in range(-1, rounds):  # the first round only warms the file cache
        on_round(number + 1)
        for subject in random.sample(subjects, len(subjects)):
            _add(found[subject.name], subject, endpoint, calls if number >= 0 else 0, counts=number >= 0)
    return found


def _join(group: Path) -> None:
    group.write_text(f"{os.getpid()}", encoding="ascii")


def _add(costs: Costs, subject: Subject, endpoint: str, calls: int, *, counts: bool) -> None:
    reading, writing = os.pipe()
    task = {
        "path": [str(folder) for folder in subject.path],
        "event": subject.event,
        "expect": subject.expect,
        "seconds": subject.seconds,
        "calls": calls + WARM_UP if counts else 0,
        "snapshot": subject.snapshot,
        "pipe": writing,
        "started": time.monotonic(),  # the same clock in all processes
    }
    with os.fdopen(reading) as pipe:
        process = subprocess.Popen(
            [PYTHON, "-I", "-S", "-B", ROOT / "bench" / "probe.py"],
            env={**(environment_of_a_copy if subject.snapshot else environment)(endpoint), **subject.variables},
            cwd=subject.path[0],  # as on Lambda
            preexec_fn=partial(_join, subject.group) if subject.group else None,  # noqa: PLW1509 - there is only one thread
            pass_fds=[writing],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # its log lines
        )
        os.close(writing)
        assert process.stdin  # noqa: S101 - tells the type checker
        with process.stdin as stdin:
            stdin.write(json.dumps(task).encode())
        text = pipe.read()
        if process.wait(LIMIT):
            raise SystemExit(f"{subject.name} failed.")
    if counts:
        ran = json.loads(text)
        costs.cold_cpu.append(ran["cold"]["cpu"])
        costs.cold_wall.append(ran["cold"]["wall"])
        costs.import_cpu.append(ran["cold"]["import_cpu"])
        costs.memory.append(ran["memory"])
        costs.warm_cpu += ran["cpu"][WARM_UP:]
        costs.warm_wall += ran["wall"][WARM_UP:]
        costs.modules = ran["modules"]
