"""What the page on scale assumes of deliveries to destinations, counted where the functions' own code does it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bench.pricing import ALONE, FIFTY, NOT_WANTED, Delivery, delivery_costs
from hookswitch.destinations.record import Filter, Health
from tests.unit.destinations.world import World, running

ROW_OF_DESTINATION = 2  # write units: its address is a ciphertext, and it has a filter
BATCH = 10  # messages of the topic that Lambda hands to the route function together


def metered(world: World) -> Counter[str]:
    """Return the operations and units of DynamoDB that a world takes from now on."""
    taken: Counter[str] = Counter()

    def meter(name: str, effect: Callable[..., Any]) -> Callable[..., Any]:
        def call(**given: Any) -> Any:
            taken["operations"] += 1
            row = given.get("Item") or given.get("Key") or {}
            match name:
                case "get_item" | "query":
                    taken["reads"] += 1
                case "batch_write_item":
                    taken["writes"] += sum(len(requests) for requests in given["RequestItems"].values())
                case _:
                    taken["writes"] += ROW_OF_DESTINATION if row["owner"] == {"S": "destinations"} else 1
            return effect(**given)

        return call

    for name in ("get_item", "put_item", "update_item", "delete_item", "query", "batch_write_item"):
        setattr(world.tables, name, meter(name, getattr(world.tables, name)))
    return taken


@pytest.mark.parametrize(("events", "delivery"), [(1, ALONE), (50, FIFTY)])
def test_what_a_delivery_takes(events: int, delivery: Delivery) -> None:
    """An event for a destination that answers at once, by itself, and one of fifty that come together."""
    with running() as world:
        receiver = world.add("office", health=Health(last_success=1))
        world.route(world.event(0))  # the destinations are read once a minute
        world.settle()
        taken, wakes = metered(world), 0  # all of them wake a sender, of which the first has the whole turn
        for start in range(0, events, BATCH):
            world.route(*(world.event(number + 1) for number in range(start, min(start + BATCH, events))))
            wakes = len(world.messages)
        world.settle()
        assert len(receiver.ids) == events + 1
        for name in ("operations", "writes", "reads"):
            assert getattr(delivery, name) == pytest.approx(taken[name] / events, rel=0.1), name
        assert delivery.routed == pytest.approx(wakes / events, rel=0.1)
        assert delivery.sent == wakes / events


def test_an_event_that_nobody_wants() -> None:
    """It takes one read, and wakes nobody."""
    with running() as world:
        world.add("office", which=Filter(hooks=("parking",)))
        world.route(world.event(0))
        taken = metered(world)
        world.route(world.event(1))
        assert not world.messages
        assert (taken["operations"], taken["reads"]) == (NOT_WANTED.operations, NOT_WANTED.reads)


def test_together_is_cheaper() -> None:
    """Deliveries that share a turn cost less in each part."""
    alone, together = delivery_costs(ALONE), delivery_costs(FIFTY)
    assert all(together[part] <= alone[part] for part in alone)
    assert sum(delivery_costs(NOT_WANTED).values()) < sum(together.values())
