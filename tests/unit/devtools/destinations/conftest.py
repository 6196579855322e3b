"""What the tests of the commands share."""

import io
from collections.abc import Callable, Iterator

import pytest
from rich.cells import cell_len
from rich.console import Console

from devtools import screen
from devtools.destinations import commands, owing
from devtools.target import Target
from tests.unit.devtools.destinations.stack import Functions, Table, target
from tests.unit.devtools.here import in_zone

type Screen = Callable[[], str]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    """What was shown, on a screen of 80 columns in New York, of which no line is longer."""
    got = io.StringIO()
    console = Console(file=got, highlight=False, width=80)
    for module in (screen, commands, owing):
        monkeypatch.setattr(module, "console", console)
    monkeypatch.setenv("COLUMNS", "80")

    def read() -> str:
        text = got.getvalue()
        long = [line for line in text.splitlines() if cell_len(line) > 80 and " " in line.strip()]
        assert not long, long  # an address may be longer, so that it can be copied
        return text

    with in_zone("America/New_York"):
        yield read


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Functions]:
    """Have the commands find a stack, whose functions are returned."""

    def find(functions: Functions, table: Table | None = None, **parameters: str) -> Functions:
        found = target(functions, table, **parameters)
        monkeypatch.setattr(Target, "find", lambda _: found)
        return functions

    monkeypatch.setattr("devtools.functions.PAUSE", 0)
    monkeypatch.setattr(owing, "FILE", tmp_path_factory.mktemp("positions") / "replays.json")
    monkeypatch.setattr(commands, "person", lambda: None)
    return find
