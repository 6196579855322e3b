"""The table at the end of `make run`."""

from collections.abc import Sequence
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from devtools.outcome import Outcome, stored_once
from devtools.screen import cell
from devtools.sending import ENCODINGS, Sent
from hookswitch.dash.hooks import HOOKS

ID_DIGITS = 8


def table(sent: Sequence[Sent], found: Outcome) -> Table:
    """Return a row for each hook and encoding: what was answered, stored and published."""
    lines = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True)
    lines.add_column("hook", style="bold", no_wrap=True)
    lines.add_column("encoding", no_wrap=True)
    lines.add_column("answer", no_wrap=True)
    lines.add_column("again", no_wrap=True)
    lines.add_column("stored", justify="right", no_wrap=True)
    lines.add_column("published", justify="right", no_wrap=True)
    lines.add_column("the first item", no_wrap=True, ratio=1)
    lines.add_column("ms", justify="right", no_wrap=True)
    for hook in HOOKS:
        name = hook
        for encoding in ENCODINGS:
            events = [event for event in sent if (event.hook, event.encoding) == (hook, encoding)]
            if events:
                lines.add_row(name, encoding, *_cells(events, found))
                name = ""
    return lines


def _cells(all_events: Sequence[Sent], found: Outcome) -> list[Text]:
    events = [event for event in all_events if event.answers]
    if not events:
        unsendable = Text(f"Dash can't send it as {all_events[0].encoding}", "dim")
        return [*[Text("")] * 4, unsendable, Text("")]
    first = events[0]
    item = found.items.get(first.event_id)
    stored = sum(event.event_id in found.items for event in events)
    published = sum(found.published[event.event_id] for event in events)
    summary = f"{first.event_id[:ID_DIGITS]}  {item['summary']}" if item else "missing"
    return [
        _judged(_answers(events, 0), good=all(map(stored_once, events))),
        _judged(_answers(events, 1), good=_all(events, 1, "duplicate")),
        _judged(str(stored), good=stored == len(events)),
        _judged(str(published), good=published == len(events)),
        _judged(summary, good=item is not None),
        Text(f"{median(event.answers[0].ms for event in events):.0f}"),
    ]


def _answers(events: Sequence[Sent], delivery: int) -> str:
    """Return the answers to the first (0) or second (1) delivery, each kind once."""
    answers = [event.answers[delivery] for event in events if len(event.answers) > delivery]
    return ", ".join(dict.fromkeys(f"{answer.code or 'none'} {answer.status}".strip() for answer in answers))


def _all(events: Sequence[Sent], delivery: int, status: str) -> bool:
    return all(len(event.answers) > delivery and event.answers[delivery].status == status for event in events)


def _judged(text: str, *, good: bool) -> Text:
    return cell(text, "green" if good else "bold red")
