"""The examples for consumers do what they say."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import boto3
import pytest
from jsonschema import ValidationError
from pytest_httpserver import HTTPServer

from devtools.local import ROOT
from devtools.stack import validate
from devtools.template import parse
from devtools.waiting import wait_for
from examples.destination_receivers import hubspot
from examples.missed_calls import handler as consumer
from hookswitch.calls.items import CallItem
from hookswitch.destinations import signing
from hookswitch.destinations.formats.message import Message
from hookswitch.destinations.formats.render import render
from hookswitch.destinations.formats.samples import test_event as sample
from hookswitch.destinations.record import Options
from hookswitch.events.attributes import item as attributes
from hookswitch.events.attributes import plain
from simulator.calls.scenarios import SCENARIOS
from simulator.confidential import note
from tests.documents.test_schemas import message_from
from tests.unit.calls.scenes import calls_of, steps_of

if TYPE_CHECKING:
    from hookswitch.calls.record import Call

TEMPLATES = sorted((ROOT / "examples").glob("*/template.yaml"))


def records(*messages: dict[str, Any]) -> dict[str, Any]:
    """Return what Lambda receives from a queue with raw message delivery."""
    return {"Records": [{"body": json.dumps(message)} for message in messages]}


def call(**changes: Any) -> dict[str, Any]:
    """Return the message about a simulated call that nobody answered."""
    (found,) = calls_of(steps_of("voicemail"))
    record = cast("Call", {**found, "revision": 6, **changes})
    at = found["started_at"]
    return message_from(CallItem(record, "", frozenset()).to_item(at=at, received_at=at, expires_at=None))


def test_missed_calls(capsys: pytest.CaptureFixture[str]) -> None:
    """A published message is accepted; the log has the call's key and no number."""
    message = call()
    consumer.handler(records(message), None)
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"call": message["data"]["call"], "status": "voicemail", "call_back": True}


def test_part_of_another_call(capsys: pytest.CaptureFixture[str]) -> None:
    """A call that turned out to be a part of another is not called back."""
    consumer.handler(records(call(merged_into="0" * 32)), None)
    assert capsys.readouterr().out == ""


def test_subscription() -> None:
    """The queue gets the calls from outside that nobody answered, and each when it is final."""
    policy = parse(TEMPLATES[0].read_text(encoding="utf-8"))["Resources"]["Subscription"]["Properties"]["FilterPolicy"]
    got: set[str] = set()
    for name in SCENARIOS:
        for found in calls_of(steps_of(name)):
            item = CallItem(found, "", frozenset()).to_item(at="", received_at="", expires_at=None)
            if all(str(item[key]).lower() in wanted for key, wanted in policy.items()):
                got.add(name)
    assert {"voicemail", "no_message", "two_alerts", "abandoned"} <= got
    assert not {"answered", "ring_group", "internal_unanswered", "outbound_unanswered"} & got


