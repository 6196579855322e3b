"""The event that a destination is tested with."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

from hookswitch.destinations.formats.render import render
from hookswitch.destinations.formats.samples import test_event as sample
from hookswitch.destinations.record import TYPES, Options, Type
from tests.contract import check
from tests.unit.destinations.formats.events import body

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
ID = "0123456789abcdef" * 2


def made(now: datetime = NOW) -> dict[str, Any]:
    """Return the event."""
    return cast("dict[str, Any]", sample(ID, "5a2d994fbae69b1d6b01eb9f0e7dfe62", now))


def test_contract() -> None:
    """It fits the schemas of events and calls, so that a receiver is tested with what it will get."""
    check(made())
    assert made()["id"] == f"test-call-{ID}"
    assert made()["data"]["started_at"] == "2026-11-26T06:29:07Z"
    assert made(NOW.astimezone(timezone(timedelta(hours=2))))["data"] == made()["data"]


def test_every_type_says_that_it_is_a_test() -> None:
    """Whoever sees it knows that nobody called."""
    for destination_type in TYPES:
        message = render(made(), cast("Type", destination_type), Options())
        assert "Test" in message.body.decode()
        assert "This is a test" in message.body.decode()
    assert body(render(made(), "zapier", Options()))["is_test"] is True
    blocks = body(render(made(), "slack", Options()))["blocks"]
    assert blocks[0]["text"]["text"].startswith("Test: ")
    assert blocks[-1]["elements"][0]["text"].startswith("A test: nobody called · ")
