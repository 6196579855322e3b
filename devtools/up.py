"""`make up` and `make down`: a stack that stays up, and how other tools find it."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devtools import dash, emulator, stack
from devtools.console import local_users
from devtools.emulator import FROM_HERE, Reach
from devtools.errors import LaptopError
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY, LOCAL, REGION, STACK_FILE
from devtools.processes import Recorded, let_go, shown
from devtools.samlocal import files
from devtools.screen import say, step
from devtools.stack import Stack
from hookswitch.dash.hooks import HOOKS

DIRECTORY = LOCAL / "up"
RECORD = LOCAL / "up.json"
NAMES = ("emulator", "dash")
RECEIVERS = "localhost:8080"


@dataclass(frozen=True)
class Up:
    """What `make up` started."""

    port: int
    processes: dict[str, Recorded]
    reach: Reach = FROM_HERE

    @property
    def endpoint(self) -> str:
        """The emulator's address for programs on this machine."""
        return emulator.endpoint(self.port, self.reach.here)

    @classmethod
    def load(cls) -> "Up | None":
        """Return what is recorded, unless none of it is running."""
        if not RECORD.exists():
            return None
        document = json.loads(RECORD.read_text())
        processes = {name: Recorded(**process) for name, process in document["processes"].items()}
        up = cls(document["port"], processes, Reach(**document.get("reach", {})))
        return up if any(process.is_running() for process in processes.values()) else None

    def is_complete(self) -> bool:
        """Return whether both of its processes are running."""
        return len(self.processes) == len(NAMES) and all(it.is_running() for it in self.processes.values())

    def start(self) -> None:
        """Start emulator and Dash, and record each at once, so that `make down` can stop it."""
        with step(f"Starting the emulator on port {self.port}"):
            self._record("emulator", emulator.launch(self.port, DIRECTORY, reach=self.reach).process.pid)
        with step(f"Starting the simulated Dash on port {dash_port(self.port)}"):
            self._record("dash", dash.launch(dash_port(self.port), self.endpoint, DIRECTORY).pid)

    def end(self) -> None:
        """Stop everything, wait until the ports are free again, and delete the record."""
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
    """Return the port of the simulated Dash: the one after the emulator's."""
    return port + 1


def up(port: int, *, receivers: str = RECEIVERS, for_containers: bool = False) -> None:
    """Build and deploy, start what is not running yet, and write the stack file.

    If a stack is up already, it is built again and updated, and keeps its data.

    Args:
        port: Port of the emulator.
        receivers: Each `host:port` of this machine that may be a destination, with commas between.
        for_containers: Let containers reach it, and write what `sam local` needs.

    Raises:
        LaptopError: A port is in use, or the build or the deployment failed.
    """
    running = Up.load()
    if running and running.port != port:
        raise LaptopError(
            f"A stack is up on port {running.port}. `make up PORT={running.port}` updates it, `make down` stops it."
        )
    reach = _reach_of_containers() if for_containers else FROM_HERE
    if running and for_containers and not running.reach.container:
        raise LaptopError("The stack that is up can't be reached from containers. Stop it with `make down` first.")
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
            chosen = {
                "DashApiUrl": dash_url,
                "DestinationTestHosts": receivers,
                **local_users.parameters(port),
            }
            deployed = stack.deploy(running.endpoint, overrides=chosen, on_line=detail)
            local_users.add_user(deployed)
        write_stack_file(deployed, dash_url)
        if running.reach.container:
            with step("Writing the files for `sam local`") as detail:
                built = files.build(DIRECTORY, detail)
                files.write(deployed, emulator.endpoint(port, running.reach.container), built)
        undo.pop_all()
    for process in running.processes.values():
        let_go(process.pid)
    say(
        f"Up. All addresses are in {shown(STACK_FILE)}. Send an event with `make fire HOOK=missed_call`, "
        "stop it with `make down`."
    )
    say(f"Calls: {deployed.outputs['ConsoleUrl']} (as {local_users.EMAIL}, password {local_users.PASSWORD})")


def _reach_of_containers() -> Reach:
    from devtools.samlocal import docker  # noqa: PLC0415 - most commands need no containers, and spare its import

    return docker.reach_with_image()


def down() -> None:
    """Stop what `up` started, if it is still running."""
    running = Up.load()
    if running is None:
        for file in (STACK_FILE, RECORD):
            file.unlink(missing_ok=True)
        say("Nothing is up.")
        return
    with step("Stopping the stack"):
        running.end()
    say("Down.")


def write_stack_file(deployed: Stack, dash_api_url: str) -> None:
    """Write the addresses that other tools need."""
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
    """Write a JSON file atomically."""
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(document, indent=2) + "\n")
    temporary.replace(path)