def test_a_message_without_data(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A call that was too large for SNS comes from the table, where its numbers are Decimals."""
    message = call()
    stored = {name: plain(value) for name, value in attributes({"payload": message.pop("data")}).items()}
    tables: dict[str, dict[str, Any]] = {"events": {"call-0123": stored}}

    class Table:
        def __init__(self, name: str) -> None:
            self._items = tables[name]

        def get_item(self, Key: dict[str, str]) -> dict[str, Any]:
            return {"Item": self._items[Key["event_id"]]}

    monkeypatch.setattr(boto3, "resource", {"dynamodb": SimpleNamespace(Table=Table)}.get)
    consumer.handler(records(message | {"dataref": "dynamodb:events/call-0123"}), None)
    assert json.loads(capsys.readouterr().out)["call_back"]


@pytest.mark.parametrize(
    "damage",
    [{"specversion": "2.0"}, {"data": {"call": "0" * 32}}, {"id": 5}],
    ids=["another CloudEvents", "data without most fields", "an id that is a number"],
)
def test_a_broken_contract_is_refused(damage: dict[str, Any]) -> None:
    """The function fails, so the message returns to the queue and ends in its dead-letter queue."""
    with pytest.raises(ValidationError):
        consumer.handler(records(call() | damage), None)


RECEIVERS = ROOT / "examples" / "destination_receivers"
PROGRAMS: dict[str, tuple[str, ...]] = {
    "python": (sys.executable, "receiver.py"),
    "node": ("node", "receiver.mjs"),
    "php": ("php", "-S", "127.0.0.1:{port}", "receiver.php"),
}
SECRET = note(signing.new_secret(), "signing secret")
OTHER_SECRET = note(signing.new_secret(), "signing secret")


@dataclass(frozen=True)
class RunningReceiver:
    """An example of a receiver that runs, and the file with what it prints."""

    port: int
    output: Path

    def status(self, message: Message, headers: dict[str, str]) -> int:
        """Return how it answers a request."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/", message.body, {"content-type": message.content_type} | headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def taken(self) -> list[str]:
        """Return the ids of the events that it took."""
        lines = self.output.read_text().splitlines()
        return [json.loads(line)["id"] for line in lines if line.startswith("{")]


@pytest.fixture(scope="module", params=PROGRAMS)
def receiver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    """Each example of a receiver, started as its first lines say."""
    program = PROGRAMS[request.param]
    if not shutil.which(program[0]):
        pytest.skip(f"{program[0]} is not installed here.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp(request.param)
    variables = os.environ | {"HOOKSWITCH_SECRET": SECRET, "PORT": str(port), "TMPDIR": str(folder)}
    with (folder / "output").open("w") as output:
        command = [word.format(port=port) for word in program]
        process = subprocess.Popen(command, cwd=RECEIVERS, env=variables, stdout=output)  # noqa: S603 - our examples
    try:
        wait_for(lambda: _is_listening(port), "the receiver listens", 30)
        yield RunningReceiver(port, folder / "output")
    finally:
        process.terminate()
        process.wait(10)


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def signed(*secrets: str, age: float = 0) -> tuple[Message, dict[str, str]]:
    """Return what a destination is sent about a test call, with an id of its own, and the headers that sign it."""
    event = sample(uuid4().hex, "5a2d994fbae69b1d6b01eb9f0e7dfe62", datetime.now(UTC))
    message = render(event, "https", Options())
    return message, signing.headers(event["id"], message.body, secrets, time.time() - age)


def test_receiver_takes_an_event_once(receiver: RunningReceiver) -> None:
    """An event that is signed is taken, by either secret while one is replaced; again, it is only acknowledged."""
    for secrets in ((SECRET,), (OTHER_SECRET, SECRET)):
        message, headers = signed(*secrets)
        assert receiver.status(message, headers) == 204
        assert receiver.status(message, headers) == 204
        assert receiver.taken().count(headers["webhook-id"]) == 1


def test_receiver_refuses_what_is_not_signed(receiver: RunningReceiver) -> None:
    """It refuses another secret, another body or id, an old request and one without or with unreadable headers."""
    message, headers = signed(SECRET)
    before = receiver.taken()
    other = replace(message, body=message.body.replace(b"voicemail", b"answered!"))
    wrong: list[tuple[Message, dict[str, str]]] = [
        signed(OTHER_SECRET),
        signed(SECRET, age=600),
        signed(SECRET, age=-600),
        (other, headers),
        (message, {}),
        (message, headers | {"webhook-id": "0" * 32}),
        (message, headers | {"webhook-timestamp": "soon"}),
        (message, headers | {"webhook-timestamp": headers["webhook-timestamp"] + "0"}),
        (message, headers | {"webhook-signature": "v1,\xe9"}),
        (message, headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")}),
    ]
    assert [receiver.status(*request) for request in wrong] == [401] * len(wrong)
    assert receiver.taken() == before
    assert receiver.status(message, headers) == 204


@pytest.mark.parametrize(
    ("scenario", "known", "logged"),
    [
        ("voicemail", "5552340017", ("INBOUND", "NO_ANSWER", 0)),
        ("abandoned", "5552340017", ("INBOUND", "CANCELED", 0)),
        ("outbound_answered", "5552340017", ("OUTBOUND", "COMPLETED", 60_000)),
        ("internal_answered", "", ("OUTBOUND", "COMPLETED", 40_000)),
    ],
)
def test_hubspot(httpserver: HTTPServer, scenario: str, known: str, logged: tuple[str, str, int]) -> None:
    """A call is logged at the contact with the number of the other side, if there is one."""
    wanted = {"propertyName": "hs_searchable_calculated_phone_number", "operator": "EQ", "value": known}
    if known:
        query = {"filterGroups": [{"filters": [wanted]}], "properties": [], "limit": 10}
        httpserver.expect_ordered_request(
            "/crm/v3/objects/contacts/search", "POST", json=query, headers={"authorization": "Bearer token"}
        ).respond_with_json({"results": [{"id": "7"}]})
    httpserver.expect_ordered_request("/crm/v3/objects/calls", "POST").respond_with_json({"id": "501"})
    (found,) = calls_of(steps_of(scenario))
    assert hubspot.log_call(found, "token", httpserver.url_for("").rstrip("/")) == "501"
    sent = json.loads(httpserver.log[-1][0].data)
    values = sent["properties"]
    assert (values["hs_call_direction"], values["hs_call_status"], values["hs_call_duration"]) == logged
    assert [each["to"]["id"] for each in sent["associations"]] == (["7"] if known else [])


@pytest.mark.parametrize("template", TEMPLATES, ids=[path.parent.name for path in TEMPLATES])
def test_template_is_clean(template: Path) -> None:
    """It can be deployed as it is."""
    validate(template)
