"""The table at the end of `make run`."""

from collections.abc import Sequence
from statistics import median

from rich.table import Table
from rich.text import Text

from devtools.outcome import Outcome, is_complete
from devtools.screen import cropped, grid
from devtools.sending import ENCODINGS, Sent
from hookswitch.dash.hooks import HOOKS


def table(sent: Sequence[Sent], found: Outcome) -> Table:
    """Return a row for each hook: how many events went all the way in each encoding, and the first of them.

    It fits 80 columns, and uses more for the event's summary.
    """
    lines = grid()
    lines.add_column("hook", style="bold", no_wrap=True)
    for encoding in ENCODINGS:
        lines.add_column(encoding, justify="right", no_wrap=True)
    lines.add_column("ms", justify="right", no_wrap=True)
    lines.add_column("the first event")
    for hook in HOOKS:
        events = [event for event in sent if event.hook == hook]
        if events:
            lines.add_row(hook, *(_count(events, encoding, found) for encoding in ENCODINGS), *_first(events, found))
    return lines


def _count(of_hook: Sequence[Sent], encoding: str, found: Outcome) -> Text:
    """Return how many events are stored and published exactly once, and of how many if those are not all."""
    asked = [event for event in of_hook if event.encoding == encoding]
    events = [event for event in asked if event.answers]
    if not events:
        return Text("can't" if asked else "", "dim")
    whole = sum(is_complete(event, found) for event in events)
    return Text(str(whole), "green") if whole == len(events) else Text(f"{whole} of {len(events)}", "bold red")


def _first(of_hook: Sequence[Sent], found: Outcome) -> tuple[Text, Text]:
    """Return the median duration of a first delivery, and the summary of the first event."""
    events = [event for event in of_hook if event.answers]
    if not events:
        return Text(""), Text("")
    item = found.items.get(events[0].event_id)
    shown = cropped(item["summary"]) if item else Text("missing", "bold red")
    return Text(f"{median(event.answers[0].ms for event in events):.0f}"), shown
