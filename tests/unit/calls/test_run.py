"""What the calls function does beside folding: checks, sweeps, failed batches, and calls of any size."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import pytest

from functions.calls.handler import handler
from hookswitch.calls import components, run
from hookswitch.calls.fold import MAX_LEGS
from hookswitch.calls.graph import call_key
from hookswitch.calls.items import call_id, leg_id, parties
from hookswitch.events.attributes import item as attributes
from hookswitch.receiving.requests import FailedStreamBatch
from simulator.calls.cast import SALES
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step
from tests.emf import total
from tests.unit.calls.scenes import NOW, item_of, steps_of
from tests.unit.calls.services import CONTEXT, ENVIRONMENT, Services, patched

if TYPE_CHECKING:
    from hookswitch.calls.record import Call


class Function:
    """The calls function at a time of one's own, with the services that it finds."""

    def __init__(self) -> None:
        self.services = Services()
        self.now = NOW

    def __call__(self, event: dict[str, Any]) -> Any:
        """Invoke it."""
        clock = SimpleNamespace(now=lambda _: datetime.fromtimestamp(self.now, UTC))
        with patched(self.services), mock.patch.object(run, "datetime", clock):
            return handler(event, CONTEXT)

    def fold(self, steps: Sequence[Step]) -> None:
        """Pass the events of steps, all of which happened by now."""
        self.now = max(self.now, int(steps[-1].at))
        records = [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number), "NewImage": attributes(item_of(step))}}
            for number, step in enumerate(steps)
        ]
        for start in range(0, len(records), 100):
            assert self({"Records": records[start : start + 100]}) == {"batchItemFailures": []}

    def check(self) -> Any:
        """Pass the messages that it sent to its queue, as soon as they are due."""
        messages, self.services.queued = self.services.queued, []
        self.now += max((message["DelaySeconds"] for message in messages), default=0)
        records = [
            {"messageId": str(number), "body": message["MessageBody"], "eventSource": "aws:sqs", "attributes": {}}
            for number, message in enumerate(messages)
        ]
        return self({"Records": records}) if records else None

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The records in the table."""
        return [item["payload"] for item in self.services.table.plain("call")]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Function:
    """The calls function."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return Function()


def test_settling(function: Function, capsys: pytest.CaptureFixture[str]) -> None:
    """A missed call is final half a minute after its last event; then people are alerted, and it is counted."""
    function.fold(steps_of("no_mailbox"))
    (record,) = function.calls
    assert (record["state"], record["status"], record["final"]) == ("ended", "missed", False)
    assert not function.services.alerts
    assert function.services.queued[0]["DelaySeconds"] == 31
    capsys.readouterr()
    assert function.check() == {"batchItemFailures": []}
    (record,) = function.calls
    assert record["final"]
    assert function.services.alerts == {record["call"]: {record["revision"]}}
    log = capsys.readouterr().out
    assert total(log, "calls") == total(log, "missed") == 1


def test_nothing_to_wait_for(function: Function) -> None:
    """A call that ends as its two sides hang up is final at once, and so is one with a message."""
    function.fold(steps_of("answered"))
    assert not function.services.queued
    function.fold(steps_of("voicemail", seed=2))
    assert len(function.calls) == 2
    assert all(record["final"] for record in function.calls)


def test_check_that_is_repeated(function: Function) -> None:
    """A check whose message comes twice publishes the same revision again, and makes no other."""
    function.fold(steps_of("no_mailbox"))
    again = [*function.services.queued]
    function.check()
    published = {call: dict(revisions) for call, revisions in function.services.published.items()}
    function.services.queued = again
    function.check()
    assert function.services.published == published


def test_end_that_never_comes(function: Function) -> None:
    """A sweep closes a call whose end never came, and the end opens and ends it once more if it comes after all."""
    steps = steps_of("answered")
    function.fold([step for step in steps if step.hook != "channel_destroy"])
    assert function({"sweep": True}) == {"checked": 0}
    function.now += 37 * 3600
    assert function({"sweep": True}) == {"checked": 1}
    function.check()
    (record,) = function.calls
    assert (record["state"], record["final"], record["complete"]) == ("ended", True, False)
    assert function({"sweep": True}) == {"checked": 0}
    first, last = (step for step in steps if step.hook == "channel_destroy")
    later = function.now - NOW + 60
    ends = [
        step._replace(at=step.at + later, payload=step.payload | {"timestamp": step.payload["timestamp"] + later})
        for step in (first, last)
    ]
    function.fold(ends[:1])
    assert function.calls[0]["state"] == "in_progress"
    function.fold(ends[1:])
    (record,) = function.calls
    assert (record["state"], record["final"], record["complete"]) == ("ended", True, True)


