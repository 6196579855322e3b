"""Calls made of events that are stored already: of the past at once, and without a trace in what happens now."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from hookswitch.calls import run
from hookswitch.calls.requests import BackfillRequest, CheckRequest
from hookswitch.errors import NotTakenError, StorageUnavailableError
from hookswitch.events.attributes import item as attributes
from hookswitch.events.items import timestamp
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.publishing.outbox import StreamBatch
from simulator.calls.scenarios import SCENARIOS
from tests.emf import total
from tests.unit.calls.scenes import item_of, steps_of
from tests.unit.calls.services import SETTINGS, Services, patched

HOUR, DAY = 3_600, 86_400
NOW = 1_795_000_000

type Item = Mapping[str, Any]
type Capture = pytest.CaptureFixture[str]


class Stack:
    """A table with events, and the function that makes calls of them.

    Attributes:
        services: What the function uses.
        now: The present, in Unix seconds.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self.now = NOW

    def store(self, name: str, *, ago: float) -> list[Item]:
        """Store the events of a call that began some seconds ago, which nobody folds, and return them."""
        items = [item_of(step) for step in steps_of(name, now=self.now - ago)]
        self.services.table.items |= {item["event_id"]: attributes(item) for item in items}
        return items

    def backfill(self, items: Sequence[Item], *, publishes: bool = False) -> dict[str, int]:
        """Make calls of stored events."""
        with MetricsRecorder() as metrics:
            keys = tuple(item["event_id"] for item in items)
            return self._calls(metrics).backfill(BackfillRequest(keys, publishes))

    def check(self, call: Mapping[str, Any]) -> None:
        """Look at a call again, as a message of the calls queue asks for."""
        message = CheckRequest(call["account_id"], call["legs"][0]["leg"], self.now).to_message()
        with MetricsRecorder() as metrics:
            self._calls(metrics).carry_out(cast("Any", SimpleNamespace(message_id="check", body=json.dumps(message))))

    def fold_again(self, streams: "Streams") -> None:
        """Read a failed batch from the stream again, as a message of the calls queue asks for."""
        with MetricsRecorder() as metrics:
            self._calls(metrics).carry_out(
                cast("Any", SimpleNamespace(message_id="check", body=json.dumps(streams.failure())))
            )

    def stream(self, items: Sequence[Item]) -> None:
        """Fold new events."""
        batch = StreamBatch({str(number): attributes(item) for number, item in enumerate(items)})
        with MetricsRecorder() as metrics:
            assert self._calls(metrics).fold_batch(batch).returned == ()

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls in the table."""
        return self.services.table.plain("call")

    @property
    def call(self) -> dict[str, Any]:
        """The only call in the table."""
        (call,) = self.calls
        return call

    @property
    def alerts(self) -> int:
        """How many times people were alerted."""
        return sum(map(len, self.services.alerts.values()))

    def _calls(self, metrics: MetricsRecorder) -> run.Calls:
        return run.Calls(SETTINGS, metrics, deadline=float("inf"))


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack without any events, at a time that tests set."""
    found = Stack(Services())
    clock = SimpleNamespace(now=lambda zone: datetime.fromtimestamp(found.now, zone or UTC))
    monkeypatch.setattr(run, "datetime", clock)
    with patched(found.services):
        yield found


@pytest.mark.parametrize("name", SCENARIOS)
def test_past_calls(name: str, stack: Stack, capsys: Capture) -> None:
    """A call of long ago is final at once, alerts nobody and is not counted, in whatever parts it comes."""
    items = stack.store(name, ago=9 * DAY)
    for item in items:
        stack.backfill([item])
    calls = [call for call in stack.calls if "merged_into" not in call["payload"]]
    assert calls
    assert all(call["final"] and call["state"] == "ended" for call in calls)
    stack.backfill(items)
    stack.stream(items)
    assert stack.alerts == 0
    assert total(capsys.readouterr().out, "calls") == 0


@pytest.mark.parametrize("name", ["abandoned", "voicemail"])
def test_imported_calls(name: str, stack: Stack, capsys: Capture) -> None:
    """Imported events come long after their calls: those are settled all the same, and what comes later alerts nobody.

    Nor is any call kept for longer than if its events had come when they happened.
    """
    received_at = timestamp(datetime.fromtimestamp(stack.now, UTC))
    items = [{**item, "kind": "imported", "received_at": received_at} for item in stack.store(name, ago=9 * DAY)]
    stack.services.table.items |= {item["event_id"]: attributes(item) for item in items}
    stack.backfill(items)
    assert (stack.call["final"], stack.call["settled"], stack.call["alerted"]) == (True, True, True)
    assert stack.call["received_at"] < received_at
    stack.check(stack.call["payload"])
    stack.stream([{**items[-1], "event_id": "0" * 32, "kind": "event"}])
    assert stack.alerts == 0
    assert total(capsys.readouterr().out, "calls") == 0


