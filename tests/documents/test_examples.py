"""The examples for consumers do what they say."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from devtools.local import ROOT
from devtools.stack import validate
from examples.missed_calls.handler import handler
from simulator.payloads import payload
from tests.documents.test_schemas import published

TEMPLATES = sorted((ROOT / "examples").glob("*/template.yaml"))


def records(*messages: dict[str, Any]) -> dict[str, Any]:
    """Return what Lambda receives from a queue with raw message delivery."""
    return {"Records": [{"body": json.dumps(message)} for message in messages]}


def test_missed_calls(capsys: pytest.CaptureFixture[str]) -> None:
    """A published message is accepted, and its caller printed."""
    sent = payload("missed_call", caller_id_number="+15550001111")
    handler(records(published("missed_call", sent)), None)
    assert capsys.readouterr().out.startswith("Call back +15550001111: Missed call from +15550001111 to ")


@pytest.mark.parametrize(
    "damage",
    [{"specversion": "2.0"}, {"data": {"timestamp": 63962662779}}, {"id": 5}],
    ids=["another CloudEvents", "data without a call id", "an id that is a number"],
)
def test_a_broken_contract_is_refused(damage: dict[str, Any]) -> None:
    """The function fails, so the message returns to the queue and ends in its dead-letter queue."""
    with pytest.raises(ValidationError):
        handler(records(published("missed_call", payload("missed_call")) | damage), None)


@pytest.mark.parametrize("template", TEMPLATES, ids=[path.parent.name for path in TEMPLATES])
def test_template_is_clean(template: Path) -> None:
    """It can be deployed as it is."""
    validate(template)
