"""Runs `make backfill-calls`: has the calls function make calls of the events that a stack has stored already.

It asks for the events of one day after the other, oldest first. Any number of times, and while new events come, the
result is the same: the function adds events to calls, whoever brings them.
docs/engineering/decisions/0091-backfill-of-calls.md explains it.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Self

from devtools import since as times
from devtools.calls.batches import Batch, StoredEvent, batches
from devtools.calls.position import FILE, Position
from devtools.errors import LaptopError
from devtools.events import require_account, typed
from devtools.feeds import Feeds
from devtools.functions import Function, in_order
from devtools.positions import PositionFile
from devtools.screen import Detail, console, say, step
from devtools.since import counted
from devtools.target import Target, told
from hookswitch.calls.facts import CALL_HOOKS
from hookswitch.calls.requests import BackfillRequest
from hookswitch.events.kinds import CALL

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TableDescriptionTypeDef

RECOVERED = timedelta(days=32)  # before the table was created: what reconcile reads back at first, and a day more
STRETCH = timedelta(days=32)  # in which events are looked for at once
EMPTY = timedelta(days=400)  # without an event, before which none are looked for
BEGINNING = date(2015, 1, 1)  # before Dash had webhooks


@dataclass(frozen=True)
class Question:
    """What is to be backfilled.

    Attributes:
        stack: The name of the stack; empty as for `Target.find`.
        since: The first day, as `devtools.since` takes it; empty for the oldest that there can be.
        until: The last day; empty for today.
        account: A Dash account; empty for the stack's own.
        publishes: Whether the calls are published.
    """

    stack: str = ""
    since: str = ""
    until: str = ""
    account: str = ""
    publishes: bool = False

    @property
    def command(self) -> str:
        """The command that asks this."""
        arguments = {"STACK": self.stack, "SINCE": self.since, "UNTIL": self.until, "ACCOUNT": self.account}
        return f"make backfill-calls{typed(arguments | {'PUBLISH': '1' if self.publishes else ''})}"


def backfill(question: Question) -> None:
    """Make calls of stored events, go on where the same command was interrupted, and say what was done.

    Args:
        question: Which events.

    Raises:
        LaptopError: An argument is invalid, AWS can't be asked, or the function keeps failing.
    """
    account = require_account(question.account)
    first = _day(times.since(question.since)) if question.since else None
    last = _day(times.until(question.until)) if question.until else datetime.now(UTC).date()
    if first:
        times.require_order(first, last, (question.since, question.until))
    with told():
        target = Target.find(question.stack)
        stored = StoredEvents.of(target, account)
        known = PositionFile(Position, f"{stored.table_id} {stored.feeds.account} {question.command}", FILE)
        position = known.load()
        if position:
            say(f"Going on from {_shown(position.place or position.first)}, where the same command stopped.")
        else:
            position = Position(str(first or stored.oldest_day()), str(last))
        work = Backfill(stored.feeds, CallsFunction.of(target, publishes=question.publishes), known, position)
        _run(work, question)
        calls = stored.feeds.count_of_days(CALL, days(position.first, position.last))
        known.forget()
    _report(position, calls, question)
    if not account and target.parameters.get("IncludeSubaccounts") == "true":
        say("Calls of a descendant of the Dash account: add ACCOUNT=<its id>.", style="dim")


class StoredEvents:
    """The events of one account that a stack has stored.

    Attributes:
        feeds: Its feeds.
    """

    def __init__(self, feeds: Feeds) -> None:
        """Look at the events in some feeds."""
        self.feeds = feeds

    @classmethod
    def of(cls, target: Target, account: str) -> Self:
        """Return those of a stack, by default of its own Dash account."""
        return cls(Feeds.of(target, account))

    @property
    def table_id(self) -> str:
        """What tells the table apart from all others, also from one of the same name that was deleted."""
        return self._table["TableId"]

    def oldest_day(self) -> date:
        """Return a day before which there are no events: they are not older than the table, unless it was restored."""
        oldest = _day(self._table["CreationDateTime"] - RECOVERED)
        if "RestoreSummary" not in self._table:
            return oldest
        looked_at = oldest
        while oldest - looked_at < EMPTY and looked_at > BEGINNING:
            looked_at -= STRETCH
            stretch = days(str(looked_at), str(looked_at + STRETCH))
            if any(self.feeds.count_of_days(hook, stretch) for hook in CALL_HOOKS):
                oldest = looked_at
        return oldest

    @cached_property
    def _table(self) -> "TableDescriptionTypeDef":
        client: DynamoDBClient = self.feeds.client
        return client.describe_table(TableName=self.feeds.table)["Table"]


class CallsFunction:
    """The calls function, which is invoked until it does what is asked."""

    def __init__(self, function: Function, *, publishes: bool) -> None:
        """Ask a function.

        Args:
            function: The calls function.
            publishes: Whether it is to publish the calls.
        """
        self._function = function
        self._publishes = publishes

    @classmethod
    def of(cls, target: Target, *, publishes: bool) -> Self:
        """Return that of a stack.

        Raises:
            LaptopError: It has none.
        """
        if "Calls" not in target.resources:
            raise LaptopError(
                f"The stack {target.stack} is of a version without calls. Deploy this one first: "
                f"`make deploy{target.argument}`."
            )
        function = Function(target.client("lambda"), target.resources["Calls"], "calls")
        return cls(function, publishes=publishes)

    def stop(self) -> None:
        """Have no failed invocation tried again."""
        self._function.stop()

    def fold(self, batch: Batch) -> Mapping[str, int]:
        """Have the events of a batch folded into calls; return how many these were, and how many it published.

        Raises:
            LaptopError: The function keeps failing.
            ClientError, BotoCoreError: It can't be invoked.
        """
        return self._function.ask_until_answered(BackfillRequest(batch.event_ids, self._publishes).to_message())


class Backfill:
    """One run.

    Attributes:
        position: How far it has come.
    """

    def __init__(
        self, feeds: Feeds, function: CallsFunction, known: PositionFile[Position], position: Position
    ) -> None:
        """Prepare to go on from a position, which is saved after each step."""
        self.position = position
        self._feeds = feeds
        self._function = function
        self._known = known
        self._began = time.monotonic()
        self._days_before = position.days

    def run(self, show: Detail) -> Iterator[date]:
        """Go through the days, show after each batch how far it has come, and yield each day that had events."""
        position = self.position
        for day in days(position.place[:10] or position.first, position.last):
            before = position.events
            self._fold_day(day, show)
            position.calls += self._feeds.count_of_days(CALL, [day])
            position.place, position.days = str(day + timedelta(days=1)), position.days + 1
            self._known.save(position)
            show(self.state)
            if position.events > before:
                yield day

    @property
    def state(self) -> str:
        """How far it has come, in a line."""
        position = self.position
        total = len(days(position.first, position.last))
        said = [f"{position.days} of {counted(total, 'day', 'days')}"]
        done = position.days - self._days_before
        if done and position.days < total:
            said += times.left((time.monotonic() - self._began) / done * (total - position.days))
        return ", ".join([*said, f"{position.events:,} events", f"{position.calls:,} calls"])

    def _fold_day(self, day: date, show: Detail) -> None:
        position = self.position
        events = [StoredEvent.from_item(item) for item in self._feeds.of_day(CALL_HOOKS, day)]
        of_day = list(batches(events, position.place))
        with closing(in_order(self._function.fold, of_day, self._function.stop)) as answers:
            for batch, said in answers:
                position.place = batch.place
                position.events += said["events"]
                position.published += said["published"]
                self._known.save(position)
                show(self.state)


def days(first: str, last: str) -> list[date]:
    """Return the days from one to another, both included, as ISO 8601."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


def _run(work: Backfill, question: Question) -> None:
    try:
        with step("Backfill") as show:
            for day in work.run(show):
                if not console.is_terminal:
                    say(f"{day}: {work.state}")
    except BaseException:
        place = work.position.place
        if place:
            say(f"Stopped at {_shown(place)}. The same command goes on from there:\n  {question.command}")
        raise


def _report(position: Position, calls: int, question: Question) -> None:
    period = f"from {position.first} to {position.last} (days in UTC)"
    say(f"{_number(position.events, 'event')} of calls were read, {period}.")
    there = "There is" if calls == 1 else "There are"
    if question.publishes:
        records = _number(position.published, "record")
        say(f"{there} {_number(calls, 'call')}; {records} of them were published, and nobody was alerted.")
    else:
        say(f"{there} {_number(calls, 'call')}. Nothing was published, and nobody was alerted.")


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else f'{noun}s'}"


def _shown(place: str) -> str:
    """Return the time at which a place is."""
    return f"{place[:16].replace('T', ' ')} (UTC)"
