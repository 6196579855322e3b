"""Runs the simulated Dash's API on this machine: `python -m devtools.dash --port 4567 --endpoint http://...`."""

import argparse
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from devtools.emulator import ADDRESS, require_free
from devtools.errors import LaptopError
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY, ROOT
from devtools.processes import end_tree, shown, start
from devtools.waiting import wait_for
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.transport import emulator_resolver

if TYPE_CHECKING:
    import subprocess

CALLFLOW = {  # the main number: rings everybody, then takes a message, and reports calls that nobody answered
    "id": "9f2c61d0b7e84a35a1d4c8e6f0b3725a",
    "name": "Main number",
    "numbers": ["+15557654321"],
    "flow": {
        "module": "missed_call_alert",
        "data": {"recipients": [{"type": "email", "id": "office@example.com"}]},
        "children": {"_": {"module": "ring_group", "data": {}, "children": {"_": {"module": "voicemail", "data": {}}}}},
    },
}


def simulator(endpoint: str) -> Dash:
    """Return a Dash with the local account, whose events reach the stack on the emulator."""
    dash = Dash(resolver=emulator_resolver(endpoint))
    dash.add_account(DASH_ACCOUNT_ID, api_key=DASH_API_KEY)
    dash.callflows[DASH_ACCOUNT_ID] = [CALLFLOW]
    return dash


def launch(port: int, endpoint: str, directory: Path) -> "subprocess.Popen[bytes]":
    """Start the API as a process of its own and return when it answers.

    Raises:
        PortTakenError: The port is in use.
        LaptopError: It does not start.
    """
    require_free(port)
    log = directory / "dash.log"
    process = start(
        [sys.executable, "-m", "devtools.dash", "--port", str(port), "--endpoint", endpoint],
        environment=os.environ,
        log=log,
        cwd=ROOT,
    )

    def ready() -> bool:
        if process.poll() is not None:
            raise LaptopError(f"The simulated Dash exited at once:\n{log.read_text()[-2000:]}")
        return _answers(port)

    try:
        wait_for(ready, f"the simulated Dash answers; see {shown(log)}")
    except BaseException:
        end_tree(process.pid)
        process.wait()
        raise
    return process


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(prog="python -m devtools.dash", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--endpoint", required=True, help="the emulator's address")
    arguments = parser.parse_args()
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with DashApi(simulator(arguments.endpoint), port=arguments.port):
        ended.wait()


def _answers(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{ADDRESS}:{port}/v2/", timeout=5):
            return True
    except urllib.error.HTTPError as answer:
        answer.close()
        return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
