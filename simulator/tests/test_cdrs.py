"""The API shows CDRs as the real one does: of every leg that ended, whether a webhook is on or not."""

import random
from calendar import timegm
from typing import Any

import pytest

from simulator.attempts import gregorian
from simulator.calls.cast import RECEPTION
from simulator.calls.scenarios import SCENARIOS
from simulator.dash import Dash
from simulator.payloads import DEFAULT_ACCOUNT_ID, older_channel_destroy, payload
from simulator.records import some
from simulator.steps import Step
from simulator.tests.client import BELOW, NOW, Client, Clock

CDRS = f"/accounts/{DEFAULT_ACCOUNT_ID}/cdrs"
MONTHS_END = float(timegm((2026, 11, 1, 0, 0, 0)))


def play(
    call: Client, clock: Clock, name: str = "answered", *, at: float = NOW, account_id: str = DEFAULT_ACCOUNT_ID
) -> list[Step]:
    """Let a call happen, and a minute pass; return its legs' ends."""
    steps = SCENARIOS[name].events(rng=random.Random(at), account_id=account_id, now=at)
    for step in steps:
        clock.now = max(clock.now, step.at)
        call.api.dash.fire(account_id, step.hook, step.payload, step.leg)
    clock.now += 60
    return [step for step in steps if step.hook == "channel_destroy"]


def ids(call: Client, path: str = CDRS) -> list[str]:
    """Return the Call-IDs of a listing."""
    return [row["call_id"] for row in call("GET", path)[1]["data"]]


def span(begin: float, end: float) -> str:
    """Return the query for a range in Unix seconds."""
    return f"?created_from={gregorian(begin)}&created_to={gregorian(end)}"


def pages(call: Client, path: str) -> list[list[str]]:
    """Return the ids of the CDRs of each page."""
    found, envelope = list[list[str]](), call("GET", path)[1]
    while True:
        found.append([row["id"] for row in envelope["data"]])
        assert len(found) < 20
        if "next_start_key" not in envelope:
            return found
        envelope = call("GET", f"{path}&start_key={envelope['next_start_key']}")[1]


def test_every_leg_that_ended_is_listed_newest_first(call: Client, clock: Clock) -> None:
    """No webhook is needed."""
    earlier = play(call, clock, "ring_group")
    later = play(call, clock, at=clock.now)
    listed = ids(call)
    assert sorted(listed) == sorted(step.payload["call_id"] for step in earlier + later)
    assert set(listed[:2]) == {step.payload["call_id"] for step in later}


def test_a_listing_tells_when_a_leg_began(call: Client, clock: Clock) -> None:
    """Its time is that of the end minus the duration, as a text; what is not known is an empty text."""
    end = play(call, clock)[0].payload
    row = next(it for it in call("GET", CDRS)[1]["data"] if it["call_id"] == end["call_id"])
    began = end["timestamp"] - end["duration_seconds"]
    assert (row["timestamp"], row["unix_timestamp"]) == (str(began), str(began - 62_167_219_200))
    assert (row["duration_seconds"], row["billing_seconds"]) == (end["duration_seconds"], end["billing_seconds"])
    assert (row["direction"], row["hangup_cause"]) == (end["call_direction"], end["hangup_cause"])
    assert (row["recording_url"], row["datetime"]) == ("", "2026-11-18 11:06:41")
    assert not {"hangup_code", "ringing_seconds", "authorizing_type"} & row.keys()


def test_a_document_has_what_its_event_had(call: Client, clock: Clock) -> None:
    """Its time is that of the end, and the variables are there with all names in lower case."""
    for end in play(call, clock, "ring_group"):
        status, envelope = call("GET", f"{CDRS}/202611-{end.payload['call_id']}")
        cdr = envelope["data"]
        same = ("call_id", "timestamp", "hangup_code", "ringing_seconds", "from", "to", "other_leg_call_id")
        assert status == 200
        assert {name: cdr.get(name) for name in same} == {name: end.payload.get(name) for name in same}
        variables = cdr["custom_channel_vars"]
        assert (variables["account_id"], variables["authorizing_type"]) == (
            DEFAULT_ACCOUNT_ID,
            end.payload["authorizing_type"],
        )
        assert variables.get("owner_id") == end.payload.get("owner_id")
        assert variables["fetch_id"] == end.payload["custom_channel_vars"]["Fetch-ID"]
        assert end.leg is not None
        assert cdr["channel_created_time"] == end.leg.began * 1_000_000


def test_an_unknown_document_is_not_found(call: Client) -> None:
    """Its message depends on whether it could be an id."""
    assert [call("GET", f"{CDRS}/{it}")[1]["message"] for it in ("202611-x", "x")] == [
        "bad_identifier",
        "could not find cdr with supplied id",
    ]


