"""By what the lines of the log are found: every line about an event says which."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.publish import handler as publishing
from functions.redrive import handler as redriving
from hookswitch.errors import StorageUnavailableError
from hookswitch.events.attributes import item as attributes
from hookswitch.events.items import event_item
from hookswitch.observability.log import logger
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.receiving import SETTINGS, delivery, event
from tests.unit.functions.test_publish import CONTEXT, Services, services
from tests.unit.functions.test_redrive import DELIVERY, messages
from tests.unit.functions.test_redrive import Services as Invoked
from tests.unit.functions.test_redrive import services as invoked
from tests.unit.receiving.test_receiver import Places, call, places, raising, request

__all__ = ["invoked", "places", "services"]  # fixtures

KEYS = {"hook": "missed_call", "correlation_id": "request", "call_id": "the-call"}


class Lines:
    """What the logger has printed since the test began."""

    def __init__(self) -> None:
        self.printed = io.StringIO()

    @property
    def all(self) -> list[dict[str, Any]]:
        """The lines, decoded."""
        return [json.loads(line) for line in self.printed.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The logger's lines."""
    lines = Lines()
    handler: Any = logger.registered_handler
    before = handler.setStream(lines.printed)
    yield lines
    handler.setStream(before)


def missed(**fields: Any) -> bytes:
    """Return the body of a missed call."""
    return encode_json(payload("missed_call", call_id="the-call", **fields))


@pytest.mark.usefixtures("places")
def test_delivery(lines: Lines) -> None:
    """Every line of a delivery has the hook, the request, the call and the event, from when they are known."""
    call("missed_call", request("missed_call", missed(call_bridged="perhaps")))
    warning, info = lines.all
    assert warning["fields"] == ["call_bridged"]
    assert all(line.items() >= KEYS.items() for line in (warning, info))
    assert (len(warning["event_id"]), info["event_id"]) == (32, "the-key")
    assert all(isinstance(line["cold_start"], bool) for line in lines.all)
    assert {line["service"] for line in lines.all} == {"hookswitch"}


def test_fault(places: Places, lines: Lines) -> None:
    """A fault is logged by where it is, and not by what it says."""
    places.store = raising(RuntimeError("+15551234567"))
    call("missed_call", request("missed_call", missed()))
    assert places.quarantine
    assert any("fail" in frame for line in lines.all for frame in line.get("frames", []))
    assert "5551234567" not in lines.printed.getvalue()


def test_delivery_that_is_quarantined(places: Places, lines: Lines) -> None:
    """The lines of one that can't be used have its item in the quarantine."""
    call("missed_call", request("missed_call", b"{}"))
    (item,) = places.quarantine
    assert item["correlation_id"] == "request"
    assert {line["event_id"] for line in lines.all} == {item["event_id"]}
    assert {line["correlation_id"] for line in lines.all} == {"request"}


def test_delivery_that_is_queued(places: Places, lines: Lines) -> None:
    """A delivery that goes through the redrive queue has the same correlation id on its way."""
    places.store = raising(StorageUnavailableError("away"))
    call("missed_call", request("missed_call", missed()))
    places.store = lambda: ("the-key", True)
    (queued,) = places.queue
    call("missed_call", {"redelivery": queued.to_message()})
    assert len(lines.all) == 3
    assert all(line.items() >= KEYS.items() for line in lines.all)


@pytest.mark.usefixtures("places")
def test_delivery_that_is_brought_in(lines: Lines) -> None:
    """One that no request brought is found by the invocation that stored it; who brought it in is told its call."""
    message = delivery("missed_call", missed(), requestContext=None).to_message()
    answer = call("missed_call", {"redelivery": message})[1]
    assert answer["call_id"] == "the-call"
    assert {line["correlation_id"] for line in lines.all} == {CONTEXT.aws_request_id}


def test_publish(services: Services, lines: Lines) -> None:
    """Each line of publish about an event has the same keys as those of its delivery."""
    image = attributes(event_item(event("missed_call", json.loads(missed())), SETTINGS))
    services.refused = [{image["event_id"]["S"]}]
    publishing.handler({"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": image}}]}, CONTEXT)
    assert len(lines.all) == 2
    assert all(line.items() >= (KEYS | {"event_id": image["event_id"]["S"]}).items() for line in lines.all)


def test_redrive(invoked: Invoked, lines: Lines) -> None:
    """So has each line of redrive, as far as it knows them."""
    body = json.dumps({"status": "stored", "event_id": "e", "call_id": "the-call"})
    invoked.answers = {
        "missed-call:live": {"statusCode": 200, "body": body},
        "parking:live": None,
        "publish": {"unpublished": []},
    }
    known = {"hook": "missed_call", "correlation_id": "request"}
    queued = DELIVERY["redelivery"] | known
    redriving.handler(messages(DELIVERY | {"redelivery": queued}), CONTEXT)
    redriving.handler(messages(DELIVERY | {"redelivery": queued, "function": "parking"}), CONTEXT)
    redriving.handler(messages({"event_id": "e"}, queue="unpublished"), CONTEXT)
    brought, waits, published = lines.all
    assert brought.items() >= (KEYS | {"event_id": "e"}).items()
    assert waits.items() >= known.items()
    assert published["event_id"] == "e"
    assert "hook" not in published
