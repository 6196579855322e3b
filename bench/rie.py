"""The second part: functions under Lambda's Runtime Interface Emulator, if the SAM CLI has one to run here."""

import contextlib
import http.client
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.local import HERE, LOCAL, PYTHON, RUNTIME_CLIENT, environment
from bench.subjects import Subject
from devtools.emulator import ADDRESS, free_port
from devtools.local import architecture
from devtools.processes import end_tree

LIMIT = 30.0
_INIT = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)")


@dataclass(frozen=True)
class Invoked:
    """Seconds of a function's start, its first response, and later responses."""

    init: float
    first: float
    warm: list[float]


def emulator() -> Path | None:
    """Return the emulator's path, if it exists."""
    name = f"aws-lambda-rie-{architecture()}"
    return next(iter((LOCAL / "sam").glob(f"lib/python3*/site-packages/samcli/local/rapid/{name}")), None)


def invoke(program: Path, subject: Subject, endpoint: str, calls: int) -> Invoked:
    """Start a function under the emulator and call it, one call at a time: concurrent calls would crash it."""
    log = HERE / "rie.log"
    with _running(program, subject, endpoint, log) as port:
        times = [_call(port, subject) for _ in range(calls + 1)]
    found = _INIT.search(log.read_text(encoding="utf-8", errors="replace"))
    return Invoked(float(found[1]) / 1000 if found else float("nan"), times[0], times[1:])


@contextlib.contextmanager
def _running(program: Path, subject: Subject, endpoint: str, log: Path) -> Iterator[int]:
    port, api = free_port(), free_port()
    path: Sequence[Path] = (*subject.path, RUNTIME_CLIENT)
    variables = {
        **environment(endpoint),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "25",
        "LAMBDA_TASK_ROOT": str(subject.path[0]),
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }
    addresses = ["--runtime-interface-emulator-address", f"{ADDRESS}:{port}", "--runtime-api-address"]
    # -S excludes the packages of the development environment.
    command: list[str | Path] = [
        program,
        *addresses,
        f"{ADDRESS}:{api}",
        PYTHON,
        "-S",
        "-m",
        "awslambdaric",
        "handler.handler",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=variables,
            cwd=subject.path[0],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(port)
        yield port
    finally:
        end_tree(process.pid)
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(ADDRESS, port, timeout=1)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.connect()
            return
        time.sleep(0.01)
    raise SystemExit("The Runtime Interface Emulator does not respond.")


def _call(port: int, subject: Subject) -> float:
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=LIMIT)
    with contextlib.closing(connection):
        began = time.perf_counter()
        connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(subject.event))
        answer = json.loads(connection.getresponse().read())
        took = time.perf_counter() - began
    if answer.get("statusCode") != 200:  # noqa: PLR2004 - success
        raise SystemExit(f"{subject.name} answered {answer} under the Runtime Interface Emulator.")
    return took
