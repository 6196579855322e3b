"""What a call's record says, in the words of the screen."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from hookswitch.calls.parties import UNKNOWN, ways_to_name
from hookswitch.calls.record import Call, Direction, LegResult, Status
from hookswitch.payloads.text import one_line

ARROWS: Mapping[Direction, str] = {"inbound": "↙", "outbound": "↗", "internal": "↔"}
MARKS: Mapping[Status, tuple[str, str]] = {  # what a status begins with, and its style
    "answered": ("✓", "green"),
    "voicemail": ("•", "yellow"),
    "missed": ("✗", "red"),
    "abandoned": ("✗", "red"),
    "busy": ("✗", "red"),
    "failed": ("✗", "red"),
}
IN_PROGRESS = ("▸", "bold cyan")
INCOMPLETE = "*"
RESULTS: Mapping[LegResult, str] = {
    "open": "in progress",
    "answered": "answered",
    "answered_elsewhere": "elsewhere",
    "no_answer": "no answer",
    "busy": "busy",
    "declined": "declined",
    "cancelled": "cancelled",
    "failed": "failed",
    "ended": "ended",
    "unknown": "unknown",
}
MINUTE, HOUR = 60, 3600
SMALLEST = 6  # columns that a cell with something to crop asks for at least


class Fitting:
    """A table's cell with several ways to say one thing, longest first: the first that fits is shown.

    The last is cropped with an ellipsis where even that does not fit; what follows it, such as a mark, is not.
    """

    def __init__(self, *ways: str, style: str = "", end: str = "") -> None:
        self._ways = [one_line(way) for way in ways] or [""]
        self._style, self._end = style, end

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return how narrow and how wide the cell can be."""
        del console
        widths = [cell_len(way + self._end) for way in self._ways]
        return Measurement(min(*widths, SMALLEST), max(widths)).with_maximum(options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the text that fits."""
        del console
        room = options.max_width - cell_len(self._end)
        fits = [way for way in self._ways if cell_len(way) <= room]
        text = Text(fits[0] if fits else self._ways[-1], self._style, no_wrap=True, overflow="ellipsis")
        text.truncate(max(room, 0), overflow="ellipsis")
        yield text.append(self._end)


def lasting(seconds: int | None) -> str:
    """Return a duration as m:ss or h:mm:ss; empty for None."""
    if seconds is None:
        return ""
    hours, rest = divmod(max(0, int(seconds)), HOUR)
    minutes, seconds = divmod(rest, MINUTE)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def outcome(call: Call) -> tuple[list[str], str]:
    """Return in a few words how a call went or goes, longest first, and the style for it: who answered, or why not."""
    status, mark, style = call.get("status"), "?", "yellow"
    if call["state"] != "ended":
        mark, style = IN_PROGRESS
    elif status:
        mark, style = MARKS[status]
    if status == "answered":
        by = ways_to_name(call.get("answered_by"))
        is_named = any(letter.isalpha() for letter in by[-1])
        words = ["answered"] if by == [UNKNOWN] else by if is_named else [*by, "answered"]  # no half number
    elif call["state"] != "ended":
        words = ["ringing" if call["state"] == "ringing" else "connected"]
    else:
        words = [status or UNKNOWN]
    return [f"{mark} {word}" for word in words], style


def moment(text: str, zone: tzinfo | None) -> datetime:
    """Return a time of a record in a zone; None is this machine's."""
    return datetime.fromisoformat(text).astimezone(zone)
