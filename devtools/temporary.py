"""A temporary stack on an emulator of its own."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devtools import emulator, stack
from devtools.console import local_users
from devtools.dash import simulator
from devtools.stack import Stack
from simulator.api import DashApi


def deploy_by_sam(endpoint: str, overrides: Mapping[str, str]) -> Stack:
    """Deploy the last build with `sam deploy`, which packages it first.

    Raises:
        StackError: It can't be deployed.
    """
    return stack.deploy(endpoint, overrides=overrides)


@contextmanager
def temporary_stack(
    directory: Path,
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    console: bool = False,
    deploy: Callable[[str, Mapping[str, str]], Stack] = deploy_by_sam,
) -> Iterator[Stack]:
    """Deploy the last build, with all hooks, for as long as the block lasts.

    Args:
        directory: For the emulator's log and temporary files.
        overrides: Template parameters that differ from those of `local.parameters`.
        environment: More variables for the functions.
        console: Whether it has the console.
        deploy: Deploys, given the emulator's address and the parameters; tests share one package.

    Raises:
        LaptopError: The deployment failed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (
        emulator.running(emulator.free_port(), directory, environment) as running,
        DashApi(simulator(running.endpoint)) as api,
    ):
        page = local_users.parameters(running.port) if console else {}
        given = {"DashApiUrl": api.url, "ReconcileRate": "off", **page, **(overrides or {})}
        yield deploy(running.endpoint, given)
