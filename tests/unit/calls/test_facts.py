"""What an event says about a leg."""

from collections.abc import Mapping
from typing import Any

import pytest

from hookswitch.calls.facts import Fact
from hookswitch.payloads.channel import ENDS


def kind_of(payload: Mapping[str, Any]) -> str:
    """Return the kind of the fact in a `channel_destroy`."""
    moment = "2026-11-25T14:03:00.000Z"
    fact = Fact.from_item(
        {
            "event_id": "1",
            "hook": "channel_destroy",
            "account_id": "a",
            "occurred_at": moment,
            "received_at": moment,
            "payload": {"call_id": "leg", **payload},
        }
    )
    assert fact
    return fact.kind


@pytest.mark.parametrize("name", ENDS)
def test_real_end(name: str) -> None:
    """A leg has ended if its event says how; the hook's payload type and the calls go by the same fields."""
    assert kind_of({name: "1"}) == "destroy"


def test_lost_media_server() -> None:
    """Without any of these fields, only the leg's media server was lost."""
    assert kind_of({"caller_id_number": "201", **dict.fromkeys(ENDS)}) == "lost"
