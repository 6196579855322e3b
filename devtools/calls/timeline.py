"""All legs of a call as a picture in text: a row each on one time axis, readable without color and at 80 columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from devtools.calls.words import HOUR, MINUTE, RESULTS, Fitting, lasting
from hookswitch.calls.parties import ways_to_name
from hookswitch.calls.record import Call, Leg
from hookswitch.calls.spans import Doing, Span, Stretch, bounds, spans

SIGNS: Mapping[Doing, tuple[str, str]] = {
    Doing.RINGING: ("·", "yellow"),
    Doing.WAITING: ("░", "cyan"),
    Doing.TALKING: ("█", "green"),
    Doing.PARKED: ("=", "magenta"),
}
GOES_ON = "▸"  # where a leg has not ended
WHO = 24  # columns for who a leg is, at most
LEAST = 10  # columns for the picture
STEPS = (
    *(1, 2, 5, 10, 15, 20, 30),
    *(MINUTE * each for each in (1, 2, 5, 10, 15, 20, 30)),
    *(HOUR * each for each in (1, 2, 3, 6, 12, 24, 48, 120, 240, 720)),
)  # seconds between two marks of the axis


class Timeline:
    """The picture of a call's legs, as wide as there is room.

    Args:
        call: The call's record.
        now: Until when a leg is drawn that has not ended.
    """

    def __init__(self, call: Call, now: datetime) -> None:
        self._call, self._now = call, now

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the axis, a row for each leg, and what the signs mean."""
        del console
        call, period = self._call, bounds(self._call, self._now)
        whos = [_who(leg) for leg in call["legs"]]
        results = [RESULTS[leg["result"]] for leg in call["legs"]]
        number = len(str(len(whos)))
        who = min(WHO, max((cell_len(ways[0]) for ways in whos), default=0))
        room = options.max_width - number - who - max(map(len, results), default=0) - 3
        width = max(room, LEAST)
        rows = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
        for columns in (number, who, width):
            rows.add_column("", width=columns, no_wrap=True)
        rows.add_column("", no_wrap=True)
        for line in axis(period, width):
            rows.add_row("", "", Text(line, "dim"), "")
        drawn = spans(call, self._now)
        for at, (leg, ways, did, result) in enumerate(zip(call["legs"], whos, drawn, results, strict=True), 1):
            picture = draw(did, period, width, goes_on=leg["result"] == "open" and call["state"] != "ended")
            rows.add_row(Text(f"{at:>{number}}"), Fitting(*ways), picture, Text(result))
        yield rows
        used = [doing for doing in Doing if any(span.doing is doing for did in drawn for span in did)]
        yield Text("   ".join(f"{SIGNS[doing][0]} {doing.value}" for doing in used), "dim")
        if call["leg_count"] > len(call["legs"]):
            yield Text(f"The record does not hold the other {call['leg_count'] - len(call['legs'])} legs.", "dim")


def draw(did: Sequence[Span], period: Stretch, width: int, *, goes_on: bool = False) -> Text:
    """Return one leg's row of the picture: a sign for each column, at least one for everything that it did."""
    if not did:
        return Text("no time is known", "dim")
    columns = [min(max(_column(span.start, period, width), 0), width - len(did) + at) for at, span in enumerate(did)]
    for at in range(1, len(columns)):
        columns[at] = max(columns[at], columns[at - 1] + 1)
    columns.append(min(max(_column(did[-1].end, period, width), columns[-1] + 1), width))
    row = Text(" " * columns[0])
    for span, (start, end) in zip(did, pairwise(columns), strict=True):
        sign, style = SIGNS[span.doing]
        row.append(sign * (end - start), style)
    if goes_on:
        row.right_crop(1)
        row.append(GOES_ON, "bold")
    return row


def axis(period: Stretch, width: int) -> list[str]:
    """Return two lines: how long the call has lasted at each mark, and the marks."""
    length = period[1] - period[0]
    step = next((step for step in STEPS if _fits(step, length, width)), STEPS[-1])
    labels, marks, at = "", "", 0
    while (column := _column(period[0] + at, period, width)) < width or not at:
        if len(labels) <= column and column + len(label(at, step)) <= width:
            labels = labels.ljust(column) + label(at, step)
        marks = marks.ljust(column, "─") + ("┬" if at else "┌")
        at += step
    return [labels, marks[:width].ljust(width, "─")]


def label(seconds: int, step: int) -> str:
    """Return how an axis with some seconds between its marks names a time since the call's beginning."""
    if step < MINUTE:
        return lasting(seconds)
    if step < HOUR:
        return f"{seconds // MINUTE} min"
    return f"{seconds // HOUR} h"


def _fits(step: int, length: float, width: int) -> bool:
    """Tell whether there is room for the label of each mark, and two columns between them."""
    last = int(length // step) * step
    return step * width >= (len(label(last, step)) + 2) * length


def _column(time: float, period: Stretch, width: int) -> int:
    length = period[1] - period[0]
    return round((time - period[0]) * width / length) if length else 0


def _who(leg: Leg) -> list[str]:
    party = leg.get("party")
    ways = ways_to_name(party)
    if ways == ["unknown"]:
        return [leg["role"]]
    return [f"{leg['role']} {way}" for way in ways]
