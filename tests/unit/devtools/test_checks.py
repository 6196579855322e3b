"""The table of checks, at the width of a terminal."""

import pytest
from rich.console import Console

from devtools import checks
from devtools.checks import bad, good, note, passed


def test_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each next step is below what it is for, and no line is wider than the terminal."""
    console = Console(width=80, record=True)
    monkeypatch.setattr(checks, "console", console)
    long = "the answer of Dash, which goes on and on, " * 4
    checks.show([good("AWS", "account 1"), note("quota", long), bad("webhook: missed_call", long, "`make reconcile`")])
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("✓  AWS")
    assert lines[-1].strip() == "→ `make reconcile`"


def test_a_note_is_no_failure() -> None:
    """Only what failed makes an examination fail."""
    assert passed([good("a", "b"), note("c", "d")])
    assert not passed([good("a", "b"), bad("c", "d", "e")])
    assert bad("c", "d", "e").document() == {"check": "c", "result": "bad", "found": "d", "next_step": "e"}
