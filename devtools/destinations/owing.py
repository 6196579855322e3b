"""Has a destination get stored events: counts them first, then hands them over, and goes on where it was stopped."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import batched

from devtools import since as times
from devtools.destinations.asked import Asked
from devtools.destinations.managing import Manager
from devtools.destinations.past import Choice, Past, Stored, counted_by_name
from devtools.events import require_account, typed
from devtools.functions import in_order
from devtools.local import LOCAL
from devtools.positions import PositionFile
from devtools.screen import Detail, console, say, step
from devtools.since import rfc3339, shown
from devtools.target import Target
from hookswitch.destinations.record import Filter
from hookswitch.destinations.requests import MOST_KEYS, Owe, View

FILE = LOCAL / "replays.json"
OFTEN = 10.0  # seconds between two lines of progress that are not on a terminal


@dataclass
class Position:
    """How far it has come.

    Attributes:
        first: The first moment of the period, as RFC 3339.
        last: The last one.
        place: Of the last event that was handed over.
        handed: How many were.
        owed: How many of them the destination was owed because of that.
    """

    first: str
    last: str
    place: str = ""
    handed: int = 0
    owed: int = 0


@dataclass(frozen=True)
class Order:
    """What a destination is to get.

    Attributes:
        view: The destination.
        choice: Which events.
        account: A Dash account; empty for those that the destination asks for.
        rate: The most that are handed over a second; 0 for no limit.
        is_replay: Whether the events are sent also if they were sent before, and marked as a replay.
        is_dry: Whether they are only counted.
        command: The command that asks for it.
    """

    view: View
    choice: Choice
    command: str
    account: str = ""
    rate: float = 0.0
    is_replay: bool = False
    is_dry: bool = False

    @property
    def which(self) -> Filter:
        """What the destination asks for, with the descendants of its accounts, as far as they are known."""
        asked = self.view.filter
        return replace(asked, accounts=(*asked.accounts, *self.view.descendants))


def catch_up(target: Target, manager: Manager, view: View, asked: Asked) -> None:
    """Have a destination get the events of the past that it did not get yet.

    Raises:
        LaptopError, ClientError, BotoCoreError: As for `owe`.
    """
    choice = Choice((times.since(asked.since), datetime.now(UTC)))
    account = asked.wishes.account if asked.resume else ""  # of one that is added, it is what it asks for
    arguments = {"SINCE": asked.since, "STACK": asked.stack, "ACCOUNT": account}
    command = f"make destination RESUME={view.name}{typed(arguments)}"
    owe(target, manager, Order(view, choice, command, require_account(account)))


def owe(target: Target, manager: Manager, order: Order) -> None:
    """Count what is asked for, hand it over, and say what was done.

    Raises:
        LaptopError: The destination gets nothing of the kind, or the function keeps failing.
        ClientError, BotoCoreError: AWS can't be asked.
    """
    past = Past.of(target, order.which, order.choice, order.account)
    known = PositionFile(Position, f"{past.feeds[0].table} {order.view.created_at} {order.command}", FILE)
    position = None if order.is_dry else known.load()
    position = position or Position(rfc3339(order.choice.period[0]), rfc3339(order.choice.period[1]))
    if position.place:
        when = datetime.fromisoformat(position.place.partition("#")[0])
        say(f"Going on from {shown(when)}, where the same command stopped.")
        period = (datetime.fromisoformat(position.first), datetime.fromisoformat(position.last))
        past = Past.of(target, order.which, replace(order.choice, period=period), order.account)
    with step("Counting what is stored") as show:
        found = past.find(show)
    left = [stored for stored in found if stored.place > position.place]
    first, last = (shown(moment) for moment in past.choice.period)
    say(f"{order.view.name} is to get {counted_by_name(left) or 'nothing'}, from {first} to {last}.")
    if order.is_dry:
        say("Nothing was sent. Without DRY_RUN=1 it would be.")
        return
    _hand_over(manager, order, left, known, position)
    known.forget()
    _report(order, position)
    if not (order.account or order.view.descendants) and target.parameters.get("IncludeSubaccounts") == "true":
        say(f"Events of a descendant: {order.command} ACCOUNT=<its id>", style="dim")


def _hand_over(
    manager: Manager, order: Order, left: Sequence[Stored], known: PositionFile[Position], position: Position
) -> None:
    progress = Progress(len(left), order.rate)
    try:
        with step(f"Handing over to {order.view.name}") as show:
            for some, owed in _answers(manager, order, [*batched(left, progress.at_once, strict=False)]):
                position.owed += owed
                position.handed += len(some)
                position.place = some[-1].place
                known.save(position)
                progress.note(len(some), show)
    except BaseException:
        if position.place:
            say(f"{position.handed:,} were handed over. The same command goes on from there:\n  {order.command}")
        raise


def _answers(
    manager: Manager, order: Order, batches: Sequence[Sequence[Stored]]
) -> Iterator[tuple[Sequence[Stored], int]]:
    """Hand over batches, several at once unless a rate is asked for; yield each with how many of it are owed."""

    def hand_over(some: Sequence[Stored]) -> int:
        keys = tuple(stored.key for stored in some)
        return manager.owe(Owe(name=order.view.name, keys=keys, replay=order.is_replay))

    if order.rate:
        yield from ((some, hand_over(some)) for some in batches)
        return
    yield from in_order(hand_over, batches, manager.stop)


def _report(order: Order, position: Position) -> None:
    name = order.view.name
    if not position.handed:
        return
    was = "delivery is" if position.owed == 1 else "deliveries are"
    say(f"{position.owed:,} {was} on the way to {name}. `make destination LIST={name}` shows how many still wait.")
    if position.owed < position.handed:
        say(f"{position.handed - position.owed:,} others are no longer stored, or not wanted any more.", style="dim")
    if not order.is_replay:
        say("Calls that it got before are not sent again.", style="dim")


class Progress:
    """How fast events are handed over, and how many are left.

    Args:
        total: How many there are.
        rate: The most a second; 0 for no limit.
    """

    def __init__(
        self,
        total: int,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._total, self._rate, self._done = total, rate, 0
        self._clock, self._sleep = clock, sleep
        self._began = self._said = clock()

    @property
    def at_once(self) -> int:
        """How many are handed over together: no more than of a second, so that the pace is even."""
        return MOST_KEYS if not self._rate else max(1, min(MOST_KEYS, int(self._rate)))

    def note(self, count: int, show: Detail) -> None:
        """Note how many were handed over, show how far it has come, and wait as long as the rate asks for."""
        self._done += count
        show(self.state)
        if not console.is_terminal and self._clock() - self._said >= OFTEN:
            self._said = self._clock()
            say(self.state)
        if self._rate and self._done < self._total:
            self._sleep(max(0.0, self._began + self._done / self._rate - self._clock()))

    @property
    def state(self) -> str:
        """How far it has come, in a line."""
        seconds = max(self._clock() - self._began, 0.001)
        pace = self._done / seconds
        said = [f"{self._done:,} of {self._total:,}", f"{pace:,.0f}/s" if pace >= 1 else f"{pace:.2g}/s"]
        return ", ".join([*said, *(times.left((self._total - self._done) / pace) if pace else [])])
