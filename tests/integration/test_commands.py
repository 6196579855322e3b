"""`make status`, `make calls`, `make call`, `make events` and `make logs`, run against a deployed stack."""

import csv
import io
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devtools import aws
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

LONG = "The machine at the other end answered in a way that takes more columns to describe than any screen has"

type Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def environment(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of somebody whose AWS account is the emulator, in New York."""
    return environment_of(stack, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def call(stack: Stack, environment: dict[str, str]) -> Call:
    """Run a command about the stack: `call("events", "--hook", "parking").stdout`; it may fail if told so."""

    def run(command: str, *arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "devtools", command, "--stack", stack.name, *arguments]
        ended = subprocess.run(  # noqa: S603 - our own command
            words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert "Traceback" not in ended.stderr
        if not fails:
            assert ended.returncode == 0, ended.stderr
        return ended

    return run


@pytest.fixture(scope="session")
def missed(deliver: Deliver) -> dict[str, Any]:
    """A missed call that has just been delivered, with its `event_id`."""
    sent = payload("missed_call")
    answer = deliver("missed_call", encode_json(sent))
    assert answer.outcome == "stored"
    return sent | {"event_id": answer.event_id}


@pytest.fixture(scope="session")
def ring_group(call: Call, deliver: Deliver) -> dict[str, Any]:
    """The record of a call that has just taken place, to five phones of which one answered."""
    rng, began = random.Random(), time.time() - 600  # its ids are new each time
    steps = SCENARIOS["ring_group"].events(rng=rng, account_id=DASH_ACCOUNT_ID, now=began)
    for step in steps:
        assert deliver(step.hook, encode_json(step.payload)).outcome == "stored"
    leg = str(steps[0].payload["call_id"])

    def ended() -> dict[str, Any]:
        shown = call("call", "--id", leg, "--format", "json", fails=True).stdout
        found: dict[str, Any] = json.loads(shown) if shown else {}
        return found if found.get("final") else {}

    return wait_for(ended, "the call is final")


def test_calls_as_a_table(call: Call, ring_group: dict[str, Any]) -> None:
    """A call of six legs is one row within 80 columns, with who answered; the last line counts."""
    shown = call("calls", "--day", "1h").stdout
    lines = shown.splitlines()
    assert max(map(len, lines)) <= COLUMNS
    (row,) = [line for line in lines if line.rstrip().endswith(f"  {ring_group['call'][:6]}")]
    assert "↙" in row
    assert "✓ Sales 3" in row
    assert row.split()[-3:] == ["0:10", "2:00", ring_group["call"][:6]]
    assert " answered" in shown
    assert "make call ID=" in shown


def test_calls_for_programs(call: Call, ring_group: dict[str, Any]) -> None:
    """JSON has the records, CSV a row each, with times in the office's zone."""
    records = [json.loads(line) for line in call("calls", "--day", "1h", "--format", "json").stdout.splitlines()]
    assert ring_group in records
    rows = list(csv.DictReader(io.StringIO(call("calls", "--day", "1h", "--format", "csv").stdout)))
    (row,) = [row for row in rows if row["call"] == ring_group["call"]]
    assert (row["status"], row["talk_seconds"], row["legs"]) == ("answered", "120", "6")
    assert row["started_at"].endswith("+00:00")


def test_calls_of_a_number(call: Call, ring_group: dict[str, Any]) -> None:
    """All calls of a number are found, however it is written; a missed one it was not."""
    number = ring_group["from"]["number"]
    written = f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    for asked in (number, written, ring_group["answered_by"]["number"]):
        shown = call("calls", "--number", asked, "--count", "200", "--format", "json").stdout
        assert ring_group["call"] in {json.loads(line)["call"] for line in shown.splitlines()}
    missed = call("calls", "--number", number, "--missed", "1", "--format", "json").stdout
    assert ring_group["call"] not in missed
    assert "No calls with 555-999-0199" in call("calls", "--number", "555-999-0199").stdout


def test_one_call(call: Call, ring_group: dict[str, Any]) -> None:
    """A call is found by the beginning of its id; its six legs are a picture, and its fifteen events a table."""
    shown = call("call", "--id", ring_group["call"][:6]).stdout
    lines = shown.splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert [line[0] for line in lines if "██" in line or line.endswith(("elsewhere", "cancelled"))] == [*"123456"]
    assert sum(" channel_" in line for line in lines) == len(ring_group["events"])
    assert "answered by  Sales 3" in shown
    by_event = call("call", "--id", ring_group["events"][0], "--format", "json").stdout
    assert json.loads(by_event) == ring_group


def test_call_that_does_not_exist(call: Call) -> None:
    """The command says how to find one."""
    ended = call("call", "--id", "0" * 32, fails=True)
    assert ended.returncode == 1
    assert "`make calls` lists" in ended.stderr


def test_events_as_a_table(call: Call, deliver: Deliver, missed: dict[str, Any]) -> None:
    """The newest events come first, in local time, one a line within 80 columns."""
    answer = deliver("outbound_fax_error", encode_json(payload("outbound_fax_error") | {"fax_error": LONG}))
    assert answer.outcome == "stored"
    shown = call("events", "--count", "500").stdout
    lines = shown.splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert any("time (E" in line and "hook" in line and "summary" in line for line in lines)  # EST or EDT
    assert any(" missed_call " in line and "Missed call from " in line for line in lines)
    assert any(" outbound_fax_error " in line and line.rstrip().endswith("…") for line in lines)
    assert "events since" in shown
    assert missed["event_id"] not in shown


def test_events_as_json(call: Call, missed: dict[str, Any]) -> None:
    """Each line is a whole item, its payload included, with times in UTC."""
    items = [json.loads(line) for line in call("events", "--count", "500", "--format", "json").stdout.splitlines()]
    (item,) = [item for item in items if item["event_id"] == missed["event_id"]]
    assert item["payload"]["call_id"] == missed["call_id"]
    assert item["account_id"] == DASH_ACCOUNT_ID
    assert item["occurred_at"].endswith("Z")
    times = [item["occurred_at"] for item in items]
    assert times == sorted(times, reverse=True)


def test_events_as_csv(call: Call, missed: dict[str, Any]) -> None:
    """The first line names the columns; a summary with commas stays one value."""
    shown = call("events", "--hook", "missed_call", "--count", "500", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(shown)))
    (row,) = [row for row in rows if row["id"] == missed["event_id"]]
    assert (row["hook"], row["account"]) == ("missed_call", DASH_ACCOUNT_ID)
    assert row["time"].endswith("Z")
    assert row["subject"].startswith("call/")


