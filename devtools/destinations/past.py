"""Finds the stored events that a destination asks for: those of some days, by the keys of the table's index."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Self, get_args

from devtools.errors import LaptopError
from devtools.feeds import Feeds, Item
from devtools.screen import Detail
from devtools.target import Target
from hookswitch.calls.record import Status
from hookswitch.destinations.filters import matches
from hookswitch.destinations.record import Filter
from hookswitch.events.cloudevent import cloud_event
from hookswitch.events.envelope import TYPE_PREFIX
from hookswitch.events.kinds import CALL

STATUSES: tuple[str, ...] = get_args(Status.__value__)

type Period = tuple[datetime, datetime]
"""The first moment and the last one."""


@dataclass(frozen=True)
class Choice:
    """Which of the events that a destination gets are wanted.

    Attributes:
        period: When they happened; of a call, when it began.
        hook: The only hook; `call` for calls alone, empty for all.
        statuses: Of calls; raw events are left out if there are any.
    """

    period: Period
    hook: str = ""
    statuses: frozenset[str] = frozenset()


@dataclass(frozen=True, order=True)
class Stored:
    """An event in the table.

    Attributes:
        place: Where it is among all events: in the order of time.
        key: The key of its item.
        name: What it is counted as: its hook, or a call's status.
    """

    place: str
    key: str = field(compare=False)
    name: str = field(compare=False)


@dataclass(frozen=True)
class Past:
    """The stored events of some accounts that a destination asks for.

    Attributes:
        feeds: Those of each account.
        which: What the destination asks for.
        choice: What is wanted of that.
    """

    feeds: Sequence[Feeds]
    which: Filter
    choice: Choice

    @classmethod
    def of(cls, target: Target, which: Filter, choice: Choice, account: str = "") -> Self:
        """Return those of a stack.

        Args:
            target: The stack.
            which: What the destination asks for.
            choice: What is wanted of that.
            account: A Dash account; empty for those that the destination asks for, or else the stack's own.

        Raises:
            LaptopError: The destination gets nothing of what is wanted.
        """
        if account and which.accounts and account not in which.accounts:
            raise LaptopError(f"The destination gets nothing of the account {account}.")
        accounts = [account] if account else which.accounts or [""]
        found = cls([Feeds.of(target, each) for each in accounts], which, choice)
        if not found.names:
            wanted = choice.hook or "calls"
            raise LaptopError(f"The destination gets no {wanted}. `make destination` shows what each gets.")
        return found

    @property
    def names(self) -> list[str]:
        """The feeds that are read: hooks, and that of calls."""
        raw = {*self.which.hooks, *(name.removeprefix(TYPE_PREFIX) for name in self.which.types)} - {CALL}
        gets_calls = bool(self.which.when) or not raw
        gets_calls |= any(name.removeprefix(TYPE_PREFIX) == CALL for name in self.which.types)
        names = [] if self.choice.statuses else sorted(raw)
        names += [CALL] if gets_calls else []
        return [name for name in names if self.choice.hook in {"", name}]

    def find(self, show: Detail) -> list[Stored]:
        """Return what there is, oldest first; show meanwhile how far it has come."""
        found: list[Stored] = []
        for day in _days(self.choice.period):
            found += sorted(stored for feeds in self.feeds for stored in self._of_day(feeds, day))
            show(f"{day}: {len(found):,} found")
        return found

    def _of_day(self, feeds: Feeds, day: date) -> Iterator[Stored]:
        items = [item for item in feeds.of_day(self.names, day) if self._is_in_period(item)]
        whole: list[Item] = []
        for item in items:
            # The index has no data, and none is needed where the hook alone decides.
            if item["hook"] == CALL or self.which.directions or self.which.numbers:
                whole.append(item)
            else:
                yield Stored(_place(item), str(item["event_id"]), str(item["hook"]))
        yield from (stored for item in feeds.full(whole) if (stored := self._wanted(item)))

    def _wanted(self, item: Item) -> Stored | None:
        if not matches(self.which, cloud_event(item)):
            return None
        name = str(item["hook"])
        if name == CALL:
            name = str(item.get("status") or CALL)
            if self.choice.statuses and name not in self.choice.statuses:
                return None
        return Stored(_place(item), str(item["event_id"]), name)

    def _is_in_period(self, item: Item) -> bool:
        moment = datetime.fromisoformat(str(item["timeline_key"]).partition("#")[0])
        return self.choice.period[0] <= moment <= self.choice.period[1]


def counted_by_name(found: Sequence[Stored]) -> str:
    """Return how many there are of each kind, such as `34 calls (20 missed, 14 voicemail), 120 parking`."""
    numbers = Counter(stored.name for stored in found)
    calls = {name: number for name in STATUSES if (number := numbers.pop(name, 0))}
    said = []
    if total := sum(calls.values()):
        parts = ", ".join(f"{number:,} {name}" for name, number in calls.items())
        said.append(f"{total:,} {'call' if total == 1 else 'calls'} ({parts})")
    said += [f"{number:,} {name}" for name, number in sorted(numbers.items())]
    return ", ".join(said)


def read_statuses(text: str) -> frozenset[str]:
    """Return the statuses of calls in a list with commas.

    Raises:
        LaptopError: There is no such status.
    """
    words = frozenset(word for part in text.split(",") if (word := part.strip().lower()))
    for word in sorted(words):
        if word not in STATUSES:
            raise LaptopError(f"STATUS={word} is none. A call can be {', '.join(STATUSES)}.")
    return words


def _place(item: Item) -> str:
    return f"{item['timeline_key']}#{item['event_id']}"


def _days(period: Period) -> list[date]:
    """Return the days in UTC that a period touches, oldest first."""
    first, last = (moment.astimezone(UTC).date() for moment in period)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
