"""What a person sees: a line that moves on a terminal, plain lines elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console

PLAIN_WIDTH = 140  # columns of a table that goes to a file or a log

console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=PLAIN_WIDTH)

type Detail = Callable[[str], None]


def say(text: str, style: str = "") -> None:
    """Print a sentence, in one line however long it is: the terminal folds it, a log keeps it whole."""
    console.print(text, style=style, markup=False, soft_wrap=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[Detail]:
    """Show that something is under way, and in the end how long it took.

    Yields:
        A function that shows what it is doing at the moment (on a terminal only).
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
    return " ".join(text.split()).replace("[", "(").replace("]", ")")
