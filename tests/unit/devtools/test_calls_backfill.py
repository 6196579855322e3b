"""`make backfill-calls`: all events of a period go to the calls function, however often it fails or is interrupted."""

import io
import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from devtools.calls import backfill as command
from devtools.calls.backfill import Backfill, CallsFunction, Question, StoredEvents
from devtools.calls.batches import StoredEvent, batches
from devtools.calls.position import Position
from devtools.errors import LaptopError
from devtools.feeds import Feeds
from devtools.functions import AT_ONCE
from devtools.positions import PositionFile
from functions.calls import handler as calls
from hookswitch.calls.facts import CALL_HOOKS
from hookswitch.calls.requests import MOST_EVENTS
from hookswitch.events.attributes import item as attributes
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.unit.calls.scenes import item_of, steps_of
from tests.unit.calls.services import CONTEXT, ENVIRONMENT, Services, patched

FIRST = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAYS = 5
NAMES = ["ring_group", "attended_transfer", "voicemail", "abandoned", "parked_retrieved", "outbound_fax", "answered"]

type Fault = Callable[[int], None]


class Aws:
    """The table and the calls function of a stack.

    Attributes:
        services: What the function uses.
        invoked: What it was invoked with.
        fault: Called with the number of each invocation before it; raises what goes wrong.
        error: What the function answers if it fails itself, by the number of the invocation.
        created: When the table was.
    """

    def __init__(self) -> None:
        self.services = Services()
        self.invoked: list[dict[str, Any]] = []
        self.fault: Fault = lambda _: None
        self.error: dict[int, str] = {}
        self.created = FIRST
        self.restored = False
        self._lock = threading.Lock()

    def store(self) -> None:
        """Store the events of a few calls a day, which nobody folded, one of them over midnight."""
        for number in range(DAYS):
            for index, name in enumerate(NAMES):
                self.add(name, FIRST + timedelta(days=number, hours=index), seed=index + 10 * number)
        self.add("answered", (FIRST + timedelta(days=1)).replace(hour=23, minute=59, second=50), seed=99)

    def add(self, name: str, at: datetime, *, seed: int = 1) -> None:
        """Store the events of a call."""
        items = [item_of(step) for step in steps_of(name, seed=seed, now=at.timestamp())]
        self.services.table.items |= {item["event_id"]: attributes(item) for item in items}

    @property
    def calls(self) -> dict[str, Any]:
        """The records of all calls, without their revisions."""
        found = [item["payload"] for item in self.services.table.plain("call")]
        return {record["call"]: {**record, "revision": 0} for record in found if "merged_into" not in record}

    def query(self, *, ExpressionAttributeValues: dict[str, dict[str, str]], **asked: Any) -> Mapping[str, Any]:
        """Return a page of one item of the index."""
        assert asked["IndexName"] == "feeds"
        feed, since = (ExpressionAttributeValues[name]["S"] for name in (":feed", ":since"))
        with self._lock:
            found = [item for item in self.services.table.items.values() if item.get("feed") == {"S": feed}]
        found = sorted(
            (item for item in found if item["timeline_key"]["S"] >= since),
            key=lambda item: cast("str", item["timeline_key"]["S"]),
            reverse=True,
        )
        names = ("event_id", "timeline_key", "subject", "hook")
        start = int(asked.get("ExclusiveStartKey", {"at": {"N": "0"}})["at"]["N"])
        page: dict[str, Any] = {"Count": len(found[start : start + 5])}
        if asked.get("Select") != "COUNT":
            page["Items"] = [{name: it[name] for name in names if name in it} for it in found[start : start + 5]]
        return page | ({"LastEvaluatedKey": {"at": {"N": str(start + 5)}}} if start + 5 < len(found) else {})

    def describe_table(self, TableName: str) -> Mapping[str, Any]:
        """Return the table."""
        restored: dict[str, Any] = {"RestoreSummary": {}} if self.restored else {}
        return {"Table": {"TableName": TableName, "TableId": "id", "CreationDateTime": self.created, **restored}}

    def invoke(self, *, FunctionName: str, Payload: str) -> Mapping[str, Any]:
        """Do as Lambda does."""
        assert FunctionName == "calls"
        with self._lock:
            number, asked = len(self.invoked), json.loads(Payload)
            self.invoked.append(asked)
            self.fault(number)
            if number in self.error:
                said = json.dumps({"errorMessage": self.error[number]}).encode()
                return {"FunctionError": "Unhandled", "Payload": io.BytesIO(said)}
            return {"Payload": io.BytesIO(json.dumps(calls.handler(asked, CONTEXT)).encode())}

    @property
    def feeds(self) -> Feeds:
        """The feeds of the stack's account."""
        return Feeds(cast("Any", self), "the-table", DEFAULT_ACCOUNT_ID)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    """A stack with stored events of five days, and the command, which waits for nothing."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    found = Aws()
    found.store()
    target = SimpleNamespace(
        client=lambda _: found,
        output=lambda _: "the-table",
        resources={"Calls": "calls"},
        parameters={"DashAccountId": DEFAULT_ACCOUNT_ID, "IncludeSubaccounts": "false"},
        stack="hookswitch",
        argument="",
    )
    monkeypatch.setattr(command, "Target", SimpleNamespace(find=lambda _: target))
    monkeypatch.setattr("devtools.functions.PAUSE", 0)
    monkeypatch.setattr(command, "FILE", tmp_path / "positions.json")
    with patched(found.services):
        yield found


def question(**more: Any) -> Question:
    """Return the question of a period that has all events."""
    return Question(**{"since": "2026-11-01", "until": "2026-11-08", **more})


def whole(aws: Aws) -> dict[str, Any]:
    """Return what there has to be in the end: the calls of all events at once."""
    expected = Aws()
    expected.services.table.items = {
        key: item for key, item in aws.services.table.items.items() if item["kind"] == {"S": "event"}
    }
    ids = [*expected.services.table.items]
    with patched(expected.services):
        for start in range(0, len(ids), MOST_EVENTS):
            calls.handler({"backfill": {"event_ids": ids[start : start + MOST_EVENTS]}}, CONTEXT)
    return expected.calls


def test_all_calls(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Each call is made, one over midnight too; nothing is published, and the screen counts, within 80 columns."""
    command.backfill(question())
    assert aws.calls == whole(aws)
    assert not aws.services.published
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("{")]
    assert max(map(len, said)) <= 80
    events = len(aws.services.table.plain("event"))
    assert said[-2] == f"{events:,} events of calls were read, from 2026-11-01 to 2026-11-08 (days in UTC)."
    assert said[-1] == f"There are {len(aws.calls)} calls. Nothing was published, and nobody was alerted."
    assert "2026-11-03: 3 of " in " ".join(said)


