"""Previews of e-mail templates, which Dash sends to the webhooks of the events that they are for."""

from typing import Any

import pytest

from hookswitch.dash.hooks import HOOKS
from simulator.payloads import payload
from tests.emf import samples_in, total
from tests.receiving import FORM, JSON
from tests.unit.payloads.cases import case
from tests.unit.payloads.front_door import FrontDoor, front_door

__all__ = ["front_door"]  # a fixture


def preview_of(hook: str) -> dict[str, Any]:
    """Return a preview: each field has its own name as its value."""
    fields = {name: name.title().replace("_", "-") for name in payload(hook)}
    named = {name: value for name, value in payload(hook).items() if name in {"event_name", "hook_event", "account_id"}}
    return fields | named | {"preview": True}


@pytest.mark.parametrize("encoding", [JSON, FORM])
@pytest.mark.parametrize("hook", HOOKS)
def test_preview(hook: str, encoding: str, front_door: FrontDoor, capsys: pytest.CaptureFixture[str]) -> None:
    """It is answered 200 and counted, and is no event, no alert and nothing for the quarantine."""
    assert front_door.deliver(hook, preview_of(hook), encoding) == "preview"
    assert not front_door.items
    log = capsys.readouterr().out
    assert total(log, "preview") == 1
    assert {sample.name for sample in samples_in(log)} == {"received", "preview", "handling_time"}


def test_case_from_the_field(front_door: FrontDoor) -> None:
    """A preview does not take the place of an event with the same id."""
    sent = case("preview_voicemail_new.json")
    assert front_door.deliver("voicemail_new", sent) == "preview"
    assert front_door.deliver("voicemail_new", sent | {"preview": False}) == "stored"


@pytest.mark.parametrize("value", [False, None, "false", "", 0, [], {"a": True}, "no"])
def test_what_is_no_preview(value: Any, front_door: FrontDoor) -> None:
    """An event that says that it is no preview, or something else, is an event."""
    assert front_door.deliver("missed_call", payload("missed_call") | {"preview": value}) == "stored"


def test_preview_while_dynamodb_is_unavailable(front_door: FrontDoor) -> None:
    """It needs no place, so it is not queued."""
    front_door.is_away = True
    assert front_door.deliver("missed_call", payload("missed_call", preview=True)) == "preview"
    assert not front_door.queue
