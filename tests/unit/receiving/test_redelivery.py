"""What functions pass to each other survives the wire, and messages that earlier versions wrote can still be read."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import NotTakenError, RequestError
from hookswitch.receiving.redelivery import Outcome, Redelivery, RedeliveryResult
from hookswitch.receiving.requests import (
    FailedStreamBatch,
    NoteRequest,
    NoteResult,
    PublishRequest,
    PublishResult,
    QueuedDelivery,
    ReplayRequest,
    UnpublishedEvent,
    read_queue_message,
)

moments = st.datetimes(timezones=st.just(UTC))
deliveries = st.builds(
    Delivery,
    hook=st.text(),
    received_at=moments,
    content_type=st.text(),
    headers=st.dictionaries(st.text(), st.text()),
    body=st.binary(),
    body_size=st.integers(min_value=0),
    body_sha256=st.text(),
    attempted_at=st.none() | moments,
    correlation_id=st.none() | st.text(min_size=1),
)
keys = st.lists(st.text()).map(tuple)

# As they have been in the queues since the first release.
DELIVERY = {
    "hook": "missed_call",
    "received_at": "2026-11-25T10:00:00.123456+00:00",
    "content_type": "application/json",
    "headers": {"x-account-id": "0" * 32},
    "body": "e30=",
    "body_size": 2,
    "body_sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
}
BATCH = {
    "requestContext": {"condition": "RetryAttemptsExhausted"},
    "DDBStreamBatchInfo": {
        "shardId": "shardId-00000001",
        "startSequenceNumber": "100",
        "endSequenceNumber": "103",
        "batchSize": 4,
        "streamArn": "arn:aws:dynamodb:us-east-1:111111111111:table/events/stream/2026",
    },
}


def on_the_wire(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message as its receiver gets it."""
    received: dict[str, Any] = json.loads(json.dumps(message))
    return received


@pytest.mark.no_cover  # other tests run the same lines
@given(
    st.builds(Redelivery, deliveries, st.booleans(), st.sampled_from(["", "cdr"]))
    | st.builds(QueuedDelivery, st.text(), deliveries)
    | st.builds(UnpublishedEvent, st.text(), st.text())
    | st.builds(PublishRequest, keys)
    | st.builds(PublishResult, keys)
    | st.builds(NoteRequest, keys)
    | st.builds(NoteResult, keys)
    | st.builds(ReplayRequest, st.text(), moments, st.none() | moments, st.booleans())
)
def test_round_trip(sent: Any) -> None:
    """What arrives equals what was sent."""
    assert type(sent).from_message(on_the_wire(sent.to_message())) == sent


@given(st.builds(RedeliveryResult, st.sampled_from(Outcome), st.none() | st.text(), keys, st.none() | st.text()))
def test_result_round_trip(sent: RedeliveryResult) -> None:
    """A hook function's answer says the same on the other side."""
    response = {"statusCode": 200, "body": json.dumps(sent.to_message())}
    assert RedeliveryResult.from_response(on_the_wire(response)) == sent


def test_messages_that_wait_in_queues() -> None:
    """Each kind of message of the two queues is recognized by its content, in the layout of the first release."""
    queued = read_queue_message(json.dumps({"function": "phones-MissedCall", "redelivery": DELIVERY}))
    assert isinstance(queued, QueuedDelivery)
    assert queued.function == "phones-MissedCall"
    assert queued.delivery.to_message() == DELIVERY
    assert read_queue_message('{"event_id": "e1"}') == UnpublishedEvent("e1", "sns")
    assert read_queue_message(json.dumps(BATCH)) == FailedStreamBatch(
        stream=BATCH["DDBStreamBatchInfo"]["streamArn"],  # type: ignore[index]
        shard="shardId-00000001",
        start="100",
        end="103",
    )


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (UnpublishedEvent("e1"), {"event_id": "e1"}),
        (UnpublishedEvent("e1", "archive"), {"event_id": "e1", "destination": "archive"}),
        (Redelivery(Delivery.from_message(DELIVERY)), {"redelivery": DELIVERY}),
        (Redelivery(Delivery.from_message(DELIVERY), may_queue=True), {"redelivery": DELIVERY, "queue": True}),
        (Redelivery(Delivery.from_message(DELIVERY), source="cdr"), {"redelivery": DELIVERY, "source": "cdr"}),
        (PublishRequest(("e1",)), {"event_ids": ["e1"]}),
        (NoteRequest(("e1",)), {"note": ["e1"]}),
        (RedeliveryResult(Outcome.QUEUED), {"status": "queued"}),
    ],
)
def test_wire_format(message: Any, wire: dict[str, Any]) -> None:
    """A function of the version before understands what this one writes, while a deployment is under way."""
    assert message.to_message() == wire


@pytest.mark.no_cover  # other tests run the same lines
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["redelivery", "event_id", "function"]), inner),
    )
)
def test_foreign_message(message: Any) -> None:
    """What is none of the three is an error that a batch processor can report, or names an event."""
    try:
        found = read_queue_message(json.dumps(message))
    except (LookupError, TypeError, ValueError):
        return
    assert isinstance(found, UnpublishedEvent)


@pytest.mark.parametrize(
    "response", [{"statusCode": 500, "body": "{}"}, {}, {"statusCode": 200, "body": '{"status": "eaten"}'}]
)
def test_delivery_not_taken(response: dict[str, Any]) -> None:
    """Any answer but a known outcome means that the delivery is still to be stored."""
    with pytest.raises(NotTakenError):
        RedeliveryResult.from_response(response)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({}, "names no hook"),
        ({"hook": 1}, "names no hook"),
        ([], "names no hook"),
        ({"hook": "parking", "since": "yesterday"}, "since: must be a time"),
        ({"hook": "parking", "until": "2026-11-23"}, "until: must be a time"),
        ({"hook": "parking", "dry_run": "no"}, "dry_run: must be"),
        ({"hook": "parking", "dry": True}, "dry: unknown"),
    ],
)
def test_invalid_replay(asked: Any, problem: str) -> None:
    """Whoever asks for a replay by hand learns what is wrong, and sees an example."""
    with pytest.raises(RequestError, match=problem) as raised:
        ReplayRequest.from_message({"quarantine": asked})
    assert "A replay looks like" in str(raised.value)


def test_replay_by_hand() -> None:
    """A replay needs no more than a hook, and takes times as people write them."""
    assert ReplayRequest.from_message({"quarantine": {"hook": "parking"}}).until is None
    asked = ReplayRequest.from_message({"quarantine": {"hook": "parking", "since": "2026-11-23T14:00:00Z"}})
    assert asdict(asked)["since"] == datetime(2026, 11, 23, 14, tzinfo=UTC)
