"""What a call's record says, in the words of the screen."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import cast

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from hookswitch.calls.numbers import number_key
from hookswitch.calls.record import Call, Direction, LegResult, Party, Status, Step
from hookswitch.payloads.text import one_line, part

UNKNOWN = "unknown"
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
STEPS: Mapping[Step, str] = {
    "attendant": "attendant",
    "queue": "queue",
    "ring_group": "ring group",
    "parking": "parked",
    "voicemail": "voicemail",
    "transfer": "transferred",
    "forwarded": "forwarded",
    "conference": "conference",
    "click_to_dial": "click-to-dial",
}
MINUTE, HOUR = 60, 3600
SMALLEST = 6  # columns that a cell with something to crop asks for at least

_NORTH_AMERICAN = re.compile(r"\+?1(\d{3})(\d{3})(\d{4})", re.ASCII)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


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


def ways_to_name(party: Mapping[str, object] | Party | None) -> list[str]:
    """Return how a party can be named, longest first: name and number, name, number. Never by an id of Dash."""
    known = cast("Mapping[str, object]", party or {})
    said = (part(str(known.get(key) or "")) for key in ("name", "extension", "number"))
    name, extension, number = ("" if _ID.fullmatch(text) else text for text in said)
    number = extension or number
    if number and name and number_key(name) == number_key(number):
        name = ""
    elif not number and _NORTH_AMERICAN.fullmatch(name):
        number, name = name, ""
    numbers = spelled(number) if number else []
    if name and numbers:
        return [*(f"{name} {number}" for number in numbers), name]
    if name or numbers:
        return [name] if name else numbers
    return ["a phone" if known.get("device") or known.get("owner") else UNKNOWN]


def named(party: Mapping[str, object] | Party | None) -> str:
    """Return a party's name and number, as far as they are known."""
    return ways_to_name(party)[0]


def spelled(number: str) -> list[str]:
    """Return how people write a number, longest first."""
    if parts := _NORTH_AMERICAN.fullmatch(number):
        return [f"+1 {'-'.join(parts.groups())}", "-".join(parts.groups())]
    return [number]


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
