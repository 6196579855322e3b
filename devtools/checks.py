"""Checks of a stack and of what it needs, as a table that tells what to do about each that failed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from rich.table import Table

from devtools.screen import cell, console


class Result(Enum):
    """What a check found."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"


STYLES = {Result.GOOD: "green", Result.NOTE: "yellow", Result.BAD: "red"}


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: What was checked, in a word or two.
        result: Whether it is well; a note is for something to know or to decide.
        found: What was found, in a sentence.
        next_step: What to do about it; empty if it is well.
    """

    name: str
    result: Result
    found: str
    next_step: str = ""

    def document(self) -> dict[str, str]:
        """Return it for scripts."""
        return {
            "check": self.name,
            "result": self.result.name.lower(),
            "found": self.found,
            "next_step": self.next_step,
        }


def good(name: str, found: str) -> Check:
    """Return a check that passed."""
    return Check(name, Result.GOOD, found)


def note(name: str, found: str, next_step: str = "") -> Check:
    """Return a check that found something to know."""
    return Check(name, Result.NOTE, found, next_step)


def bad(name: str, found: str, next_step: str) -> Check:
    """Return a check that failed, with what to do next."""
    return Check(name, Result.BAD, found, next_step)


def show(checks: Iterable[Check]) -> None:
    """Print checks, each with its next step below."""
    lines = Table(box=None, show_header=False, pad_edge=False)
    for column in ("mark", "name", "found"):
        lines.add_column(column, overflow="fold", no_wrap=column != "found")
    for check in checks:
        lines.add_row(cell(check.result.value, STYLES[check.result]), cell(check.name), cell(check.found))
        if check.next_step:
            lines.add_row("", "", cell(f"→ {check.next_step}", STYLES[check.result]))
    console.print(lines)


def passed(checks: Iterable[Check]) -> bool:
    """Return whether none of the checks failed."""
    return all(check.result is not Result.BAD for check in checks)