def test_twice(aws: Aws) -> None:
    """The second time changes nothing."""
    command.backfill(question())
    before = dict(aws.services.table.items)
    command.backfill(question())
    assert aws.services.table.items == before
    assert not aws.services.published


def test_published_if_asked(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Every call is published as the table has it, also if it was made before."""
    command.backfill(question())
    command.backfill(question(publishes=True))
    last = {key: revisions[max(revisions)] for key, revisions in aws.services.published.items()}
    assert {key: {**last[key], "revision": 0} for key in aws.calls} == aws.calls
    assert "of them were published" in capsys.readouterr().out
    assert not aws.services.alerts


def interrupt(at: int) -> Fault:
    """Return a fault: Ctrl-C at an invocation."""

    def fault(number: int) -> None:
        if number == at:
            raise KeyboardInterrupt

    return fault


@pytest.mark.parametrize("at", range(1, 6))
def test_interrupted(at: int, aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command goes on where it was interrupted, and the result is the same; it counts both parts."""
    monkeypatch.setattr("devtools.functions.AT_ONCE", 1)
    monkeypatch.setattr("devtools.calls.batches.MOST_EVENTS", 30)
    aws.fault = interrupt(at)
    with pytest.raises(KeyboardInterrupt):
        command.backfill(question())
    stopped = capsys.readouterr().out
    assert "The same command goes on from there:\n  make backfill-calls SINCE=2026-11-01 UNTIL=2026-11-08\n" in stopped
    done = {key for asked in aws.invoked[:at] for key in asked["backfill"]["event_ids"]}
    aws.fault, aws.invoked = lambda _: None, []
    command.backfill(question())
    again = {key for asked in aws.invoked for key in asked["backfill"]["event_ids"]}
    assert done - again
    assert aws.calls == whole(aws)
    said = capsys.readouterr().out
    assert "Going on from 2026-11-0" in said
    aws.invoked = []
    command.backfill(question())
    assert len({key for asked in aws.invoked for key in asked["backfill"]["event_ids"]}) == len(done | again)


def test_another_command_begins_anew(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """What one command has done, another one does not leave out."""
    aws.fault = interrupt(2)
    with pytest.raises(KeyboardInterrupt):
        command.backfill(question())
    aws.fault = lambda _: None
    command.backfill(question(publishes=True))
    assert "Going on" not in capsys.readouterr().out
    assert aws.services.published.keys() >= aws.calls.keys()


def throttled(number: int) -> None:
    """Fail every other time, in one of three ways."""
    if number % 2 == 0:
        raise [
            ClientError({"Error": {"Code": "TooManyRequestsException", "Message": ""}}, "Invoke"),
            ClientError({"Error": {"Code": "x"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "Invoke"),  # type: ignore[typeddict-item]
            ReadTimeoutError(endpoint_url="the-endpoint"),
        ][number // 2 % 3]


def test_function_that_fails_at_times(aws: Aws) -> None:
    """What fails is tried again."""
    aws.fault, aws.error = throttled, {1: "timed out", 3: "StorageUnavailableError"}
    command.backfill(question())
    assert aws.calls == whole(aws)


def test_function_that_keeps_failing(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """The command gives up, and says why and how to go on."""
    aws.error = dict.fromkeys(range(1, 100), "SNS did not take it.")
    with pytest.raises(LaptopError, match="SNS did not take it"):
        command.backfill(question())
    assert "The same command goes on from there" in capsys.readouterr().out
    aws.error = {}
    command.backfill(question())
    assert aws.calls == whole(aws)


def test_no_permission(aws: Aws) -> None:
    """What no second try can help is told at once."""

    def denied(_: int) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "lambda:InvokeFunction"}}, "Invoke")

    aws.fault = denied
    with pytest.raises(LaptopError, match="lack a permission: lambda:InvokeFunction"):
        command.backfill(question())
    assert len(aws.invoked) <= AT_ONCE


def test_events_that_come_meanwhile(aws: Aws) -> None:
    """New events of the same calls, which the stream brings, do not disturb it."""
    streamed: list[str] = []

    def stream(_: int) -> None:
        index = NAMES.index("ring_group")
        steps = steps_of("ring_group", seed=index + 20, now=(FIRST + timedelta(days=2, hours=index)).timestamp())
        item = item_of(steps[len(streamed) % len(steps)])
        streamed.append(item["event_id"])
        record = {"dynamodb": {"SequenceNumber": "0", "NewImage": attributes(item)}}
        calls.handler({"Records": [record]}, CONTEXT)

    aws.fault = stream
    command.backfill(question())
    assert streamed
    assert aws.calls == whole(aws)


def test_oldest_day(aws: Aws) -> None:
    """There are no older events than the table, but for those that reconcile recovered, and in a restored table."""
    stored = StoredEvents(aws.feeds)
    assert stored.oldest_day() == date(2026, 10, 1)
    aws.created, aws.restored = FIRST + timedelta(days=200), True
    assert FIRST.date() - command.STRETCH < StoredEvents(aws.feeds).oldest_day() <= FIRST.date()


def test_period_that_ends_before_it_begins(aws: Aws) -> None:
    """It is refused."""
    with pytest.raises(LaptopError, match="is after UNTIL"):
        command.backfill(question(until="2026-10-01"))
    assert not aws.invoked


def test_what_is_left() -> None:
    """The line of progress has days, an estimate, events and calls, and fits."""
    position = Position("2026-01-01", "2026-12-31", days=100)
    work = Backfill(cast("Any", None), cast("Any", None), cast("Any", None), position)
    work._began -= 3_600  # noqa: SLF001
    position.days, position.events, position.calls = 200, 1_234_567, 234_567
    said = work.state
    assert said.startswith("200 of 365 days, ")
    assert said.endswith(" left, 1,234,567 events, 234,567 calls")
    assert len(f"2026-12-31: {said}") <= 80


def test_damaged_file(tmp_path: Path) -> None:
    """A file of positions that can't be read is none; other commands' positions stay."""
    path = tmp_path / "positions.json"
    path.write_text("{")
    one, two = PositionFile(Position, "one", path), PositionFile(Position, "two", path)
    assert one.load() is None
    one.save(Position("2026-01-01", "2026-01-02", place="x", days=1, events=2))
    two.save(Position("2026-01-01", "2026-01-02"))
    two.forget()
    assert two.load() is None
    assert one.load() == Position("2026-01-01", "2026-01-02", place="x", days=1, events=2)


def test_hooks_of_calls() -> None:
    """Whatever can happen in a call comes by one of the hooks whose events are read."""
    assert {step.hook for name in SCENARIOS for step in steps_of(name)} <= set(CALL_HOOKS)


EVENTS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 12)), max_size=600).map(
    lambda pairs: [
        StoredEvent(f"2026-11-02T{at:04}#{number:04}", f"{number}", f"call/{leg}")
        for number, (at, leg) in enumerate(pairs)
    ]
)