def test_stream_of_the_past(function: Function) -> None:
    """A stack that is upgraded gets the stream of the past day: calls are made of it, and nobody is alerted."""
    function.now = NOW + 13 * 3600
    function.fold(steps_of("no_mailbox"))
    (record,) = function.calls
    assert (record["status"], record["final"]) == ("missed", True)
    assert function.services.published
    assert not function.services.alerts


def test_lost_check(function: Function) -> None:
    """A sweep makes good a check whose message was lost."""
    function.fold(steps_of("no_mailbox"))
    function.services.queued.clear()
    function.now += 300
    assert function({"sweep": True}) == {"checked": 1}
    function.check()
    assert function.calls[0]["final"]


def test_failed_batch(function: Function) -> None:
    """A batch that Lambda gave up is read from the stream again, and folded."""
    steps = steps_of("answered")
    images = [attributes(item_of(step)) for step in steps]
    batch = {
        "DDBStreamBatchInfo": {"streamArn": "s", "shardId": "1", "startSequenceNumber": "1", "endSequenceNumber": "9"}
    }
    record = {"messageId": "1", "body": json.dumps(batch), "eventSource": "aws:sqs", "attributes": {}}
    with mock.patch.object(run, "new_items", return_value=images) as read:
        assert function({"Records": [record]}) == {"batchItemFailures": []}
    read.assert_called_once_with(FailedStreamBatch("s", "1", "1", "9"))
    assert function.calls[0]["status"] == "answered"


def test_message_of_somebody_else(function: Function) -> None:
    """A message that is not one of ours stays in its queue."""
    record = {"messageId": "1", "body": "{}", "eventSource": "aws:sqs", "attributes": {}}
    assert function({"Records": [record]}) == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def conference(legs: int) -> list[Step]:
    """Return a call in which so many phones are rung for one caller, one after the other."""
    create, ring, *_ = steps_of("ring_group")
    return [
        create,
        *(
            ring._replace(at=ring.at + number, payload=ring.payload | {"call_id": f"leg-{number}"})
            for number in range(legs)
        ),
    ]


def test_five_hundred_legs(function: Function) -> None:
    """A call of five hundred legs is one call, whose record and messages stay small."""
    function.fold(conference(500))
    (record,) = function.calls
    assert record["leg_count"] > MAX_LEGS
    assert len(record["legs"]) == MAX_LEGS
    (revisions,) = function.services.published.values()
    assert len(revisions) <= 3
    assert len(json.dumps(record, default=int)) < 50_000
    assert function.services.table.writes < 4 * 500


def test_more_legs_than_are_read(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call with still more legs keeps its record, and stops nobody else's."""
    monkeypatch.setattr(components, "MAX_NODES", 50)
    function.fold([*conference(60), *steps_of("answered", seed=7)])
    assert [record["status"] for record in function.calls if record["state"] == "ended"] == ["answered"]


def test_leg_that_is_too_large(function: Function, caplog: pytest.LogCaptureFixture) -> None:
    """A leg that DynamoDB takes no more facts for, or a call that it can't store, holds up nobody else's."""
    first, second = steps_of("answered", seed=7), steps_of("answered", seed=8)
    function.services.table.full = {leg_id(DEFAULT_ACCOUNT_ID, first[0].payload["call_id"])}
    function.fold([*first, *second])
    legs = {leg["leg"] for record in function.calls for leg in record["legs"] if record["state"] == "ended"}
    assert second[0].payload["call_id"] in legs
    assert "it is too large" in caplog.text
    function.services.table.full = {
        call_id(call_key(DEFAULT_ACCOUNT_ID, steps_of("answered", seed=9)[0].payload["call_id"]))
    }
    function.fold([*steps_of("answered", seed=9), *steps_of("answered", seed=10)])
    assert len([record for record in function.calls if record["final"]]) == 2


def test_parties(function: Function) -> None:
    """A call that has ended is found by the numbers, phones and people that took part."""
    function.fold(steps_of("internal_answered"))
    (record,) = function.calls
    found = {item["subject_key"] for item in function.services.table.plain("party")}
    assert found == parties(cast("Call", record))
    account = record["account_id"]
    assert f"{account}/number/301" in found
    assert f"{account}/owner/{record['answered_by']['owner']}" in found
    assert f"{account}/device/{record['from']['device']}" in found


def test_missed_by_whom(function: Function) -> None:
    """Everybody whose phone rang finds the call, although nobody answered it."""
    function.fold(steps_of("ring_group_unanswered"))
    found = {item["subject_key"] for item in function.services.table.plain("party")}
    account = function.calls[0]["account_id"]
    assert {f"{account}/owner/{phone.owner}" for phone in SALES} <= found


def test_unusable_request() -> None:
    """Whoever invokes it with anything else is told what it expects."""
    with pytest.raises(Exception, match="a sweep, or a backfill"):
        handler({"what": 1}, CONTEXT)
