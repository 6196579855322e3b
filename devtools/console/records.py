"""What the table has of simulated calls: the items of their events, and their records."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from devtools.hook_types import SETTINGS, payload_type
from hookswitch.calls.facts import Fact
from hookswitch.calls.fold import fold
from hookswitch.calls.record import Call
from hookswitch.deliveries.delivery import Delivery
from hookswitch.events.event import Event
from hookswitch.events.items import event_item
from simulator.encoding import encode_json
from simulator.steps import Step


def items_of(steps: Sequence[Step]) -> list[Mapping[str, Any]]:
    """Return the items that the events of a call become, received when they happen."""
    return [_item(step) for step in steps]


def record_of(steps: Sequence[Step], now: float) -> Call | None:
    """Return a call's record as it is at a time, in Unix seconds; None before it begins."""
    facts = [fact for item in items_of([step for step in steps if step.at <= now]) if (fact := Fact.from_item(item))]
    folded = fold(facts, int(now))
    return folded[0].record if folded else None


def _item(step: Step) -> Mapping[str, Any]:
    """Return the item that the event of a step becomes, received when it happens."""
    body = encode_json(step.payload).decode()
    received = {
        "httpMethod": "POST",
        "headers": {"content-type": "application/json"},
        "pathParameters": {"token": ""},
        "requestContext": {"requestId": "request"},
        "body": body,
        "isBase64Encoded": False,
    }
    came = Delivery.from_api_gateway(received, step.hook)
    fields = came.decode()
    event = Event.from_delivery(payload_type(step.hook).type_for(fields), came, fields, SETTINGS)
    return event_item(replace(event, received_at=datetime.fromtimestamp(step.at, UTC)), SETTINGS)
