"""`make destination` and `make replay TO=`, run against a deployed stack: what the commands ask is what it understands.

Nothing is at the address, so nothing leaves this machine; tests/integration/test_destinations.py has receivers.
"""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devtools.local import ROOT
from devtools.stack import Stack
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.integration.commanding import COLUMNS, environment_of
from tests.integration.delivering import Deliver

NOWHERE = "https://receiver.invalid/hooks/0123456789abcdef"

type Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def call(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Call:
    """Run a command about the stack, with the address in its environment as the Makefile has it."""
    environment = environment_of(stack, tmp_path_factory.mktemp("home"))

    def run(command: str, *arguments: str, url: str = "", code: int | None = 0) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "devtools", command, "--stack", stack.name, *arguments]
        ended = subprocess.run(  # noqa: S603 - our own command
            words,
            cwd=ROOT,
            env=environment | {"DESTINATION_URL": url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert code in {None, ended.returncode}, ended.stdout + ended.stderr
        assert "0123456789abcdef" not in ended.stdout + ended.stderr
        assert max(map(len, ended.stdout.splitlines()), default=0) <= COLUMNS or ended.stdout.startswith(("{", "["))
        return ended

    return run


@pytest.fixture(scope="module")
def name(call: Call) -> Iterator[str]:
    """A destination for parked calls at which nothing listens."""
    name = f"parking-{uuid.uuid4().hex[:8]}"
    added = call("destination", "--add", name, "--hooks", "parking", url=NOWHERE, code=1)
    assert f"{name} gets parking at https://receiver.invalid/…" in added.stdout
    assert "whsec_" in added.stdout
    assert "Test failed after " in added.stdout
    assert f"make destination EDIT={name}" in added.stdout
    yield name
    assert f"{name} is removed." in call("destination", "--remove", name).stdout
    assert "There is no destination" in call("destination", "--test", name, code=1).stderr


def view(call: Call, name: str) -> dict[str, Any]:
    """Return a destination as JSON."""
    found: dict[str, Any] = json.loads(call("destination", "--list", name, "--format", "json").stdout)
    return found


def test_life_of_a_destination(call: Call, name: str, deliver: Deliver) -> None:
    """It is changed, paused and shown; what is replayed to it waits; its attempts are evidence."""
    call("destination", "--edit", name, "--quiet", "SAT-SUN", "--rate", "5")
    call("destination", "--pause", name)
    changed = view(call, name)
    assert changed["state"] == "paused"
    assert changed["filter"]["hooks"] == ["parking"]
    assert changed["filter"]["quiet"] == ["SAT-SUN"]
    assert changed["options"]["per_second"] == 5
    event_id = deliver("parking", encode_json(payload("parking"))).event_id
    counted = call("replay", "--to", name, "--since", "1h", "--dry-run", "1").stdout
    assert f"{name} is to get " in counted
    assert "Without DRY_RUN=1" in counted
    replayed = call("replay", "--to", name, "--since", "1h", "--hook", "parking").stdout
    assert f"the way to {name}." in replayed
    assert view(call, name)["backlog"] >= 1
    assert "on the way" in call("destination", "--resend", name, "--id", event_id).stdout
    shown = call("destination", "--attempts", name, "--format", "json").stdout.splitlines()
    assert sum(json.loads(attempt)["is_test"] for attempt in shown) == 1  # events of other tests may have come before
    assert "test" in call("destination", "--attempts", name).stdout


def test_screens(call: Call, name: str) -> None:
    """Destinations are listed, and in the status of the stack."""
    assert name[:12] in call("destination").stdout
    status = call("status", "--format", "json", code=None).stdout  # what other tests do may need attention
    assert name in {each["name"] for each in json.loads(status)["destinations"]}
