"""The threat model names tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

from devtools.local import ROOT
from simulator.tests.each import for_each

PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| Who,")]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(it.name for it in tree.body if isinstance(it, ast.FunctionDef) and it.name.startswith("test_"))


@for_each("row", ROWS)
def test_threat_has_its_test(row: str) -> None:
    """Each row says who and how, what prevents it, and which tests prove that: all of them exist."""
    who, what, shown = (cell.strip() for cell in row.strip("|").split("|"))
    assert who
    assert what
    named = TEST.findall(shown)
    assert ", ".join(f"`{path}::{name}`" for path, name in named) == shown
    for path, name in named:
        assert name in names_in(ROOT / path), f"{path} has no {name}."


def test_page_is_whole() -> None:
    """The page covers each of the four threats, loss, and what is not prevented."""
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert headings == ["Forge", "Replay", "Flood", "Read", "Tamper and lose", "What is not prevented"]
    assert len(ROWS) > 20
