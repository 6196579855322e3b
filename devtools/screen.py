"""Output for people: a moving line on a terminal, plain lines elsewhere.

Webhook names, summaries and answers come from outside, so whatever could control a terminal is removed here.
"""

import contextlib
import os
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hookswitch.payloads.text import one_line

WIDTH = 80  # columns of a table that goes to a file or a log, unless COLUMNS says another
MAX_LINE = 10_000  # characters
MAX_CELL = 500  # characters of a table's cell


def _console() -> Console:
    """Return the console: as wide as the terminal, or as COLUMNS says."""
    console = Console(highlight=False)
    asked = os.environ.get("COLUMNS", "")
    return console if console.is_terminal or asked.isdecimal() else Console(highlight=False, width=WIDTH)


console = _console()

type Detail = Callable[[str], None]


def say(text: str, style: str = "") -> None:
    """Print a sentence. A terminal, or COLUMNS, wraps it between words; a log keeps it on one line, however long."""
    lines = printable(text).split("\n")
    if is_narrow():
        lines = [part for line in lines for part in _wrapped(line)]
    console.print("\n".join(lines), style=style, markup=False, soft_wrap=True)


def is_narrow() -> bool:
    """Tell whether lines have to fit a width: that of the terminal, or COLUMNS."""
    return console.is_terminal or "COLUMNS" in os.environ


def _wrapped(line: str) -> list[str]:
    """Return a line in parts that fit; an address or a path stays whole, so that it can be copied."""
    indent = " " * (len(line) - len(line.lstrip(" ")))
    parts = textwrap.wrap(
        line, max(console.width, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return parts or [""]


def printable(text: str) -> str:
    """Return lines of text without escape sequences and other characters that are not shown; indentation stays."""
    lines = text.split("\n")
    return "\n".join(" " * (len(line) - len(line.lstrip(" "))) + one_line(line, MAX_LINE) for line in lines)


def cell(text: object, style: str = "") -> Text:
    """Return a table's cell: one line in which nothing reads as markup."""
    return Text(one_line(str(text), MAX_CELL), style)


def grid(**more: Any) -> Table:
    """Return a table with a line below its header and two spaces between columns."""
    return Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), **more)


def cropped(text: object) -> Text:
    """Return a cell that is cropped with an ellipsis, in a column that gives way to the others."""
    line = cell(text)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


@contextlib.contextmanager
def step(title: str) -> Iterator[Detail]:
    """Show that something is in progress, and how long it took.

    Yields:
        A function that shows the current detail, on a terminal only.
    """
    started = time.monotonic()
    with console.status(title) as status:
        if not console.is_terminal:
            say(title)

        def detail(text: str) -> None:
            room = max(10, console.width - len(title) - 10)
            status.update(f"{title} [dim]{_plain(text)[:room]}[/dim]")

        yield detail
    if console.is_terminal:
        console.print(f"[green]✓[/green] {title} [dim]{time.monotonic() - started:.1f} s[/dim]")


def _plain(text: str) -> str:
    """Return a line of another program so that nothing in it reads as our markup."""
    return one_line(text, MAX_LINE).replace("[", "(").replace("]", ")")
