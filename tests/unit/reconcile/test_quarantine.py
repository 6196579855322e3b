"""The replay of the quarantine: accepted deliveries leave it, rejected ones stay with the new reasons."""

from typing import Any

import pytest

from functions.redrive import handler as redriving
from hookswitch.deliveries.delivery import MAX_BODY
from hookswitch.errors import HookswitchError
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.receiving import hook_module
from tests.unit.doubles import Context
from tests.unit.reconcile.world import World


@pytest.fixture(autouse=True)
def _stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function's environment variables on Lambda."""
    monkeypatch.setenv("STACK_ID", "arn:aws:cloudformation:us-east-1:111111111111:stack/phones/0a1b2c3d")
    for name in ("PUBLISH_DEAD_LETTER_QUEUE_URL", "PUBLISH_FUNCTION"):
        monkeypatch.setenv(name, "not-used-here")


def replay(**asked: Any) -> dict[str, Any]:
    """Call the function as `make replay` does."""
    context: Any = Context(150)
    return dict(redriving.handler({"quarantine": {"hook": "missed_call", **asked}}, context))


def quarantined(world: World, **fields: Any) -> str:
    """Quarantine an unusable event, and return the key of its item."""
    before = set(world.table.plain("quarantine"))
    world.fire("missed_call", payload("missed_call", now=world.now, **fields))
    (key,) = set(world.table.plain("quarantine")) - before
    return key


def test_dry_run(world: World) -> None:
    """A dry run counts what a replay would send, and changes nothing."""
    for _ in range(5):
        quarantined(world, call_id=None)
    before = dict(world.table.items)
    assert replay(dry_run=True)["found"] == 5
    assert world.table.items == before
    assert world.invoked == []


def test_refused_again(world: World) -> None:
    """A delivery that is still unusable stays, with the new reasons."""
    key = quarantined(world, call_id=None)
    world.table.items[key]["reasons"] = {"L": [{"S": "An older reason."}]}
    said = replay()
    assert (said["accepted"], said["refused"]) == (0, 1)
    assert said["reasons"] == {"call_id: Field required.": 1}
    item = world.table.plain("quarantine")[key]
    assert item["reasons"] == ["call_id: Field required."]
    assert item["replayed_at"]


def test_accepted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the payload type accepts it, the event is stored and published, and the quarantine is empty."""
    type_ = hook_module("missed_call").MissedCall
    monkeypatch.setattr(type_, "accepts_name", classmethod(lambda _, name: name == "missed"))
    keys = [quarantined(world) for _ in range(3)]
    assert len(keys) == 3
    monkeypatch.undo()
    monkeypatch.setenv("STACK_ID", "arn:aws:cloudformation:us-east-1:111111111111:stack/phones/0a1b2c3d")
    for name in ("PUBLISH_DEAD_LETTER_QUEUE_URL", "PUBLISH_FUNCTION"):
        monkeypatch.setenv(name, "not-used-here")
    assert replay()["accepted"] == 3
    assert world.table.plain("quarantine") == {}
    assert len(world.published) == 3
    assert replay()["found"] == 0


def test_span_and_hook(world: World) -> None:
    """Only the requested hook and time range are replayed, both ends included."""
    times = []
    for _ in range(3):
        quarantined(world, call_id=None)
        times.append(list(world.table.plain("quarantine").values())[-1]["received_at"])
        world.now += 60
    world.dash.fire(DEFAULT_ACCOUNT_ID, "parking", payload("parking", call_id=None))
    assert replay(dry_run=True)["found"] == 3
    assert replay(dry_run=True, since=times[1])["found"] == 2
    assert replay(dry_run=True, since=times[1], until=times[1])["found"] == 1
    assert replay(dry_run=True, until=times[1])["found"] == 2


def test_truncated(world: World) -> None:
    """A truncated body can't be replayed, and is counted."""
    quarantined(world, notify={"filler": "x" * MAX_BODY})
    said = replay()
    assert (said["found"], said["truncated"], said["refused"]) == (1, 1, 0)
    assert len(world.table.plain("quarantine")) == 1


def test_function_that_fails(world: World) -> None:
    """While the hook's function fails, the replay ends after a few attempts and says where to continue."""
    for _ in range(6):
        quarantined(world, call_id=None)
        world.now += 60
    world.down = {"missed_call"}
    said = replay()
    assert (said["deferred"], said["accepted"]) == (3, 0)
    assert said["next"]
    assert len(world.table.plain("quarantine")) == 6


@pytest.mark.parametrize(
    "asked", [{"hook": "missed_calls"}, {"since": "yesterday"}, {"until": "2026-11-23"}, {"dry": True}]
)
def test_what_can_not_be_asked_for(world: World, asked: dict[str, Any]) -> None:
    """Unknown hooks, times and options are rejected with an example."""
    del world
    with pytest.raises(HookswitchError, match="Example: "):
        replay(**asked)