def test_a_lost_media_server_writes_no_cdr(call: Client, clock: Clock) -> None:
    """The real end does, if it comes."""
    assert len(play(call, clock, "media_lost")) == 4
    assert len(ids(call)) == 2
    play(call, clock, "media_lost_for_good", at=clock.now)
    assert len(ids(call)) == 2


def test_all_pages_have_each_cdr_once(call: Client, clock: Clock) -> None:
    """Even where legs end in one second."""
    play(call, clock, "ring_group_unanswered")
    path = f"{CDRS}{span(NOW, clock.now)}&page_size=2"
    found = pages(call, path)
    assert [len(it) for it in found] == [2, 2, 2]
    assert len({it for page in found for it in page}) == 6
    assert call("GET", path)[1]["page_size"] == "2"
    assert "page_size" not in call("GET", f"{CDRS}{span(NOW - 9, NOW - 8)}")[1]


def test_a_range_is_that_of_writing(call: Client, clock: Clock) -> None:
    """That is just after the end of a leg, and a range has a maximum."""
    end = play(call, clock)[0].at
    assert len(ids(call, f"{CDRS}{span(end + 1, end + 1)}")) == 2
    assert not ids(call, f"{CDRS}{span(end - 3600, end)}")
    assert [call("GET", f"{CDRS}{span(end - it, end)}")[0] for it in (2_682_000, 2_682_001)] == [200, 400]


@pytest.mark.parametrize(("filed_by", "months"), [("interaction", ["202610"]), ("end", ["202610", "202611"])])
def test_a_call_over_the_end_of_a_month(call: Client, clock: Clock, filed_by: Any, months: list[str]) -> None:
    """Its legs are where the call began, or on older systems each where it ended."""
    call.api.dash.records.filed_by = filed_by
    # Reception stops ringing, the mailbox answers, and the caller hangs up in the next month.
    play(call, clock, "no_message", at=MONTHS_END - 25)
    both = f"{CDRS}{span(MONTHS_END - 3600, MONTHS_END + 3600)}"
    found = [row["id"] for row in call("GET", both)[1]["data"]]
    assert sorted({it[:6] for it in found}) == months
    assert len(found) == 2
    assert all(call("GET", f"{CDRS}/{it}")[0] == 200 for it in found)
    after = f"{CDRS}{span(MONTHS_END, MONTHS_END + 3600)}"
    assert len(ids(call, after)) == len(months) - 1


def test_pages_over_the_end_of_a_month_can_repeat(call: Client, clock: Clock) -> None:
    """What ended in the new month, of a call that began in the old one, is behind all that began in the new one."""
    play(call, clock, "no_message", at=MONTHS_END - 25)
    play(call, clock, "not_registered", at=MONTHS_END + 1)
    play(call, clock, "not_registered", at=MONTHS_END + 600)
    found = pages(call, f"{CDRS}{span(MONTHS_END - 3600, MONTHS_END + 3600)}&page_size=2")
    everything = [it for page in found for it in page]
    assert [it[:6] for it in everything] == ["202611", "202611", "202611", "202610", "202610"]
    assert len(set(everything)) == 4


def test_cdrs_can_be_late(call: Client, clock: Clock) -> None:
    """What is written late has its place there; what is only seen late has it where it was written."""
    records = call.api.dash.records
    records.delay = 900
    late = play(call, clock)
    records.delay, records.lag = 1, some(0.5, 900, otherwise=0)
    play(call, clock, "ring_group", at=clock.now)
    seen = len(ids(call))
    assert 0 < seen < 6
    clock.now += 900
    assert len(ids(call)) == 8
    assert len(ids(call, f"{CDRS}{span(late[0].at + 900, late[0].at + 900)}")) == 2


def test_interactions_join_the_legs_of_a_call(call: Client, clock: Clock) -> None:
    """The events need not tell the id; a second call of an attended transfer has its own."""
    ends = play(call, clock, "attended_transfer")
    assert "Call-Interaction-ID" not in ends[0].payload["custom_channel_vars"]
    rows = call("GET", f"{CDRS}/interaction")[1]["data"]
    assert [row["direction"] for row in rows] == ["inbound", "inbound"]
    legs = [call("GET", f"{CDRS}/legs/{row['interaction_id']}")[1]["data"] for row in rows]
    assert [len(it) for it in legs] == [2, 2]
    assert call("GET", f"{CDRS}/legs/{legs[0][1]['id']}")[1]["data"] == legs[0]
    assert legs[0][0]["channel_created_time"] < legs[0][1]["channel_created_time"]
    assert call("GET", f"{CDRS}/legs/63962662779-00000000")[1]["data"] == []
    assert call("GET", f"{CDRS}/legs/202611-x")[0] == call("GET", f"{CDRS}/legs/x")[0] == 404


