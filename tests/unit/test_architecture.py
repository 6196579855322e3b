"""Where things live, and in which direction they import each other: see the decision on the repository's layout."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from devtools.local import ROOT
from hookswitch.dash.hooks import HOOKS

LAYER = ROOT / "layers" / "hookswitch" / "hookswitch"
MAX_ROOMS = 17  # more than that, and nobody has them in mind
MAX_HANDLER_LINES = 50
# What each part of the repository may import besides itself.
ALLOWED: Mapping[str, frozenset[str]] = {
    "hookswitch": frozenset(),
    "functions": frozenset({"hookswitch"}),
    "simulator": frozenset({"hookswitch"}),
    "devtools": frozenset({"simulator", "hookswitch"}),
    "bench": frozenset({"devtools", "simulator", "hookswitch"}),
}
PARTS = {*ALLOWED, "tests"}
FOLDERS = {part: LAYER if part == "hookswitch" else ROOT / part for part in ALLOWED}
BEHIND_THE_HOOKS = ("calls", "console", "console", "provision", "publish", "reconcile", "redrive", "rotate", "silence")


def imported(file: Path) -> Iterator[str]:
    """Yield the full name of everything that a module imports, also inside functions and for type checkers only."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms() -> dict[str, set[str]]:
    """Return what each module or package at the layer's top level imports of the others."""
    found: dict[str, set[str]] = {}
    for file in LAYER.rglob("*.py"):
        room = file.relative_to(LAYER).with_suffix("").parts[0]
        others = (name.split(".")[1] for name in imported(file) if name.startswith("hookswitch."))
        found.setdefault(room, set()).update(other for other in others if other != room)
    del found["__init__"]
    return found


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_run_one_way(part: str) -> None:
    """The product knows nothing of the tools, and neither of them knows anything of the tests."""
    folder = FOLDERS[part]
    wrong = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in folder.rglob("*.py")
        for name in imported(file)
        if name.split(".")[0] in PARTS - {part} - ALLOWED[part]
    }
    assert not wrong


def test_no_circle_in_the_layer() -> None:
    """No two of the layer's rooms import each other, not even by way of others."""
    try:
        TopologicalSorter(rooms()).prepare()
    except CycleError as error:
        pytest.fail(f"These import each other in a circle: {' -> '.join(error.args[1])}")


def test_rooms_of_the_layer() -> None:
    """There are few enough of them to be known by heart."""
    assert len(rooms()) <= MAX_ROOMS


def test_a_folder_for_each_hook() -> None:
    """Each of Dash's hooks has a function of its own, and one more answers all other addresses."""
    folders = {file.parent.name for file in (ROOT / "functions" / "hooks").glob("*/handler.py")}
    assert folders == {*HOOKS, "unknown"}


@pytest.mark.parametrize("function", BEHIND_THE_HOOKS)
def test_handlers_are_adapters(function: str) -> None:
    """A function behind the hooks only adapts Lambda's event; what it does is in the layer, without Lambda."""
    lines = (ROOT / "functions" / function / "handler.py").read_text().splitlines()
    assert len(lines) <= MAX_HANDLER_LINES