@given(EVENTS, st.randoms(use_true_random=False), st.integers(0, 8))
def test_batches(events: Sequence[StoredEvent], rng: random.Random, stop: int) -> None:
    """Each event is in one batch, legs that fit stay whole, and after any batch the rest goes on, new events or not."""
    shuffled = rng.sample(events, len(events))
    found = list(batches(shuffled))
    ids = [key for batch in found for key in batch.event_ids]
    assert sorted(ids) == sorted(event.event_id for event in events)
    assert all(len(batch.event_ids) <= MOST_EVENTS for batch in found)
    parts = {key: number for number, batch in enumerate(found) for key in batch.event_ids}
    for leg in {event.leg for event in events}:
        keys = [event.event_id for event in events if event.leg == leg]
        assert len(keys) > MOST_EVENTS or len({parts[key] for key in keys}) == 1
    done = found[:stop]
    late = StoredEvent("2026-11-02T0000#new", "new", "call/0")  # before all that the leg had
    rest = batches([*events, late], done[-1].place if done else "")
    left = {key for batch in rest for key in batch.event_ids}
    assert {event.event_id for event in events} <= left | {key for batch in done for key in batch.event_ids}


def test_function_of_an_earlier_version() -> None:
    """A stack without the calls function is told to be deployed."""
    target = SimpleNamespace(resources={}, stack="old", argument=" STACK=old")
    with pytest.raises(LaptopError, match="make deploy STACK=old"):
        CallsFunction.of(cast("Any", target), publishes=False)
