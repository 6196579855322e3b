"""What several senders, and people meanwhile, write about one destination."""

from dataclasses import replace

import pytest

from hookswitch.destinations.leases import Lease, Leases
from hookswitch.destinations.record import Destination, Health
from hookswitch.destinations.table import DestinationTable
from tests.unit.destinations.tables import TABLE
from tests.unit.destinations.world import START, World, running

NOW = int(START * 1000)


def lease_of(message: str, now: int = NOW) -> Lease:
    """Return a lease that can be had."""
    lease = Leases(TABLE).take("crm", "id-crm", message, f"owner of {message}", now)
    assert isinstance(lease, Lease)
    return lease


def added(world: World) -> DestinationTable:
    """Return the table with one destination."""
    world.add("crm")
    return DestinationTable(TABLE)


def test_one_sender_at_a_time() -> None:
    """Nobody gets a lease that somebody has, until it has ended or run out."""
    with running() as world:
        added(world)
        first = lease_of("first")
        assert not isinstance(Leases(TABLE).take("crm", "id-crm", "second", "me", NOW + 1), Lease)
        assert Leases(TABLE).finish(first, Health(), kept="", kept_until=0)
        lease_of("second", NOW + 2)
        lease_of("third", NOW + 2 + 76_000)  # the second was ended


def test_a_lease_that_ran_out_writes_nothing() -> None:
    """Who lost the lease while sending does not overwrite what the next one noted, nor renew it."""
    with running() as world:
        added(world)
        first = lease_of("first")
        second = lease_of("second", NOW + 76_000)
        assert not Leases(TABLE).finish(first, Health(failures=9), kept="x", kept_until=1)
        assert Leases(TABLE).renew(first, NOW + 76_001) is None
        assert Leases(TABLE).renew(second, NOW + 76_001)
        assert world.row("crm")["failures"] == 0


def test_another_of_the_same_name_is_another() -> None:
    """A destination that was removed and added again is not the one that a message was about."""
    with running() as world:
        added(world)
        assert Leases(TABLE).take("crm", "an older id", "message", "me", NOW) is None
        lease = lease_of("first")
        assert not Leases(TABLE).finish(replace(lease, destination_id="an older id"), Health(), kept="", kept_until=0)


@pytest.mark.parametrize("state", ["paused", "off"])
def test_no_lease_of_one_that_is_not_on(state: str) -> None:
    """Nobody sends to a destination that is paused or off; whoever does stops at the next look."""
    with running() as world:
        table = added(world)
        lease = lease_of("first")
        assert table.change("crm", "id-crm", {"state": state})
        assert Leases(TABLE).renew(lease, NOW + 1) is None
        assert Leases(TABLE).finish(lease, Health(), kept="", kept_until=0)
        assert not isinstance(Leases(TABLE).take("crm", "id-crm", "second", "me", NOW + 2), Lease)


def test_one_message_waits_for_the_next_attempt() -> None:
    """Of two messages that would wait, the second one learns of the first; the one that waits gets the lease early."""
    with running() as world:
        added(world)
        lease = lease_of("first")
        failing = Health(failures=1, failing_since=NOW, next_attempt=NOW + 60_000)
        Leases(TABLE).finish(lease, failing, kept="", kept_until=0)
        assert Leases(TABLE).keep("crm", "id-crm", "second", NOW + 60_000, before="")
        assert not Leases(TABLE).keep("crm", "id-crm", "third", NOW + 60_000, before="")
        assert not isinstance(Leases(TABLE).take("crm", "id-crm", "third", "me", NOW + 1), Lease)
        lease_of("second", NOW + 1)


def test_a_delivery_that_was_written_again_stays() -> None:
    """What came to be owed again while it was being sent is not deleted with what was sent."""
    with running() as world:
        table = added(world)
        event = world.event(1)
        world.route(event)
        (before,) = table.owed("id-crm", "0")
        world.route(event)
        table.settle("id-crm", before)
        table.postpone("id-crm", before, 5, NOW)
        (after,) = table.owed("id-crm", "0")
        assert after.attempts == 0
        table.settle("id-crm", after)
        assert not [*table.owed("id-crm", "0")]


def test_a_destination_survives_its_row() -> None:
    """What is written of a destination is what is read."""
    with running() as world:
        table = added(world)
        found = table.find("crm")
        assert found
        assert isinstance(found.destination, Destination)
        table.remove("crm", "id-crm")
        table.add(found.destination)
        assert table.find("crm") == found
