"""Calls the SAM CLI: `sam local invoke` once, or `sam local start-api` for as long as a block lasts."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.emulator import require_free
from devtools.errors import LaptopError
from devtools.local import REGION, ROOT
from devtools.processes import end_tree, shown, start
from devtools.samlocal.files import Files
from devtools.stack import SAM, environment
from devtools.waiting import wait_for

HOST = "127.0.0.1"
STOP_SECONDS = 90.0  # sam removes its containers one after the other
INVOKE_SECONDS = 120.0


class SamLocalError(LaptopError):
    """`sam local` failed."""


@dataclass(frozen=True)
class Invoked:
    """The result of `sam local invoke`.

    Attributes:
        answer: What the function returned; empty if it returned nothing.
        seconds: From the command to its end.
        text: All that it printed.
    """

    answer: dict[str, Any]
    seconds: float
    text: str


def invoke(files: Files, endpoint: str, logical_id: str, event: Path) -> Invoked:
    """Run a function once, in a container of its own.

    The exit code is 0 whether the function succeeds, fails or times out: only its answer tells.
    """
    command = [str(SAM), "local", "invoke", logical_id, "--event", str(event), *_options(files)]
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(endpoint),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INVOKE_SECONDS,
        check=False,
    )
    seconds = time.monotonic() - began
    return Invoked(_object(done.stdout), seconds, done.stdout + done.stderr)


@contextlib.contextmanager
def start_api(files: Files, endpoint: str, port: int, log: Path) -> Iterator[str]:
    """Serve all routes in warm containers, for as long as the block lasts.

    Yields:
        The API's address. It has no stage.

    Raises:
        PortTakenError: Something listens on the port.
        SamLocalError: It does not start.
    """
    require_free(port)
    where = ["--host", HOST, "--port", str(port)]
    command = [str(SAM), "local", "start-api", *where, "--warm-containers", "LAZY", *_options(files)]
    process = start(command, environment=environment(endpoint), log=log, cwd=ROOT)

    def listens() -> bool:
        if process.poll() is not None:
            raise SamLocalError(f"`sam local start-api` exited at once:\n{log.read_text()[-2000:]}")
        return f"Running on http://{HOST}:{port}" in log.read_text(errors="replace")

    try:
        wait_for(listens, f"`sam local start-api` listens; see {shown(log)}", limit=60)
        yield f"http://{HOST}:{port}"
    finally:
        # Asked once and given time, it removes its containers; otherwise they outlive it.
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        end_tree(process.pid)


def _options(files: Files) -> list[str]:
    template, variables = str(files.template), str(files.variables)
    # docker.require_image has pulled the base image.
    return ["--template", template, "--env-vars", variables, "--region", REGION, "--skip-pull-image"]


def _object(stdout: str) -> dict[str, Any]:
    lines = stdout.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