@pytest.mark.parametrize(("ago", "alerts"), [(2 * DAY, 1), (4 * DAY, 0)])
def test_recovered_calls(ago: int, alerts: int, stack: Stack, capsys: Capture) -> None:
    """A call that reconcile recovers alerts and counts if it is of the last days; an older one is only published."""
    received_at = timestamp(datetime.fromtimestamp(stack.now, UTC))
    stack.stream([{**item, "received_at": received_at} for item in stack.store("abandoned", ago=ago)])
    stack.now += 60
    stack.check(stack.call["payload"])
    assert (stack.call["final"], stack.call["alerted"], stack.alerts) == (True, True, alerts)
    assert total(capsys.readouterr().out, "calls") == alerts
    assert stack.services.published


@pytest.mark.parametrize("name", SCENARIOS)
def test_twice(name: str, stack: Stack) -> None:
    """Backfilled again, nothing changes, and nothing is published unless that is asked for."""
    items = stack.store(name, ago=9 * DAY)
    assert stack.backfill(items)["revisions"] >= 1
    before = dict(stack.services.table.items)
    answer = stack.backfill(items)
    assert answer["revisions"] == 0
    assert answer["published"] == 0
    assert stack.services.table.items == before
    assert not stack.services.published


def test_call_that_goes_on(stack: Stack, capsys: Capture) -> None:
    """Of a call in progress the backfill knows the beginning; its end alerts and counts as if nothing had been."""
    items = stack.store("abandoned", ago=10)
    stack.backfill([item for item in items if item["hook"] != "channel_destroy"])
    assert (stack.call["state"], stack.call["settled"], stack.call["alerted"]) == ("ringing", False, False)
    stack.now += 60
    stack.stream(items)
    assert (stack.call["final"], stack.alerts) == (True, 1)
    assert total(capsys.readouterr().out, "calls") == 1


def test_call_of_hours_that_goes_on(stack: Stack, capsys: Capture) -> None:
    """So does one that began before the calls function existed and is still in progress."""
    items = stack.store("answered", ago=8 * HOUR)
    ends = [item for item in items if item["hook"] == "channel_destroy"]
    stack.backfill([item for item in items if item not in ends])
    assert (stack.call["state"], stack.call["settled"]) == ("in_progress", False)
    stack.stream(ends)
    assert stack.call["final"]
    assert total(capsys.readouterr().out, "calls") == 1


@pytest.mark.parametrize("ago", [600, 5 * HOUR])
def test_backfill_overtakes_the_stream(ago: int, stack: Stack, capsys: Capture) -> None:
    """A call that the stream still brings alerts and counts, once, although a backfill saw it before."""
    items = stack.store("no_message", ago=ago)
    stack.backfill(items)
    assert stack.call["final"]
    assert stack.alerts == 0
    for _ in range(2):
        stack.stream(items)
        stack.backfill(items)
    assert stack.alerts == 1
    assert total(capsys.readouterr().out, "calls") == 1


def test_late_event_of_the_past(stack: Stack, capsys: Capture) -> None:
    """An event that comes late for a call of the past changes its record, and alerts nobody."""
    *call, message = stack.store("voicemail", ago=9 * DAY)
    assert message["hook"] == "voicemail_new"
    stack.backfill(call)
    stack.stream([message])
    assert stack.call["status"] == "voicemail"
    assert stack.alerts == 0
    assert total(capsys.readouterr().out, "calls") == 0


@pytest.mark.parametrize("name", SCENARIOS)
def test_publishing(name: str, stack: Stack) -> None:
    """If that is asked for, the record of each call is published, also one that had its last revision before."""
    items = stack.store(name, ago=9 * DAY)
    stack.stream(items)
    known, told = stack.services.published.copy(), stack.alerts
    stack.services.published.clear()
    answer = stack.backfill(items, publishes=True)
    assert answer["published"] == len(stack.services.published)
    last = {call["payload"]["call"]: call["payload"] for call in stack.calls if "merged_into" not in call["payload"]}
    found = {key: revisions[max(revisions)] for key, revisions in stack.services.published.items()}
    assert {key: found[key] for key in last} == last
    assert found.keys() <= known.keys()
    assert stack.alerts == told


