"""Legs that end on Dash, with their webhook on or off, and what the table has of them."""

import itertools
import random
from typing import Any

from hookswitch.payloads.times import GREGORIAN_EPOCH
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.unit.reconcile.world import World

HOOK = "channel_destroy"
SETTLED = 700.0  # seconds after which the accounting compares what has happened

HOUR, DAY = 3_600, 86_400

_numbers = itertools.count(1)


def ending(world: World, **fields: Any) -> dict[str, Any]:
    """Return the payload of a leg that ends now."""
    number = next(_numbers)
    return payload(HOOK, rng=random.Random(number), now=world.now) | {"call_id": f"leg-{number}@example.com"} | fields


def end(world: World, *, is_on: bool = True, account_id: str = DEFAULT_ACCOUNT_ID, **fields: Any) -> dict[str, Any]:
    """End a leg whose webhook is on or off; return its payload."""
    event = ending(world, account_id=account_id, **fields)
    switch(world, on=is_on)
    world.dash.fire(account_id, HOOK, event)
    switch(world, on=True)
    return event


def switch(world: World, *, on: bool) -> None:
    """Switch the webhook of all legs on or off, without a word to anybody."""
    webhook = world.webhook(HOOK)
    if on:
        webhook.enable()
    else:
        webhook.disable()


def ends(world: World) -> dict[str, dict[str, Any]]:
    """Return the item of each leg's end in the table, by its call id; each has one at most."""
    found: dict[str, dict[str, Any]] = {}
    for item in world.table.plain("event").values():
        if item["hook"] == HOOK and item["payload"].get("hangup_cause"):
            assert item["call_id"] not in found, "A leg has ended twice."
            found[item["call_id"]] = item
    return found


def second(event: dict[str, Any]) -> int:
    """Return when a payload says that it happened, in Unix seconds."""
    return int(event["timestamp"]) - GREGORIAN_EPOCH


def accounted(world: World, after: float = SETTLED, **event: Any) -> dict[str, Any]:
    """Let some seconds pass, run reconcile, and return the accounting in its report."""
    found: dict[str, Any] = world.reconcile_later(after, **event)["accounting"]
    return found


def listings(world: World) -> list[str]:
    """Return the queries for CDRs so far."""
    return [call.path for call in world.api.calls if call.path.endswith("/cdrs")]
