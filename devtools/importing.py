"""Runs `make import`: has reconcile make events and calls of what Dash's call detail records tell of the past.

First it counts. Then it has one slice after the other imported, each of which the function remembers in the stack's
table: so the same command goes on where it was interrupted, from whatever machine.
docs/engineering/decisions/0097-import-without-publishing.md explains it.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devtools import since as times
from devtools.calls.backfill import days
from devtools.errors import LaptopError
from devtools.events import typed
from devtools.feeds import Feeds
from devtools.functions import Function
from devtools.screen import Detail, console, say, step
from devtools.target import Target, told
from hookswitch.events.kinds import CALL

BUSY_SECONDS, BUSY_TRIES = 5, 60
# What no second try can help: the request, or what Dash opens to these credentials.
FINAL = ("RequestError", "NotOpenError", "CredentialsError", "AccountError")

type Report = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """What is to be imported.

    Attributes:
        first: The first day, as `devtools.since` takes it.
        last: The last one; empty for now.
        stack: The name of the stack; empty as for `Target.find`.
        publishes: Whether the events and calls are published.
        dry_run: Whether to count only.
    """

    first: str
    last: str = ""
    stack: str = ""
    publishes: bool = False
    dry_run: bool = False

    @property
    def command(self) -> str:
        """The command that asks this."""
        arguments = {"STACK": self.stack, "FROM": self.first, "UNTIL": self.last}
        return f"make import{typed(arguments | {'PUBLISH': '1' if self.publishes else ''})}"

    def message(self) -> dict[str, Any]:
        """Return what the function is asked, whatever it is to do.

        Raises:
            LaptopError: There is no such period.
        """
        if not self.first:
            raise LaptopError("Say from when on: FROM=2026-09-01, or FROM=90d for the last ninety days.")
        # A whole day, so that the same command means the same period a while later.
        first = times.since(self.first, name="FROM").replace(hour=0, minute=0, second=0, microsecond=0)
        last = times.until(self.last) if self.last else None
        if last:
            times.require_order(first, last, (self.first, self.last), "FROM")
        until = {"until": times.rfc3339(last)} if last else {}
        return {"from": times.rfc3339(first), **until, "publish": self.publishes}


class Reconcile:
    """The function that imports."""

    def __init__(self, function: Function, message: Mapping[str, Any]) -> None:
        """Ask a function about one import."""
        self._function, self._message = function, message

    def look(self) -> Report | None:
        """Return how far this import came before; None if it was not begun, or is complete."""
        found: Report | None = self._ask(do="look")["import"]
        return found

    def count(self) -> Iterator[Report]:
        """Yield how many legs Dash lists, and how many of them are here, part by part."""
        place: Mapping[str, Any] = {}
        while True:
            found = self._ask(do="count", **place)["count"]
            yield found
            if not found["next"]:
                return
            place = {"place": found["next"]}

    def run(self, legs: int) -> Iterator[Report]:
        """Import, and yield after each slice how far it has come."""
        while True:
            found = self._ask(do="run", legs=legs)["import"]
            yield found
            if found["complete"]:
                return

    def _ask(self, **more: Any) -> Report:
        for _ in range(BUSY_TRIES):
            answer = self._function.ask_until_answered({"import": {**self._message, **more}}, FINAL)
            if not {"import", "count", "busy"} & answer.keys():
                raise LaptopError("The stack is of a version that can't import. Deploy this one first: `make deploy`.")
            if not answer.get("busy"):
                return answer
            time.sleep(BUSY_SECONDS)
        raise LaptopError("Another import is at work. Try again when it is complete.")


def bring_in(question: Question) -> bool:
    """Import what the question asks for, and say what was done; return whether nothing is missing.

    Raises:
        LaptopError: An argument is invalid, Dash does not open its records, or the function keeps failing.
    """
    message = question.message()
    with told():
        target = Target.find(question.stack)
        function = Function(target.client("lambda"), target.resources["Reconcile"], "reconcile")
        reconcile = Reconcile(function, message)
        begun = None if question.dry_run else reconcile.look()
        if begun:
            say(f"Going on from {_shown(begun['done_until'])}, where the same command stopped.")
            legs = int(begun["legs"])
        else:
            legs = _count(reconcile, question)
        if question.dry_run:
            return True
        report = _run(reconcile, legs, question)
        calls = _calls(target, report) if report["accounts"] == 1 else 0
    _report(report, calls)
    return not report["missing"]


def _count(reconcile: Reconcile, question: Question) -> int:
    legs = here = 0
    with step("Counting the legs of calls on Dash") as show:
        for found in reconcile.count():
            legs, here = legs + found["legs"], here + found["here"]
            show(f"{legs:,} until {_shown(found['done_until'])}")
    period = f"from {_shown(found['from'])} to {_shown(found['done_until'])} (UTC)"
    say(f"{_number(legs, 'leg')} of calls ended on Dash {period}; {legs - here:,} are not here.")
    if found["retention_days"]:
        say(f"RetentionDays is {found['retention_days']}: what is older would have been deleted, and is left out.")
    if question.dry_run:
        say("Nothing was imported. Leave DRY_RUN=1 out to import them.", style="dim")
    return legs


def _run(reconcile: Reconcile, legs: int, question: Question) -> Report:
    progress = Progress(legs)
    try:
        with step("Importing") as show:
            for report in reconcile.run(legs):
                progress.show(report, show)
    except BaseException:
        say(f"The same command goes on where it stopped:\n  {question.command}")
        raise
    return report


class Progress:
    """Shows how far an import has come."""

    def __init__(self, legs: int) -> None:
        """Begin with how many legs there are."""
        self._legs = legs
        self._began = time.monotonic()
        self._before: int | None = None

    def show(self, report: Report, show: Detail) -> None:
        """Show it in a line."""
        line = self.line(report)
        show(line)
        if not console.is_terminal:
            say(line)

    def line(self, report: Report) -> str:
        """Return how far it has come, and how long it may still take."""
        done, legs = int(report["done"]), max(self._legs, int(report["done"]))
        said = [f"{done:,} of {_number(legs, 'leg')}", f"{report['stored']:,} of them new"]
        if self._before is None:
            self._before = done
        elif done > self._before and done < legs:
            said += times.left((time.monotonic() - self._began) / (done - self._before) * (legs - done))
        return f"{_shown(report['done_until'])[:10]}: {', '.join(said)}"


def _calls(target: Target, report: Report) -> int:
    first, last = (str(report[name])[:10] for name in ("from", "done_until"))
    return Feeds.of(target).count_of_days(CALL, days(first, last))


def _report(report: Report, calls: int) -> None:
    stored, known = int(report["stored"]), int(report["done"]) - int(report["stored"]) - int(report["missing"])
    period = f"from {_shown(report['from'])} to {_shown(report['done_until'])} (UTC)"
    were = "was" if stored == 1 else "were"
    say(f"{_number(stored, 'leg')} of calls {were} imported {period}; {known:,} were here before.")
    there = f"There are {_number(calls, 'call')} of these days. " if calls else ""
    published = f"{report['published']:,} events were" if report["publish"] else "Nothing was"
    say(f"{there}{published} published, and nobody was alerted.")
    if report["missing"]:
        say(f"{_number(report['missing'], 'leg')} could not be stored; the log of Reconcile says why:", style="red")
        for leg in report["missing_legs"]:
            say(f"  {leg}", style="red")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else f'{noun}s'}"


def _shown(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M")