def test_more_events_than_are_shown(call: Call, deliver: Deliver) -> None:
    """What is left out is counted, with the command that shows it; JSON on stdout stays JSON."""
    for _ in range(3):
        assert deliver("missed_call", encode_json(payload("missed_call"))).outcome == "stored"
    shown = call("events", "--hook", "missed_call", "--count", "2", "--since", "7d").stdout
    assert shown.count(" missed_call ") == 2
    assert "The newest 2 of " in shown
    assert "HOOK=missed_call SINCE=7d COUNT=" in " ".join(shown.split())
    as_json = call("events", "--count", "1", "--format", "json")
    assert len(as_json.stdout.splitlines()) == 1
    assert "The newest 1 of" in as_json.stderr


def test_events_of_another_account(call: Call, missed: dict[str, Any]) -> None:
    """An account without events has none."""
    del missed
    assert "No events since" in call("events", "--account", "0" * 32).stdout


def test_stack_that_does_not_exist(environment: dict[str, str]) -> None:
    """A command says so in one sentence, with what to do."""
    words = [sys.executable, "-m", "devtools", "status", "--stack", "no-such-stack"]
    ended = subprocess.run(  # noqa: S603 - our own command
        words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("There is no stack no-such-stack in us-east-1.")


def test_logs(call: Call, missed: dict[str, Any]) -> None:
    """The line about a delivery is shown within 80 columns, and whole as JSON; routine lines only if asked for."""
    del missed
    shown = wait_for(lambda: _with(call("logs").stdout, "Delivery stored."), "the line is in the log")
    assert max(map(len, shown.splitlines())) <= COLUMNS
    assert any(line.endswith(("(EST)", "(EDT)")) for line in shown.splitlines())
    assert "INFO" in shown
    raw = [json.loads(line) for line in call("logs", "--hook", "missed_call", "--format", "json").stdout.splitlines()]
    assert raw
    assert {line["hook"] for line in raw} == {"missed_call"}
    assert not any("_aws" in line for line in raw)
    rows = list(csv.DictReader(io.StringIO(call("logs", "--hook", "missed_call", "--format", "csv").stdout)))
    assert len(rows) >= len(raw)
    assert all(row["time"].endswith("Z") and row["hook"] == "missed_call" for row in rows)
    everything = call("logs", "--all", "1", "--format", "json").stdout
    assert '"_aws"' in everything
    assert "START RequestId" in everything


def test_following_the_log(stack: Stack, environment: dict[str, str], deliver: Deliver, tmp_path: Path) -> None:
    """Lines appear as they are logged, until Ctrl-C, which ends the command without an error."""
    words = [sys.executable, "-m", "devtools", "logs", "--stack", stack.name, "--follow", "1", "--since", "1s"]
    with (tmp_path / "out").open("w+") as out, (tmp_path / "err").open("w+") as err:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*words, "--format", "json", "--hook", "parking"], cwd=ROOT, env=environment, stdout=out, stderr=err
        )
        try:
            shown: list[str] = []
            for _ in range(60):
                assert deliver("parking", encode_json(payload("parking"))).status == 200
                time.sleep(0.5)
                shown = (tmp_path / "out").read_text().splitlines()
                if shown:
                    break
            assert {json.loads(line)["hook"] for line in shown} == {"parking"}
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    assert (tmp_path / "err").read_text() == ""


