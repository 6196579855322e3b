"""The stack on an emulator that containers reach, and `sam local start-api` in front of it, made once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devtools.emulator import free_port
from devtools.local import LOCAL
from devtools.samlocal.cli import start_api
from devtools.samlocal.docker import NoDockerError
from devtools.samlocal.run import Ready, prepared

HERE = Path(__file__).parent
DIRECTORY = LOCAL / "sam-local-tests"


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, so that `-m "not docker"` leaves them out; one process runs them all."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.xdist_group("sam_local"))


@pytest.fixture(scope="session")
def ready() -> Iterator[Ready]:
    """What `sam local` runs against; skips where no container can be run."""
    with ExitStack() as undo:
        try:
            made = undo.enter_context(prepared(free_port(), DIRECTORY))
        except NoDockerError as error:
            pytest.skip(str(error))
        yield made


@pytest.fixture(scope="session")
def base_url(ready: Ready) -> Iterator[str]:
    """The address of `sam local start-api`, whose containers stay warm."""
    log = DIRECTORY / "start-api.log"
    with start_api(ready.files, ready.stack.endpoint, free_port(), log) as address:
        yield address
