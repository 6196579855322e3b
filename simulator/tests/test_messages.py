"""The API shows voicemail messages and faxes as the real one does, whether a webhook is on or not."""

import random
from typing import Any

import pytest

from simulator.attempts import gregorian
from simulator.calls.scenarios import SCENARIOS
from simulator.calls.system import MAILBOX
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step
from simulator.tests.client import BELOW, NOW, Client, Clock

ACCOUNT = f"/accounts/{DEFAULT_ACCOUNT_ID}"
MESSAGES = f"{ACCOUNT}/vmboxes/messages"
LISTINGS = (MESSAGES, f"{ACCOUNT}/faxes/inbox", f"{ACCOUNT}/faxes/outbox")


def play(call: Client, clock: Clock, *names: str, account_id: str = DEFAULT_ACCOUNT_ID) -> list[Step]:
    """Let calls happen one after the other; return the notifications of the last one."""
    steps: list[Step] = []
    for seed, name in enumerate(names):
        steps = SCENARIOS[name].events(rng=random.Random(seed), account_id=account_id, now=clock.now)
        for step in steps:
            clock.now = max(clock.now, step.at)
            call.api.dash.fire(account_id, step.hook, step.payload, step.leg)
        clock.now += 60
    return [step for step in steps if not step.hook.startswith("channel_")]


def data(call: Client, path: str) -> Any:
    """Return what the API answers."""
    return call("GET", path)[1]["data"]


def test_a_message_is_listed_with_its_box(call: Client, clock: Clock) -> None:
    """Its fields are those of its notification, under other names."""
    event = play(call, clock, "voicemail")[-1].payload
    [row] = data(call, MESSAGES)
    [(box, listed)] = row.items()
    assert (box, listed["folder"], listed["transcribed"]) == (event["voicemail_box"], "new", True)
    assert listed["media_id"] == event["voicemail_id"]
    assert (listed["timestamp"], listed["length"]) == (event["voicemail_timestamp"], event["voicemail_length"])
    assert listed["from"] == f"{event['from_user']}@{event['from_realm']}"
    assert listed["call_id"] == event["call_id"]


def test_a_box_has_its_messages(call: Client, clock: Clock) -> None:
    """One of them can be read with its transcription."""
    event = play(call, clock, "voicemail")[-1].payload
    box = f"{ACCOUNT}/vmboxes/{MAILBOX}/messages"
    [listed] = data(call, box)
    assert data(call, f"{ACCOUNT}/vmboxes/other/messages") == []
    whole = data(call, f"{box}/{listed['media_id']}")
    assert whole["transcription"] == event["voicemail_transcription"]
    assert call("GET", f"{box}/other")[0] == 404
    assert call("GET", f"{ACCOUNT}/vmboxes/other/messages/{listed['media_id']}")[0] == 404


def test_messages_are_paged_newest_first(call: Client, clock: Clock) -> None:
    """The range is that of their own times."""
    play(call, clock, "voicemail", "voicemail", "voicemail")
    first = call("GET", f"{MESSAGES}?page_size=2")[1]
    second = call("GET", f"{MESSAGES}?page_size=2&start_key={first['next_start_key']}")[1]
    times = [row[MAILBOX]["timestamp"] for row in first["data"] + second["data"]]
    assert len(times) == 3
    assert times == sorted(times, reverse=True)
    assert first["page_size"] == 2
    assert len(data(call, f"{MESSAGES}?created_from={times[1]}&created_to={times[0]}")) == 2
    assert call("GET", f"{MESSAGES}?created_from={times[0] - 2_682_001}&created_to={times[0]}")[0] == 400


def test_a_fax_that_was_received_is_in_the_inbox(call: Client, clock: Clock) -> None:
    """One that could not be received is nowhere."""
    event = play(call, clock, "inbound_fax")[-1].payload
    [fax] = data(call, LISTINGS[1])
    assert (fax["id"], fax["created"], fax["call_id"]) == (event["fax_id"], event["fax_timestamp"], event["call_id"])
    assert (fax["from_number"], fax["rx_result"]["result_text"]) == (event["from_user"], "OK")
    assert data(call, f"{LISTINGS[1]}/{fax['id']}") == fax
    play(call, clock, "inbound_fax_error")
    assert len(data(call, LISTINGS[1])) == 1
    assert data(call, LISTINGS[2]) == []


@pytest.mark.parametrize(("name", "status"), [("outbound_fax", "completed"), ("outbound_fax_error", "failed")])
def test_a_fax_that_was_sent_is_in_the_outbox(call: Client, clock: Clock, name: str, status: str) -> None:
    """Its time is that of its job, not of its end, and it names no call."""
    event = play(call, clock, name)[-1].payload
    [fax] = data(call, LISTINGS[2])
    assert (fax["id"], fax["status"], fax["folder"]) == (event["fax_jobid"], status, "outbox")
    assert fax["created"] == gregorian(NOW)
    assert fax["created"] + fax["tx_result"]["time_elapsed"] == event["fax_timestamp"]
    assert fax["tx_result"]["success"] is (status == "completed")
    assert "call_id" not in fax
    assert data(call, LISTINGS[1]) == []


def test_an_account_has_its_own(call: Client, clock: Clock) -> None:
    """The account above does not list them."""
    play(call, clock, "voicemail", "inbound_fax", "outbound_fax", account_id=BELOW)
    assert [len(data(call, path.replace(DEFAULT_ACCOUNT_ID, BELOW))) for path in LISTINGS] == [1, 1, 1]
    assert [data(call, path) for path in LISTINGS] == [[], [], []]


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(("closed", "answers"), [("vmboxes", "-xx"), ("faxes", "x--"), (f"{BELOW}/faxes", "xxx")])
def test_an_api_that_does_not_open_them(call: Client, status: int, closed: str, answers: str) -> None:
    """Messages and faxes apart."""
    call.api.dash.records.closed = {closed: status}
    expected = [200 if it == "x" else status for it in answers]
    assert [call("GET", path)[0] for path in LISTINGS] == expected


def test_an_older_system_has_none(older: Client) -> None:
    """They came later."""
    assert [older("GET", path)[0] for path in LISTINGS] == [404, 404, 404]
