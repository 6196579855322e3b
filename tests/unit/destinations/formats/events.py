"""Events for the tests of formats: every kind of call, every hook, and whatever strangers write."""

import json
import random
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from hypothesis import strategies as st

from hookswitch.calls.items import CallItem
from hookswitch.calls.record import Call
from hookswitch.dash.hooks import HOOKS
from hookswitch.destinations.formats.message import Message
from hookswitch.events.attributes import item as image
from hookswitch.events.attributes import plain
from hookswitch.events.cloudevent import cloud_event
from hookswitch.events.items import event_item
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import payload
from tests.receiving import SETTINGS, event
from tests.unit.calls.scenes import calls_of, steps_of

RECEIVED = datetime(2026, 11, 18, 11, 7, tzinfo=UTC)
OFFICE = "America/New_York"

HOSTILE = st.text(
    st.sampled_from("a. :/@#<>&|*_~`[](){}\\\"'!-+=1\r\n\t\x00\x1b\x85\u2028\u200b\u202e\ud800\uffff😀"), max_size=80
)
LINKS = ("https://evil.example", "<!channel>", "<https://evil.example|Bank>", "[Bank](https://evil.example)", "&lt;b")
"""What a caller's name must not become: a link, or a mention."""


def stored(values: dict[str, Any]) -> dict[str, Any]:
    """Return an item as it is read from the table, where numbers are Decimals."""
    return {name: plain(value) for name, value in image(values).items()}


def event_of_call(call: Call) -> dict[str, Any]:
    """Return the event with a call's record."""
    item = CallItem(call, "", frozenset()).to_item(at=call["started_at"], received_at="", expires_at=None)
    return cast("dict[str, Any]", cloud_event(stored(item)))


@cache
def _call(scenario: str) -> Call:
    return calls_of(steps_of(scenario))[0]


def event_of(scenario: str, **changes: Any) -> dict[str, Any]:
    """Return the event with the record of a simulated call, with some of its fields replaced."""
    return event_of_call(cast("Call", {**_call(scenario), "revision": 3, **changes}))


def event_of_hook(hook: str, **changes: Any) -> dict[str, Any]:
    """Return an event of a hook, with some of its fields replaced."""
    made = event(hook, payload(hook, rng=random.Random(1), **changes), received_at=RECEIVED)
    return cast("dict[str, Any]", cloud_event(stored(event_item(made, SETTINGS))))


@cache
def all_events() -> tuple[dict[str, Any], ...]:
    """Return an event of each hook, and the records of each kind of call: when it begins, goes on, and is over."""
    found = [event_of_hook(hook) for hook in HOOKS]
    for name in SCENARIOS:
        steps = steps_of(name)
        for count in (1, len(steps) // 2, len(steps)):
            found += [event_of_call(call) for call in calls_of(steps[:count])]
    return tuple(found)


def body(message: Message) -> dict[str, Any]:
    """Return a message's body as its receiver reads it."""
    read: dict[str, Any] = json.loads(message.body.decode())
    return read