def test_status(call: Call, deliver: Deliver, missed: dict[str, Any], stack: Stack) -> None:
    """The screen names the stack, its newest event, and each thing that needs attention with its next step."""
    del missed
    assert deliver("parking", b"not what Dash sends").outcome == "quarantined"
    document = json.loads(call("status", "--format", "json", fails=True).stdout)
    assert document["stack"] == stack.name
    assert document["events"]["last_hour"]["missed_call"] >= 1
    assert document["newest_event"]["event_id"]
    assert document["newest_event"]["occurred_at"] <= document["looked_at"]
    assert document["quarantined"]["parking"] >= 1
    ended = call("status", fails=True)
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert any(line.startswith("✓ stack") and f"{stack.name} in us-east-1" in line for line in lines)
    assert any(line.startswith("✓ newest event") and "ago" in line for line in lines)
    at = next(at for at, line in enumerate(lines) if line.startswith("✗ quarantine"))
    assert "docs/runbook.md#quarantined-deliveries" in " ".join(lines[at : at + 4])
    assert "attention" in lines[-1]


def test_status_names_alarms(call: Call, stack: Stack) -> None:
    """An alarm of the stack that sounds is named with its description; those of other stacks are not."""
    cloudwatch: Any = aws.SESSION.client("cloudwatch", endpoint_url=stack.endpoint, config=aws.CONFIG)
    name = stack.resources["DeadLettersAlarm"]
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="A test.")
    try:
        ended = call("status", "--format", "json", fails=True)
    finally:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="A test.")
        cloudwatch.close()
    document = json.loads(ended.stdout)
    assert "DeadLettersAlarm" in document["alarms"]
    assert any(
        it["what"] == "alarm" and "docs/runbook.md#dead-letters" in it["next_step"] for it in document["attention"]
    )
    assert ended.returncode == 1


def test_status_knows_reconcile(call: Call, stack: Stack, dynamodb: "DynamoDBClient") -> None:
    """The watermark is that of the table's item; with ReconcileRate off, a screen without it is fine."""
    key = {"event_id": {"S": "state-reconcile"}}
    item = dynamodb.get_item(TableName=stack.outputs["EventsTableName"], Key=key).get("Item", {})
    document = json.loads(call("status", "--format", "json", fails=True).stdout)
    assert document["watermark"] == item.get("watermark", {}).get("S")
    assert datetime.fromisoformat(document["looked_at"]) <= datetime.now(UTC)
    assert not any(it["what"] == "reconcile" for it in document["attention"])


def _with(text: str, part: str) -> str:
    return text if part in text else ""
