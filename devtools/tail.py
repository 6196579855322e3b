"""`make logs`: what the functions of a stack log, here or on AWS."""

import csv
import sys
import time
from collections.abc import Iterable

from rich.text import Text

from devtools import since as times
from devtools.events import Format, require_hook
from devtools.log_lines import Line
from devtools.logs import LogReader
from devtools.screen import console, is_narrow, say
from devtools.target import Target, told

SINCE = "1h"
INTERVAL = 2.0  # seconds; AWS lets an account filter log events five times a second
COLUMNS = ("time", "level", "hook", "correlation_id", "message")
STYLES = {"ERROR": "red", "WARN": "yellow"}


def show(stack: str, hook: str, since: str, form: Format, *, follow: bool, everything: bool) -> bool:  # noqa: PLR0913
    """Print the log of a stack's functions, oldest first.

    Args:
        stack: Its name; empty as for `Target.find`.
        hook: Only lines about this hook; empty for all lines.
        since: When to begin, as `devtools.since` takes it; empty for an hour ago.
        form: Columns for people; or the lines as they were written, which are JSON; or CSV.
        follow: Go on with what is logged from now on, until Ctrl-C.
        everything: Also lines that have only metrics, and those that Lambda itself writes at every call.

    Raises:
        LaptopError: An argument is invalid, or AWS can't be asked.
    """
    require_hook(hook)
    start = times.since(since or SINCE)
    printer, found = Printer(form), 0
    with told():
        target = Target.find(stack)
        pattern = f'{{ $.hook = "{hook}" }}' if hook else ""
        milliseconds = int(start.timestamp() * 1000)
        reader = LogReader(target.client("logs"), target.output("LogGroupName"), milliseconds, pattern)
        try:
            found += printer.print(_wanted(reader, hook, everything=everything))
            while follow:
                time.sleep(INTERVAL)
                found += printer.print(_wanted(reader, hook, everything=everything))
        except KeyboardInterrupt:
            if not follow:
                raise
    if form == "table" and not found:
        say(f"No lines since {times.shown(start)}. `make logs SINCE=2d` looks further back.", style="dim")
    return True


def _wanted(reader: LogReader, hook: str, *, everything: bool) -> Iterable[Line]:
    for event in reader.events():
        line = Line.of(event["timestamp"], event["message"])
        if (everything or not line.is_routine) and (not hook or line.hook == hook):
            yield line


class Printer:
    """Prints lines in one format."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._day = ""
        if form == "csv":
            self._write_csv(COLUMNS)

    def print(self, lines: Iterable[Line]) -> int:
        """Print lines, and return how many."""
        number = 0
        for number, line in enumerate(lines, 1):  # noqa: B007 - the last one counts
            match self._form:
                case "json":
                    print(line.raw, flush=True)
                case "csv":
                    moment = times.rfc3339(line.moment)
                    self._write_csv((moment, line.level, line.hook, line.correlation_id, line.message))
                case "table":
                    self._print_columns(line)
        return number

    def _print_columns(self, line: Line) -> None:
        """Print a line, below its day and time zone where those change; it is cropped where there is a width."""
        if line.day != self._day:
            self._day = line.day
            say(self._day, style="bold")
        text = Text(str(line), STYLES.get(line.level, ""))
        if is_narrow():
            console.print(text, no_wrap=True, overflow="ellipsis")
        else:
            console.print(text, soft_wrap=True)

    def _write_csv(self, values: Iterable[str]) -> None:
        csv.writer(sys.stdout, lineterminator="\n").writerow(values)
        sys.stdout.flush()
