"""The examples for consumers do what they say."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from jsonschema import ValidationError

from devtools.local import ROOT
from devtools.stack import validate
from examples.missed_calls import handler as consumer
from simulator.payloads import payload
from tests.documents.test_schemas import published

TEMPLATES = sorted((ROOT / "examples").glob("*/template.yaml"))


def records(*messages: dict[str, Any]) -> dict[str, Any]:
    """Return what Lambda receives from a queue with raw message delivery."""
    return {"Records": [{"body": json.dumps(message)} for message in messages]}


def test_missed_calls(capsys: pytest.CaptureFixture[str]) -> None:
    """A published message is accepted; the log has its id and no number."""
    message = published("missed_call", payload("missed_call", caller_id_number="+15550001111"))
    consumer.handler(records(message), None)
    assert json.loads(capsys.readouterr().out) == {"event_id": message["id"], "call_back": True}


def test_a_message_without_data(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The data of an event that was too large for SNS comes from the table."""
    sent = payload("missed_call")
    asked: list[str] = []

    def stored(dataref: str) -> dict[str, Any]:
        asked.append(dataref)
        return {"call_id": sent["call_id"], "caller_id_number": sent["caller_id_number"]}

    monkeypatch.setattr(consumer, "read", stored)
    message = published("missed_call", sent)
    del message["data"]
    consumer.handler(records(message | {"dataref": "dynamodb:events/0123"}), None)
    assert asked == ["dynamodb:events/0123"]
    assert json.loads(capsys.readouterr().out)["call_back"]


def test_data_from_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """`dataref` names the table and the item."""
    tables: dict[str, dict[str, Any]] = {"events": {"0123": {"payload": {"call_id": "a"}}}}

    class Table:
        def __init__(self, name: str) -> None:
            self._items = tables[name]

        def get_item(self, Key: dict[str, str]) -> dict[str, Any]:
            return {"Item": self._items[Key["event_id"]]}

    monkeypatch.setattr(boto3, "resource", {"dynamodb": SimpleNamespace(Table=Table)}.get)
    assert consumer.read("dynamodb:events/0123") == {"call_id": "a"}


@pytest.mark.parametrize(
    "damage",
    [{"specversion": "2.0"}, {"data": {"timestamp": 63962662779}}, {"id": 5}],
    ids=["another CloudEvents", "data without a call id", "an id that is a number"],
)
def test_a_broken_contract_is_refused(damage: dict[str, Any]) -> None:
    """The function fails, so the message returns to the queue and ends in its dead-letter queue."""
    with pytest.raises(ValidationError):
        consumer.handler(records(published("missed_call", payload("missed_call")) | damage), None)


@pytest.mark.parametrize("template", TEMPLATES, ids=[path.parent.name for path in TEMPLATES])
def test_template_is_clean(template: Path) -> None:
    """It can be deployed as it is."""
    validate(template)
