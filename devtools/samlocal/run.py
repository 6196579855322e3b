"""`make sam-local`: every hook in the containers of `sam local`, and a table of what became of it."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from devtools import aws, emulator, stack
from devtools.dash import simulator
from devtools.local import LOCAL
from devtools.outcome import Item, read_table
from devtools.processes import shown
from devtools.samlocal import docker, files
from devtools.samlocal.cli import start_api
from devtools.samlocal.deliveries import ENCODINGS, Delivery, invoke_all, post_all, problems, problems_of
from devtools.samlocal.files import Files
from devtools.screen import cell, console, say, step
from devtools.stack import Stack
from hookswitch.dash.hooks import HOOKS
from simulator.api import DashApi

DIRECTORY = LOCAL / "sam-local"
SHOWN_PROBLEMS = 20


@dataclass(frozen=True)
class Ready:
    """What `sam local` can run against.

    Attributes:
        stack: The deployed stack, whose table, secret and queues the containers use.
        files: What `sam local` is given.
    """

    stack: Stack
    files: Files

    def items(self) -> dict[str, Item]:
        """Return the table's items by their keys."""
        items = read_table(aws.dynamodb(self.stack.endpoint), self.stack.outputs["EventsTableName"])
        return {item["event_id"]: item for item in items}


@contextlib.contextmanager
def prepared(port: int, directory: Path) -> Iterator[Ready]:
    """Build, start the emulator where containers reach it, and deploy; end all of it after the block.

    Raises:
        NoDockerError: No container can be run here.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as undo:
        client = undo.enter_context(docker.daemon())
        with step("Looking for Lambda's base image, and pulling it if necessary"):
            docker.require_image(client)
        reach = docker.reach(client)
        docker.remove_containers(client, directory)  # of a run that was killed
        emulator.require_free(port, address=reach.bind)
        with step("Building the functions") as detail:
            built = files.build(directory, detail)
        with step(f"Starting the emulator on port {port} of {reach.bind}"):
            emulated = undo.enter_context(emulator.running(port, directory, reach=reach))
        api = undo.enter_context(DashApi(simulator(emulated.endpoint)))
        with step("Deploying the stack: its table, secret and queues") as detail:
            overrides = {"DashApiUrl": api.url}
            deployed = stack.deploy(emulated.endpoint, overrides=overrides, template=built, on_line=detail)
        undo.callback(docker.remove_containers, client, directory)
        yield Ready(deployed, files.write(deployed, emulator.endpoint(port, reach.container), built))


def run(port: int, api_port: int) -> bool:
    """Post to `sam local start-api`, run `sam local invoke`, and return whether every hook worked."""
    began = time.monotonic()
    log = DIRECTORY / "start-api.log"
    emulator.require_free(api_port)
    with prepared(port, DIRECTORY) as ready:
        endpoint = ready.stack.endpoint
        with contextlib.ExitStack() as serving:
            with step(f"Starting `sam local start-api` on port {api_port}"):
                base_url = serving.enter_context(start_api(ready.files, endpoint, api_port, log))
            with step("Sending one event of each hook in each encoding") as detail:
                posted = list(post_all(base_url, ready.stack, detail))
            with step("Stopping `sam local start-api` and its containers"):
                serving.close()
        with step("Running `sam local invoke` with the files of events/") as detail:
            invoked = invoke_all(ready.files, endpoint, detail)
        items = ready.items()
    console.print(_table(posted, invoked, items))
    wrong = problems([*posted, *invoked], items)
    for problem in wrong[:SHOWN_PROBLEMS]:
        say(f"✗ {problem}", style="red")
    whole = [hook for hook in HOOKS if _is_complete(hook, posted, invoked, items)]
    say(
        f"{len(whole)} of {len(HOOKS)} hooks answered and stored in `sam local`, "
        f"in {time.monotonic() - began:.0f} seconds. Its log is {shown(log)}.",
        style="bold green" if len(whole) == len(HOOKS) else "bold red",
    )
    return not wrong and len(whole) == len(HOOKS)


def _is_complete(hook: str, posted: Sequence[Delivery], invoked: Sequence[Delivery], items: dict[str, Item]) -> bool:
    """Return whether a hook answered in both commands, at least once each, and nothing is wrong with it."""
    return all(
        any(it.answer for it in part if it.hook == hook)
        and not any(problems_of(it, items) for it in part if it.hook == hook)
        for part in (posted, invoked)
    )


def _table(posted: Sequence[Delivery], invoked: Sequence[Delivery], items: dict[str, Item]) -> Table:
    lines = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True)
    lines.add_column("hook", style="bold", no_wrap=True)
    lines.add_column("sent by", no_wrap=True)
    lines.add_column("answer", no_wrap=True)
    lines.add_column("the item", no_wrap=True, ratio=1)
    lines.add_column("ms", justify="right", no_wrap=True)
    for hook in HOOKS:
        name = hook
        for delivery in [it for it in (*posted, *invoked) if it.hook == hook]:
            lines.add_row(name, _way(delivery), *_cells(delivery, items))
            name = ""
    return lines


def _way(delivery: Delivery) -> str:
    return delivery.way if delivery.way in ENCODINGS else f"invoke -e {delivery.way}"


def _cells(delivery: Delivery, items: dict[str, Item]) -> list[Text]:
    answer = delivery.answer
    if answer is None:
        return [Text(""), Text(f"Dash can't send it by {delivery.way}", "dim"), Text("")]
    style = "bold red" if problems_of(delivery, items) else "green"
    item = items.get(answer.event_id)
    return [
        cell(f"{answer.code or 'none'} {answer.status}", style),
        cell(item["summary"] if item else "missing", style),
        Text(f"{answer.ms:.0f}"),
    ]
