"""Runs `make replay TO=`."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime

from devtools import since as times
from devtools.destinations.managing import Manager
from devtools.destinations.owing import Order, owe
from devtools.destinations.past import Choice, read_statuses
from devtools.destinations.wishes import per_second
from devtools.errors import LaptopError
from devtools.events import require_account, require_hook, typed
from devtools.target import Target, told
from hookswitch.events.kinds import CALL


@dataclass(frozen=True)
class Replayed:
    """What `make replay TO=` is asked.

    Attributes:
        stack: The name of the stack; empty as for `Target.find`.
        to: The destination.
        first: When the period begins, as `devtools.since` takes it.
        last: When it ends; empty for now.
        hook: The only hook; `call` for calls alone.
        status: Statuses of calls, with commas between.
        account: A Dash account; empty for those that the destination asks for, or else the stack's own.
        rate: The most a second; empty for no limit.
        dry_run: Whether events are only counted.
    """

    to: str
    first: str
    stack: str = ""
    last: str = ""
    hook: str = ""
    status: str = ""
    account: str = ""
    rate: str = ""
    dry_run: bool = False

    @property
    def command(self) -> str:
        """The command that asks this."""
        names = {"first": "FROM", "last": "UNTIL"}
        values = {names.get(each.name, each.name.upper()): getattr(self, each.name) for each in fields(self)}
        return f"make replay{typed({name: value for name, value in values.items() if name != 'DRY_RUN'})}"


def replay(asked: Replayed) -> None:
    """Send stored events to one destination again, marked as a replay.

    Raises:
        LaptopError: An argument is invalid, the stack refuses, or AWS can't be asked.
    """
    if not asked.first:
        raise LaptopError("Say from when on: FROM=2026-11-24, or FROM=2h for the last two hours.")
    period = (times.since(asked.first, name="FROM"), times.until(asked.last) if asked.last else datetime.now(UTC))
    times.require_order(*period, (asked.first, asked.last), "FROM")
    if asked.hook != CALL:
        require_hook(asked.hook)
    choice = Choice(period, asked.hook, read_statuses(asked.status))
    account, rate = require_account(asked.account), per_second(asked.rate or "0")
    with told():
        target = Target.find(asked.stack)
        manager = Manager.of(target)
        view = manager.find(asked.to)
        owe(target, manager, Order(view, choice, asked.command, account, rate, is_replay=True, is_dry=asked.dry_run))
