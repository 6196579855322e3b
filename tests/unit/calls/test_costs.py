"""What calls cost: operations of the table until somebody hears of a call, and messages that say nothing new."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from hookswitch.calls import run
from hookswitch.calls.story import LOST_END_SECONDS
from hookswitch.events.attributes import item as attributes
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.publishing.outbox import StreamBatch
from tests.unit.calls.scenes import item_of, steps_of
from tests.unit.calls.services import SETTINGS, Services, patched


def fold(item: Mapping[str, Any]) -> None:
    """Fold one event."""
    calls = run.Calls(SETTINGS, MetricsRecorder(), deadline=float("inf"))
    assert calls.fold_batch(StreamBatch({"1": attributes(item)})).returned == ()


@pytest.mark.parametrize("name", ["answered", "voicemail", "internal_answered", "outbound_answered"])
def test_first_event_of_a_call(name: str) -> None:
    """A call that rings is told after two operations of the table, since a screen pop must not wait."""
    services, operations = Services(), list[str]()
    services.table.before_call = operations.append
    with patched(services):
        fold(item_of(steps_of(name, now=time.time())[0]))
    assert operations == ["UpdateItem", "PutItem"]
    assert services.published


def test_first_event_that_comes_twice() -> None:
    """It makes one revision, which is published again, since it may not have been."""
    services = Services()
    item = item_of(steps_of("answered", now=time.time())[0])
    with patched(services):
        fold(item)
        fold(item)
    assert [call["revision"] for call in services.table.plain("call")] == [1]


def test_end_of_one_leg() -> None:
    """The end of one of two legs is no news, but the call is looked at sooner, in case that the other never comes."""
    services = Services()
    steps = steps_of("answered", now=time.time())
    *before, first_end, _ = (item_of(step) for step in steps)
    with patched(services):
        for item in before:
            fold(item)
        (call,) = services.table.plain("call")
        fold(first_end)
        (later,) = services.table.plain("call")
    assert later["revision"] == call["revision"] == 2
    assert later["check_at"] == int(steps[-2].at) + LOST_END_SECONDS < call["check_at"]
    assert [*services.published[call["payload"]["call"]]] == [1, 2]
