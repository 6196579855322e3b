"""`make backfill-calls` against a deployed stack: the calls of the past are made, and nothing else happens."""

import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from devtools.__main__ import INTERRUPTED
from devtools.inbox import Inbox
from devtools.local import DASH_ACCOUNT_ID, ROOT
from devtools.stack import Stack
from devtools.waiting import wait_for
from simulator.calls.scenarios import SCENARIOS
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.integration.commanding import COLUMNS, environment_of
from tests.integration.delivering import Deliver

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient

FIRST = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) - timedelta(days=4)
NAMES = ("voicemail", "attended_transfer")
DAYS = 3  # that have calls

type Item = Mapping[str, Any]


class Past:
    """Calls of some days of the past, as the stack has them.

    Attributes:
        ours: The `call_id` of each of their legs.
    """

    def __init__(self, stack: Stack, dynamodb: "DynamoDBClient", sqs: "SQSClient", deliver: Deliver) -> None:
        self.ours: set[str] = set()
        self._sqs = sqs
        self._queue = stack.outputs["CallsQueueUrl"]
        self._client = dynamodb
        self._table = stack.outputs["EventsTableName"]
        for day in range(DAYS):
            for number, name in enumerate(NAMES):
                self._play(deliver, name, FIRST + timedelta(days=day, minutes=10 * number))
        # A call that is to be looked at again may be written after it was forgotten. That is asked first: it is quick.
        wait_for(lambda: self._is_checked() and self._are_final(), "all calls are final")

    def items(self) -> dict[str, list[Item]]:
        """Return the items of the calls and the events by their kind, but for what was merged into other calls."""
        plain = TypeDeserializer().deserialize
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        every: list[Any] = [item for page in pages for item in page["Items"]]  # of all tests: few of them are ours
        calls = {
            item["payload"]["M"]["call"]["S"]
            for item in every
            if item["kind"]["S"] == "call"
            and self.ours & {leg["M"]["leg"]["S"] for leg in item["payload"]["M"]["legs"]["L"]}
        }
        mine: Mapping[str, Callable[[Any], bool]] = {
            "call": lambda item: item["payload"]["M"]["call"]["S"] in calls,
            "leg": lambda item: item["leg"]["S"] in self.ours,
            "party": lambda item: item["call"]["S"] in calls,
            "event": lambda item: item.get("call_id", {}).get("S") in self.ours,
        }
        found: dict[str, list[Item]] = defaultdict(list)
        for item in every:
            kind = item["kind"]["S"]
            if kind in mine and mine[kind](item):
                found[kind].append({name: plain(value) for name, value in item.items()})
        return found

    def records(self) -> dict[str, Any]:
        """Return the records, which do not depend on how they came about, but for the number of revisions."""
        found = {item["payload"]["call"]: item["payload"] for item in self.items()["call"]}
        return {key: {**it, "revision": 0} for key, it in found.items() if "merged_into" not in it}

    def parties(self) -> set[str]:
        """Return the keys of the entries by number, owner and device."""
        standing = self.records()
        return {item["event_id"] for item in self.items()["party"] if item["call"] in standing}

    def forget(self) -> None:
        """Delete all that was made of the events."""
        items = self.items()
        for item in (*items["call"], *items["leg"], *items["party"]):
            self._client.delete_item(TableName=self._table, Key={"event_id": {"S": item["event_id"]}})
        assert not self.records()

    def _play(self, deliver: Deliver, name: str, began: datetime) -> None:
        rng = random.Random()  # its ids are new each time
        steps = SCENARIOS[name].events(rng=rng, account_id=DASH_ACCOUNT_ID, now=began.timestamp())
        for step in steps:
            assert deliver(step.hook, encode_json(step.payload)).outcome == "stored"
            self.ours.add(str(step.payload["call_id"]))

    def _is_checked(self) -> bool:
        names: Any = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        counts = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=names)["Attributes"]
        return not any(map(int, counts.values()))

    def _are_final(self) -> bool:
        items = self.items()
        records = [item["payload"] for item in items["call"]]
        of_records = {event for record in records for event in record["events"]}
        return {item["event_id"] for item in items["event"]} <= of_records and all(it["final"] for it in records)


