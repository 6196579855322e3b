"""`make up` and `make down`: a stack that is left running, and how other tools find it."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devtools import dash, emulator, stack
from devtools.emulator import FROM_HERE, Reach
from devtools.errors import LaptopError
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY, LOCAL, REGION, STACK_FILE
from devtools.processes import Recorded, let_go, shown
from devtools.samlocal import docker as containers
from devtools.samlocal import files
from devtools.screen import say, step
from devtools.stack import Stack
from hookswitch.dash.hooks import HOOKS

DIRECTORY = LOCAL / "up"
RECORD = LOCAL / "up.json"
NAMES = ("emulator", "dash")


@dataclass(frozen=True)
class Up:
    """What `make up` started."""

    port: int
    processes: dict[str, Recorded]
    reach: Reach = FROM_HERE

    @property
    def endpoint(self) -> str:
        """The emulator's address for programs of this machine."""
        return emulator.endpoint(self.port, self.reach.here)

    @classmethod
    def load(cls) -> "Up | None":
        """Return what is recorded, unless nothing of it runs any more."""
        if not RECORD.exists():
            return None
        document = json.loads(RECORD.read_text())
        processes = {name: Recorded(**process) for name, process in document["processes"].items()}
        up = cls(document["port"], processes, Reach(**document.get("reach", {})))
        return up if any(process.is_running() for process in processes.values()) else None

    def is_complete(self) -> bool:
        """Tell whether both of its processes run."""
        return len(self.processes) == len(NAMES) and all(it.is_running() for it in self.processes.values())

    def start(self) -> None:
        """Start emulator and Dash, each recorded at once so that `make down` ends it whatever happens."""
        with step(f"Starting the emulator on port {self.port}"):
            self._record("emulator", emulator.launch(self.port, DIRECTORY, reach=self.reach).process.pid)
        with step(f"Starting the simulated Dash on port {dash_port(self.port)}"):
            self._record("dash", dash.launch(dash_port(self.port), self.endpoint, DIRECTORY).pid)

    def end(self) -> None:
        """End all of it, see that the ports are free again, and forget it."""
        for process in self.processes.values():
            process.end()
        emulator.wait_until_free(self.port, self.reach.bind)
        emulator.wait_until_free(dash_port(self.port))
        emulator.tidy(DIRECTORY)
        for file in (STACK_FILE, RECORD):
            file.unlink(missing_ok=True)

    def _record(self, name: str, pid: int) -> None:
        self.processes[name] = Recorded.of(pid)
        write(RECORD, asdict(self))


def dash_port(port: int) -> int:
    """Return the simulated Dash's port beside the emulator's."""
    return port + 1


def up(port: int, *, for_containers: bool = False) -> None:
    """Build and deploy, start what does not run yet, and write the stack file.

    If it is up already it is brought up to date: built again and deployed as an update, which keeps its data.

    Args:
        port: Where the emulator listens.
        for_containers: Let containers reach it, and write what `sam local` needs.

    Raises:
        LaptopError: It can't be done.
    """
    running = Up.load()
    if running and running.port != port:
        raise LaptopError(
            f"A stack is up on port {running.port}. "
            f"`make up PORT={running.port}` brings it up to date, `make down` ends it."
        )
    reach = containers.reach_with_image() if for_containers else FROM_HERE
    if running and for_containers and not running.reach.container:
        raise LaptopError("A stack is up that containers can't reach. End it with `make down` first.")
    if running is None:
        emulator.require_free(port, dash_port(port))
        emulator.require_free(port, address=reach.bind)
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with step("Building the functions") as detail:
        stack.build(on_line=detail)
    with ExitStack() as undo:
        if running is None or not running.is_complete():
            if running:
                running.end()
            running = Up(port, {}, reach)
            undo.callback(running.end)
            running.start()
        with step("Deploying the stack") as detail:
            dash_url = f"{emulator.endpoint(dash_port(port))}/v2"
            deployed = stack.deploy(running.endpoint, overrides={"DashApiUrl": dash_url}, on_line=detail)
        write_stack_file(deployed, dash_url)
        if running.reach.container:
            with step("Making what `sam local` needs") as detail:
                built = files.build(DIRECTORY, detail)
                files.write(deployed, emulator.endpoint(port, running.reach.container), built)
        undo.pop_all()
    for process in running.processes.values():
        let_go(process.pid)
    say(
        f"Up. {shown(STACK_FILE)} says where everything is. Send an event with `make fire HOOK=missed_call`, "
        "end it with `make down`."
    )


def down() -> None:
    """End what `up` started, if it still runs."""
    running = Up.load()
    if running is None:
        for file in (STACK_FILE, RECORD):
            file.unlink(missing_ok=True)
        say("Nothing is up.")
        return
    with step("Ending the stack"):
        running.end()
    say("Down.")


def write_stack_file(deployed: Stack, dash_api_url: str) -> None:
    """Tell other tools where everything is."""
    document = {
        "aws_endpoint": deployed.endpoint,
        "region": REGION,
        "stack_name": deployed.name,
        "outputs": dict(deployed.outputs),
        "hooks": {hook: deployed.url(hook) for hook in HOOKS},
        "dash": {"api_url": dash_api_url, "account_id": DASH_ACCOUNT_ID, "api_key": DASH_API_KEY},
    }
    write(STACK_FILE, document)


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file in one go: whoever reads it meanwhile gets the old or the new one whole."""
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(document, indent=2) + "\n")
    temporary.replace(path)