def test_a_user_has_the_legs_of_the_own_phones(call: Client, clock: Clock) -> None:
    """And their interactions."""
    play(call, clock)
    path = f"/accounts/{DEFAULT_ACCOUNT_ID}/users/{RECEPTION.owner}/cdrs"
    assert len(ids(call, path)) == len(ids(call, f"{path}/interaction")) == 1


def test_a_cdr_is_in_the_account_of_its_leg(call: Client, clock: Clock) -> None:
    """The account above can read it there."""
    play(call, clock, account_id=BELOW)
    assert len(ids(call, f"/accounts/{BELOW}/cdrs")) == 2
    assert not ids(call)


@pytest.mark.parametrize(("status", "message"), [(403, "forbidden"), (404, "bad_identifier")])
def test_an_api_that_does_not_open_cdrs(call: Client, clock: Clock, status: int, message: str) -> None:
    """All of them, those of one account, or only the documents."""
    play(call, clock)
    paths = (CDRS, f"{CDRS}/{call('GET', CDRS)[1]['data'][0]['id']}", f"/accounts/{BELOW}/cdrs")
    for closed, refused in (("cdrs", 3), ("cdrs/document", 1), (f"{BELOW}/cdrs", 1)):
        call.api.dash.records.closed = {closed: status}
        answers = [call("GET", path) for path in paths]
        assert [it[1]["message"] for it in answers if it[0] != 200] == [message] * refused


def test_an_older_system_tells_less(older: Client) -> None:
    """Only strings, without the callee; the months are those of the ends, and interactions are not served."""
    older.api.dash.clock = clock = Clock()
    play(older, clock, "no_message", at=MONTHS_END - 25)
    rows = older("GET", f"{CDRS}{span(MONTHS_END - 99, MONTHS_END + 99)}")[1]["data"]
    assert [row["id"][:6] for row in rows] == ["202611", "202610"]
    assert "interaction_id" not in rows[0]
    cdr = older("GET", f"{CDRS}/{rows[0]['id']}")[1]["data"]
    assert all(isinstance(it, str | dict) for it in cdr.values())
    assert not {"callee_id_number", "channel_created_time"} & cdr.keys()
    assert older("GET", f"{CDRS}/interaction")[0] == 404


def test_a_page_of_an_older_system_can_repeat_a_second(older: Client) -> None:
    """It begins at a second, as one of attempts does."""
    older.api.dash.clock = clock = Clock()
    play(older, clock)
    path = f"{CDRS}{span(NOW, clock.now)}&page_size=1"
    first = older("GET", path)[1]
    assert older("GET", f"{path}&start_key={first['next_start_key']}")[1]["data"] == first["data"]


def test_loopbacks_that_bow_out_can_be_left_out(call: Client, clock: Clock) -> None:
    """Their events are fired all the same."""
    call.api.dash.records.skips_loopbacks = True
    ends = play(call, clock, "loopback")
    assert {it.payload["call_id"] for it in ends if not it.payload["is_internal_leg"]} == set(ids(call))
    assert len(ids(call)) == len(ends) - 2


@pytest.mark.parametrize("make", [lambda **it: payload("channel_destroy", **it), older_channel_destroy])
def test_an_event_of_no_call_has_a_cdr_too(make: Any) -> None:
    """It is written once, though the event is fired twice; the interaction begins with the leg."""
    dash, clock = Dash(), Clock()
    dash.clock = clock
    event = make(now=NOW, rng=random.Random(1), custom_channel_vars=None)
    for _ in range(2):
        dash.fire(DEFAULT_ACCOUNT_ID, "channel_destroy", event)
    clock.now += 60
    [record] = dash.records.all("cdrs", DEFAULT_ACCOUNT_ID, clock())
    began = int(event["timestamp"]) - int(event["duration_seconds"])
    assert record.document["interaction_time"] == began
    assert record.document["call_id"] == event["call_id"]


def test_the_interaction_of_an_event_is_that_of_its_cdr(call: Client, clock: Clock) -> None:
    """Where the event tells it."""
    event = payload("channel_destroy", now=NOW)
    call.api.dash.fire(DEFAULT_ACCOUNT_ID, "channel_destroy", event)
    clock.now += 60
    assert [row["interaction_id"] for row in call("GET", CDRS)[1]["data"]] == [
        event["custom_channel_vars"]["Call-Interaction-ID"]
    ]
