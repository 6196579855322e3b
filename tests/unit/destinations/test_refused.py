"""What the queue of events refused reaches destinations all the same."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError

from hookswitch.destinations.refused import route_refused
from hookswitch.errors import NotTakenError
from tests.unit.destinations.world import REFUSED, World, running

ASKED: Any = {"QueueUrl": REFUSED, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}


@pytest.fixture
def world() -> Iterator[World]:
    """A world."""
    with running() as found:
        yield found


def refuse(world: World, *events: Mapping[str, Any]) -> None:
    """Have SNS put events where it puts those that their queue refuses."""
    world.refused |= {f"refused-{number}": json.dumps(event) for number, event in enumerate(events)}


def sweep(world: World) -> None:
    """Do what a sweep does."""
    route_refused(REFUSED, world.router)
    world.settle()


def test_refused_events_arrive(world: World) -> None:
    """However many there are, each is routed once, and nothing is left."""
    receiver = world.add("crm")
    events = [world.event(number) for number in range(25)]
    refuse(world, *events)
    sweep(world)
    assert sorted(receiver.ids) == sorted(event["id"] for event in events)
    assert not world.refused


def test_envelope_of_sns(world: World) -> None:
    """An event is found within the envelope that SNS puts it in for other subscribers."""
    receiver = world.add("crm")
    event = world.event(1)
    refuse(world, {"Type": "Notification", "Message": json.dumps(event)})
    sweep(world)
    assert receiver.ids == [event["id"]]


def test_what_is_not_an_event_stays(world: World) -> None:
    """A message that is not an event is left to the queue's own dead letters, and the others are routed."""
    receiver = world.add("crm")
    event = world.event(1)
    refuse(world, event)
    world.refused |= {"strange": "not JSON", "list": "[]"}
    with mock.patch.object(world, "receive_message", side_effect=[world.receive_message(**ASKED), {}]):
        sweep(world)
    assert receiver.ids == [event["id"]]
    assert [*world.refused] == ["strange", "list"]


def test_nothing_is_deleted_that_was_not_routed(world: World) -> None:
    """If DynamoDB does not do its part, the events stay."""
    world.add("crm")
    refuse(world, world.event(1))
    fault = ClientError({"Error": {"Code": "InternalServerError"}}, "BatchWriteItem")
    with (
        mock.patch.object(world.tables, "batch_write_item", side_effect=fault),
        pytest.raises(NotTakenError),
    ):
        sweep(world)
    assert len(world.refused) == 1
