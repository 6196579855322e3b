"""`make import` against a deployed stack: the calls of the past are there, and nobody hears of them unless asked."""

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from devtools.inbox import Inbox, Message
from devtools.local import DASH_ACCOUNT_ID, ROOT
from devtools.stack import Stack
from simulator.api import DashApi
from simulator.calls.scenarios import SCENARIOS
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.integration.commanding import COLUMNS, environment_of
from tests.integration.delivering import Deliver

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

THREE = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0)
QUIET, LOUD = THREE - timedelta(days=9), THREE - timedelta(days=7)
NAMES = ("ring_group", "abandoned")  # the second one would alert people


@pytest.fixture(scope="module")
def environment(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the commands."""
    return environment_of(stack, tmp_path_factory.mktemp("home"))


def happens(dash_api: DashApi, began: datetime) -> set[str]:
    """Have Dash keep the records of some calls of the past, of which no webhook told; return their legs' `call_id`."""
    ended: set[str] = set()
    for number, name in enumerate(NAMES):
        at = (began + timedelta(minutes=10 * number)).timestamp()
        rng = random.Random()  # its ids are new each time
        for step in SCENARIOS[name].events(rng=rng, account_id=DASH_ACCOUNT_ID, now=at):
            dash_api.dash.records.note(DASH_ACCOUNT_ID, step.hook, step.payload, step.leg, step.at)
            ended |= {str(step.payload["call_id"])} if step.hook == "channel_destroy" else set()
    return ended


def bring_in(stack: Stack, environment: dict[str, str], began: datetime, *arguments: str) -> str:
    """Import a day, and return the screen as one line."""
    day = began.date().isoformat()
    words = [sys.executable, "-m", "devtools", "import", "--stack", stack.name, "--from", day, "--until", day]
    done = subprocess.run(  # noqa: S603 - our own command
        [*words, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= COLUMNS
    return " ".join(lines)


def items(stack: Stack, dynamodb: "DynamoDBClient", kind: str) -> list[dict[str, Any]]:
    """Return the items of a kind."""
    plain = TypeDeserializer().deserialize
    pages = dynamodb.get_paginator("scan").paginate(TableName=stack.outputs["EventsTableName"], ConsistentRead=True)
    every = [{name: plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]
    return [item for item in every if item["kind"] == kind]


def about(inbox: Inbox, deliver: Deliver, legs: set[str]) -> list[Message]:
    """Return the messages about some legs so far: an event that is sent now is published after them."""
    inbox.wait_for(deliver("missed_call", encode_json(payload("missed_call"))).event_id)
    return [
        message
        for message in inbox.messages
        if legs & {message.event["data"].get("call_id"), *(leg["leg"] for leg in message.event["data"].get("legs", ()))}
    ]


def test_nobody_hears_of_it(
    stack: Stack,
    dynamodb: "DynamoDBClient",
    dash_api: DashApi,
    inbox: Inbox,
    deliver: Deliver,
    environment: dict[str, str],
) -> None:
    """Each leg is an event and a part of its call; nothing is published, and nobody is alerted, also later."""
    legs = happens(dash_api, QUIET)
    said = bring_in(stack, environment, QUIET)
    assert f"{len(legs)} legs of calls were imported" in said
    assert said.endswith("Nothing was published, and nobody was alerted.")
    imported = [item for item in items(stack, dynamodb, "imported") if item["call_id"] in legs]
    calls = [item for item in items(stack, dynamodb, "call") if item["payload"]["legs"][0]["leg"] in legs]
    assert {item["call_id"] for item in imported} == legs
    assert {item["recovered"] for item in imported} == {"cdr"}
    assert {leg["leg"] for call in calls for leg in call["payload"]["legs"]} == legs
    assert all(call["final"] and call["settled"] for call in calls)
    assert not about(inbox, deliver, legs)


def test_published_if_asked(
    stack: Stack, dash_api: DashApi, inbox: Inbox, deliver: Deliver, environment: dict[str, str]
) -> None:
    """With PUBLISH=1 each event and the record of each call are published, and no message alerts."""
    legs = happens(dash_api, LOUD)
    said = bring_in(stack, environment, LOUD, "--publish", "1")
    assert f"{len(legs)} events were published, and nobody was alerted." in said
    messages = about(inbox, deliver, legs)
    events = [it for it in messages if it.event["type"] == "com.virtualpbx.dash.channel_destroy"]
    assert {it.event["data"]["call_id"] for it in events} == legs
    assert {it.event["recovered"] for it in events} == {"cdr"}
    assert {leg["leg"] for it in messages for leg in it.event["data"].get("legs", ())} == legs
    assert {it.attributes.get("alert", {"Value": "false"})["Value"] for it in messages} == {"false"}
