"""The foundations of the other tests: the front door, the topic, and faults that reach the functions."""

import json
from collections.abc import Mapping
from typing import Any

from devtools.inbox import Inbox
from devtools.stack import Stack
from hookswitch.dash.hooks import HOOKS
from simulator.dash import Dash, Firing
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.faults import FaultProxies
from tests.integration.conftest import Logs, Stored


def answer(firing: Firing) -> Mapping[str, Any]:
    """Return the hook's response to the decisive attempt."""
    last = firing.attempts[-1]
    assert last.status == 200, last.resp_body
    document: Mapping[str, Any] = json.loads(last.resp_body)
    return document


def test_an_event_is_stored_and_published(dash: Dash, inbox: Inbox, stored: Stored) -> None:
    """An event that Dash delivers becomes one item and one message with the same id."""
    event = payload("missed_call")
    said = answer(*dash.fire(DEFAULT_ACCOUNT_ID, "missed_call", event))
    assert said["status"] == "stored"
    item = stored(said["event_id"])
    assert item is not None
    assert item["hook"] == "missed_call"
    assert item["payload"]["call_id"] == event["call_id"]
    message = inbox.wait_for(said["event_id"])
    assert message.event["type"] == "com.virtualpbx.dash.missed_call"
    assert message.attributes["hook"]["Value"] == "missed_call"
    assert inbox.counts()[said["event_id"]] == 1


def test_a_lost_answer_of_dynamodb_makes_no_second_item(
    dash: Dash, inbox: Inbox, stored: Stored, faults: FaultProxies
) -> None:
    """After a write without a response, the function retries and finds its own item."""
    sent = payload("register")
    faults["dynamodb"].lose_answer("PutItem", times=1, match=sent["username"])
    said = answer(*dash.fire(DEFAULT_ACCOUNT_ID, "register", sent))
    assert faults["dynamodb"].count("PutItem", sent["username"]) > 1
    assert stored(said["event_id"])
    inbox.wait_for(said["event_id"])
    assert inbox.counts()[said["event_id"]] == 1


def test_the_functions_see_an_error_of_dynamodb(dash: Dash, faults: FaultProxies, logs: Logs) -> None:
    """If a write fails for good, the delivery goes to the queue, and Dash gets 200."""
    faults["dynamodb"].fail("PutItem", "InternalServerError", 500)
    firing, *_ = dash.fire(DEFAULT_ACCOUNT_ID, "voicemail_full", payload("voicemail_full"))
    assert firing.delivered
    assert {call.status for call in faults["dynamodb"].find("PutItem", "voicemail_full")} == {500}
    assert faults["sqs"].count("SendMessage", "voicemail_full") == 1
    assert logs("VoicemailFull")


def test_a_fault_of_sns_delays_a_message_and_loses_none(dash: Dash, inbox: Inbox, faults: FaultProxies) -> None:
    """SNS errors, in SNS's own XML, reach the publish function, and the event is still published."""
    faults["sns"].fail("PublishBatch", "InternalError", 500, times=1)
    faults["sns"].fail("Publish", "InternalError", 500, times=1)
    said = answer(*dash.fire(DEFAULT_ACCOUNT_ID, "deregister", payload("deregister")))
    inbox.wait_for(said["event_id"])
    assert any(call.injected for call in faults["sns"].calls)


def test_every_hook_has_a_callback_url_of_its_own(stack: Stack) -> None:
    """No two hooks share a token."""
    assert len({stack.url(hook).rpartition("/")[2] for hook in HOOKS}) == len(HOOKS)
