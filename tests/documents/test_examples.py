"""The examples for consumers do what they say."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from jsonschema import ValidationError

from devtools.local import ROOT
from devtools.stack import validate
from devtools.template import parse
from examples.missed_calls import handler as consumer
from hookswitch.calls.items import CallItem
from hookswitch.events.attributes import item as attributes
from hookswitch.events.attributes import plain
from simulator.calls.scenarios import SCENARIOS
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


@pytest.mark.parametrize("template", TEMPLATES, ids=[path.parent.name for path in TEMPLATES])
def test_template_is_clean(template: Path) -> None:
    """It can be deployed as it is."""
    validate(template)