def test_publishing_what_a_check_made_final(stack: Stack) -> None:
    """No event made its last revision; it is published all the same."""
    items = stack.store("no_message", ago=steps_of("no_message", now=0)[-1].at)
    stack.stream(items)
    assert not stack.call["final"]
    stack.now += 600
    stack.check(stack.call["payload"])
    assert (stack.call["final"], stack.alerts) == (True, 1)
    stack.services.published.clear()
    assert stack.backfill(items, publishes=True)["published"] == 1
    assert [*stack.services.published] == [stack.call["payload"]["call"]]
    assert stack.alerts == 1


def test_topic_that_fails(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the calls can't be published, the invocation fails; the next one publishes them."""
    items = stack.store("answered", ago=9 * DAY)
    with monkeypatch.context() as broken:
        broken.setattr(
            "hookswitch.calls.run.Outbox.publish_batch",
            lambda _self, batch, _deadline: SimpleNamespace(returned=[*batch.images], owed=set(batch.images)),
        )
        with pytest.raises(StorageUnavailableError):
            stack.backfill(items, publishes=True)
    stack.backfill(items, publishes=True)
    assert len(stack.services.published) == 1


class Streams:
    """The table's stream, with one shard that has some items and some changes."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.records = [
            {"eventName": name, "dynamodb": {"SequenceNumber": str(number), "NewImage": attributes(item)}}
            for number, (name, item) in enumerate(
                [("MODIFY", items[0]), *(("INSERT", item) for item in items), ("INSERT", {**items[0], "kind": "leg"})]
            )
        ]

    def get_shard_iterator(self, **asked: str) -> dict[str, str]:
        """Return where to begin."""
        assert asked == {
            "StreamArn": "the-stream",
            "ShardId": "the-shard",
            "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            "SequenceNumber": "0",
        }
        return {"ShardIterator": "0"}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:
        """Return three records."""
        start = int(ShardIterator)
        return {"Records": self.records[start : start + 3], "NextShardIterator": str(start + 3)}

    def failure(self) -> dict[str, Any]:
        """Return the message with which Lambda says that the function failed on all of the shard."""
        stretch = {
            "shardId": "the-shard",
            "startSequenceNumber": "0",
            "endSequenceNumber": str(len(self.records) - 1),
            "streamArn": "the-stream",
        }
        return {"requestContext": {}, "DDBStreamBatchInfo": stretch}


def test_failed_batch(stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """A batch that the function failed on for six hours is read from the stream again, and alerts and counts."""
    streams = Streams(stack.store("voicemail", ago=7 * HOUR))
    monkeypatch.setattr("hookswitch.aws.clients.dynamodb_streams", lambda: streams)
    for _ in range(2):
        stack.fold_again(streams)
    assert stack.call["status"] == "voicemail"
    assert stack.call["payload"]["complete"]
    assert stack.alerts == 1
    assert total(capsys.readouterr().out, "calls") == 1


def test_failed_batch_that_fails_again(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its message stays in the queue, and the next time the call is made."""
    streams = Streams(stack.store("answered", ago=7 * HOUR))
    monkeypatch.setattr("hookswitch.aws.clients.dynamodb_streams", lambda: streams)

    def failing(_: str) -> None:
        raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, "AnyOperation")

    stack.services.table.before_call = failing
    with pytest.raises(NotTakenError):
        stack.fold_again(streams)
    stack.services.table.before_call = lambda _: None
    stack.fold_again(streams)
    assert stack.call["payload"]["complete"]


def test_failed_batch_that_is_too_old(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream keeps a day; the message of an older batch ends in the dead-letter queue, and a backfill helps."""
    items = stack.store("answered", ago=2 * DAY)
    streams = Streams(items)

    def trimmed(**_: str) -> Any:
        raise ClientError({"Error": {"Code": "TrimmedDataAccessException"}}, "GetShardIterator")

    monkeypatch.setattr(streams, "get_shard_iterator", trimmed)
    monkeypatch.setattr("hookswitch.aws.clients.dynamodb_streams", lambda: streams)
    with pytest.raises(NotTakenError):
        stack.fold_again(streams)
    stack.backfill(items)
    assert stack.call["payload"]["complete"]
