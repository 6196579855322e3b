"""Which accounts a destination's filter stands for."""

from typing import Any

from hookswitch.destinations.descendants import refresh
from hookswitch.destinations.record import Filter
from hookswitch.destinations.table import DestinationTable
from tests.unit.destinations.tables import TABLE
from tests.unit.destinations.world import ACCOUNT, World, running

OFFICE, BRANCH, OTHER = "a" * 32, "b" * 32, "c" * 32
ACCOUNTS: list[dict[str, Any]] = [
    {"id": OFFICE, "tree": [ACCOUNT]},
    {"id": BRANCH, "tree": [ACCOUNT, OFFICE]},
    {"id": OTHER, "tree": [ACCOUNT]},
]


def event_of(world: World, number: int, account: str) -> dict[str, Any]:
    """Return an event of an account."""
    event = world.event(number)
    world.tables.events[event["id"]]["account_id"] = {"S": account}
    return event | {"source": f"dash/{account}"}


def test_a_filter_stands_for_the_descendants_of_its_accounts() -> None:
    """A destination of an account gets the events of the accounts below it, once these are known, and no others."""
    with running() as world:
        receiver = world.add("office", which=Filter(hooks=("missed_call",), accounts=(OFFICE,)))
        assert refresh(DestinationTable(TABLE), lambda: ACCOUNTS) == 1
        events = [event_of(world, number, account) for number, account in enumerate((OFFICE, BRANCH, OTHER, ACCOUNT))]
        world.route(*events)
        world.settle()
        assert receiver.ids == [event["id"] for event in events[:2]]
        assert refresh(DestinationTable(TABLE), lambda: ACCOUNTS) == 0
        assert refresh(DestinationTable(TABLE), list) == 1  # the branch was closed, or moved away
        world.route(event_of(world, 9, BRANCH))
        world.settle()
        assert len(receiver.ids) == 2


def test_dash_is_not_asked_where_nobody_wants_to_know() -> None:
    """Without a destination that names accounts, Dash's API is left alone."""

    def never() -> list[dict[str, Any]]:
        raise AssertionError

    with running() as world:
        world.add("all")
        assert refresh(DestinationTable(TABLE), never) == 0