class Command:
    """The command, for the days of the calls until today."""

    def __init__(self, stack: Stack, environment: dict[str, str]) -> None:
        self._words = [sys.executable, "-m", "devtools", "backfill-calls", "--stack", stack.name]
        self._words += ["--since", FIRST.date().isoformat()]
        self._environment = environment

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start it."""
        pipe = subprocess.PIPE
        return subprocess.Popen(  # noqa: S603 - our own command
            [*self._words, *arguments], cwd=ROOT, env=self._environment, stdout=pipe, stderr=pipe, text=True
        )

    def __call__(self, *arguments: str) -> Sequence[str]:
        """Run it, and return its screen."""
        process = self.begin(*arguments)
        said, wrong = process.communicate(timeout=120)
        assert (process.returncode, wrong) == (0, "")
        lines = said.splitlines()
        assert max(map(len, lines)) <= COLUMNS
        return lines


@pytest.fixture(scope="module")
def past(stack: Stack, dynamodb: "DynamoDBClient", sqs: "SQSClient") -> Iterable[Past]:
    """Calls of the past, which the stack made when their events came."""
    deliver = Deliver(stack)
    yield Past(stack, dynamodb, sqs, deliver)
    deliver.close()


@pytest.fixture(scope="module")
def command(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command about the stack."""
    return Command(stack, environment_of(stack, tmp_path_factory.mktemp("home")))


def published(inbox: Inbox, deliver: Deliver, past: Past) -> list[Any]:
    """Return the messages about these calls so far: an event that is sent now is published after them."""
    marker = deliver("missed_call", encode_json(payload("missed_call")))
    inbox.wait_for(marker.event_id)
    return [it for it in inbox.messages if past.ours & {leg["leg"] for leg in it.event["data"].get("legs", ())}]


def test_same_calls(past: Past, command: Command, inbox: Inbox, deliver: Deliver) -> None:
    """Made of the stored events, the calls are the same as those that were made at once; nothing is published."""
    records, parties = past.records(), past.parties()
    assert len(records) == DAYS * len(NAMES)
    past.forget()
    said = command()
    assert past.records() == records
    assert past.parties() == parties
    assert said[-1].endswith("Nothing was published, and nobody was alerted.")
    assert f"{FIRST.date()}: 1 of 5 days, " in " ".join(said)
    assert not published(inbox, deliver, past)
    before = past.items()
    command()
    assert past.items() == before, "The second time changes nothing."


def test_interrupted(past: Past, command: Command) -> None:
    """After Ctrl-C the same command goes on where it was, and all calls are there in the end."""
    records = past.records()
    past.forget()
    process = command.begin()
    assert process.stdout
    for line in process.stdout:
        if line.startswith(str(FIRST.date())):
            break
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == INTERRUPTED
    assert "The same command goes on from there:\n  make backfill-calls STACK=" in said
    assert not past.records().keys() >= records.keys(), "It was interrupted too late."
    again = command()
    assert again[0].startswith("Going on from ")
    assert not any(line.startswith(str(FIRST.date())) for line in again), "The first day was done."
    assert past.records() == records


def test_published_if_asked(past: Past, command: Command, inbox: Inbox, deliver: Deliver) -> None:
    """With PUBLISH=1 every call is published as the table has it, and no message alerts."""
    last = FIRST + timedelta(days=DAYS)
    said = command("--until", last.date().isoformat(), "--publish", "1")
    messages = published(inbox, deliver, past)
    found = {it.event["data"]["call"]: it.event["data"] for it in messages}
    assert {key: {**record, "revision": 0} for key, record in found.items() if "merged_into" not in record} == (
        past.records()
    )
    assert {it.attributes["alert"]["Value"] for it in messages} == {"false"}
    assert " were published, and nobody was alerted." in said[-1]
