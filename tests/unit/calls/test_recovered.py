"""Calls of which Dash's records tell in place of its webhooks: the whole call, or what a webhook left out while off.

Each call has one record, with the status of the undisturbed call unless `complete` is false.
"""

import random
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.calls import run
from hookswitch.calls.facts import Fact
from hookswitch.calls.fold import fold
from hookswitch.calls.record import Call
from hookswitch.calls.revisions import alerts
from hookswitch.events.attributes import item as attributes
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.payloads.times import GREGORIAN_EPOCH
from hookswitch.publishing.outbox import StreamBatch
from simulator import cdrs
from simulator.steps import Step
from simulator.tests.each import for_each
from tests.unit.calls.expected import EXPECTED
from tests.unit.calls.recovered import READERS, Document, Reader, from_document, recovered
from tests.unit.calls.scenes import LATER, calls_of, facts_of, item_of, steps_of
from tests.unit.calls.services import SETTINGS, Services, at, patched
from tests.unit.calls.test_scenarios import row_of

every_scenario = for_each("name", EXPECTED)
every_reader = pytest.mark.parametrize("reader", READERS)

CHANNEL_HOOKS = ("channel_create", "channel_answer", "channel_bridge", "channel_destroy")

# Nothing at all is known of these: a leg whose end never came has no CDR.
UNKNOWN = {"media_lost_for_good", "media_lost_ringing"}

# What the records do not tell, of each kind of call, and why. Missed-call alerts are never kept.
NOT_TOLD: Mapping[str, set[str]] = {
    "attendant_person": {"via"},  # a CDR says how long its leg was answered, and not by whom
    "parked_retrieved": {"via", "reached"},  # nothing is kept of parking, and only a bridge shows who fetched the call
    "parked_abandoned": {"via"},
    "inbound_fax_error": {"status", "via", "faxes"},  # a fax that could not be received leaves no document
    "outbound_fax": {"faxes"},  # the history of faxes does not name the leg that carried one
    "outbound_fax_error": {"faxes"},
}
# Rows lack custom_channel_vars, which have queues and conference rooms, and which legs are internal.
NOT_IN_ROWS: Mapping[str, set[str]] = {
    "loopback": {"via"},
    "queue_agent": {"via"},
    "queue_abandoned": {"status", "via"},
    "conference": {"via"},
    "conference_room": {"status", "via", "wait_seconds", "talk_seconds"},
}

# In two calls, if both the beginning and the answer of its loopback were lost: then nothing names the other half.
MAY_BE_SPLIT = {"loopback"}
# What these say while the media server is lost depends on what was seen before.
NEVER_ENDS = UNKNOWN


def records_of(facts: Iterable[Fact | None], now: int = LATER) -> list[Call]:
    """Return the records that facts give."""
    return [folded.record for folded in fold([fact for fact in facts if fact], now)]


def told_by_records(name: str, reader: str) -> list[Call]:
    """Return the records of a call of which no webhook told."""
    return records_of(event.fact for event in recovered(steps_of(name), READERS[reader]))


@every_reader
@every_scenario
def test_no_webhook_told_of_it(name: str, reader: str) -> None:
    """Dash's records alone give the same record, but for what the table names."""
    whole, found = calls_of(steps_of(name)), told_by_records(name, reader)
    assert [call["call"] for call in found] == ([] if name in UNKNOWN else [call["call"] for call in whole])
    not_told = NOT_TOLD.get(name, set()) | (NOT_IN_ROWS.get(name, set()) if reader == "rows" else set())
    for call, undisturbed in zip(found, whole, strict=False):
        row, expected = row_of(call), row_of(undisturbed)
        differs = {column for column in row if row[column] != expected[column]} - {"missed_calls", "complete"}
        assert differs == not_told
        assert (call["state"], call["final"]) == ("ended", True)
        assert "status" not in differs or not call["complete"]


@every_scenario
def test_complete(name: str) -> None:
    """A leg that nobody answered is known from its CDR; what one that was answered was connected to is not."""
    for call in told_by_records(name, "documents"):
        assert call["complete"] == all("answered_at" not in leg for leg in call["legs"])
    assert not any(call["complete"] for call in told_by_records(name, "rows"))


def imprecise(document: Document, rng: random.Random) -> Document:
    """Return a CDR whose seconds were rounded in another way, each by itself."""
    seconds = {name: document[name] for name in ("duration_seconds", "billing_seconds") if document[name]}
    return (
        document
        | {name: max(1, value + rng.choice((-1, 0, 1))) for name, value in seconds.items()}
        | {"timestamp": document["timestamp"] + rng.choice((-1, 0, 1))}
    )


def read_imprecisely(rng: random.Random) -> Reader:
    """Return a reader of CDRs whose seconds are rounded in any way."""
    read = READERS[rng.choice([*READERS])]
    return lambda document: read(imprecise(document, rng))


def disturbed(steps: list[Step], rng: random.Random) -> list[Mapping[str, Any]]:
    """Return the items of a call during which some channel webhooks were off for a while, in any order.

    Of the ends that were lost, the CDR is read, or the webhook's own event comes late, or both come.
    """
    hooks = rng.sample(CHANNEL_HOOKS, rng.choice((1, 2, 3, 4, 4)))
    moments = sorted({step.at for step in steps})
    since = rng.choice(moments)
    until = rng.choice((rng.choice(moments), since + rng.randint(0, 30), LATER))
    lost = [step for step in steps if step.hook in hooks and since <= step.at <= until]
    items = [item_of(step) for step in steps if step not in lost]
    read = read_imprecisely(rng)
    for step in lost:
        if step.hook == "channel_destroy" and cdrs.is_end(step.payload):
            cdr, own = [event.item for event in recovered([step], read)], [item_of(step)]
            items += rng.choice((cdr, cdr, own, cdr + own))
    rng.shuffle(items)
    return items


def check(name: str, found: list[Call]) -> None:
    """Assert that there is one record for each call, whose status is right unless it is incomplete."""
    whole = {call["call"]: call for call in calls_of(steps_of(name))}
    records = {call["call"]: call for call in found}
    if name in MAY_BE_SPLIT and len(records) > len(whole):
        assert not any(call["complete"] for call in found)
    elif name not in NEVER_ENDS or records:
        assert set(records) == set(whole)
    for key, call in records.items():
        if key in whole and call.get("status") != whole[key].get("status"):
            assert not call["complete"]


@pytest.mark.no_cover  # other tests run the same lines
@every_scenario
@settings(max_examples=4)
@given(rng=st.randoms(use_true_random=False))
def test_webhooks_were_off_for_a_while(name: str, rng: random.Random) -> None:
    """Events of one to four hooks are lost for a while, and CDRs or late webhooks tell of the ends that are."""
    check(name, records_of(Fact.from_item(item) for item in disturbed(steps_of(name), rng)))


@pytest.mark.no_cover  # other tests run the same lines
@every_scenario
def test_every_order_of_arrival(name: str) -> None:
    """However the same arrives, event by event, the table has one record for each call in the end."""
    items = disturbed(steps_of(name), random.Random(name))
    services = Services()
    with patched(services), at(LATER):
        for item in items:
            calls = run.Calls(SETTINGS, MetricsRecorder(), deadline=float("inf"))
            assert calls.fold_batch(StreamBatch({"1": attributes(item)})).returned == ()
    stored = [item["payload"] for item in services.table.plain("call")]
    found = [call for call in stored if "merged_into" not in call]
    check(name, found)
    together = {call["call"]: call for call in records_of(map(Fact.from_item, items))}
    assert {call["call"]: call.get("status") for call in found} == {
        key: call.get("status") for key, call in together.items()
    }


@every_scenario
def test_the_caller_is_still_there(name: str) -> None:
    """As long as there is no CDR of the leg that began the call, it goes on, and nobody is alerted to it.

    CDRs come in the order in which legs end. The phones that lose a race end long before the caller does.
    """
    events = sorted(recovered(steps_of(name)), key=lambda event: event.at)
    caller = steps_of(name)[0].payload["call_id"]
    for length in range(1, len(events) + 1):
        known = events[:length]
        if any(event.payload.get("call_id") == caller for event in known):
            break
        for call in records_of((event.fact for event in known), now=int(known[-1].at) + 300):
            if call["legs"][0]["leg"] == caller:
                assert (call["final"], call["complete"]) == (False, False)
            else:  # a second call, as of who is asked before a transfer
                assert not alerts(call)


@pytest.mark.parametrize(
    ("name", "goes_on", "ends"),
    [("ring_group_unanswered", "ringing", "missed"), ("blind_transfer", "in_progress", "answered")],
)
def test_a_caller_who_never_comes(name: str, goes_on: str, ends: str) -> None:
    """A call whose first leg has no CDR is closed an hour after the last end that is known."""
    phone = next(recovered(steps_of(name)))
    ended = phone.payload["timestamp"] - GREGORIAN_EPOCH
    (call,) = records_of([phone.fact], now=ended + 3599)
    assert (call["state"], call["final"]) == (goes_on, False)
    (call,) = records_of([phone.fact], now=ended + 3600)
    assert (call["state"], call["final"], call["complete"], call["status"]) == ("ended", True, False, ends)


@pytest.mark.parametrize("kept", ["interaction_id", "bridge_id", "other_leg_call_id"])
def test_each_of_three_names_joins_legs(kept: str) -> None:
    """Older systems lack an interaction id, and some legs name no other: what there is joins them."""
    names = {"interaction_id", "bridge_id", "other_leg_call_id"} - {kept}
    facts = []
    for event in recovered(steps_of("ring_group")):
        payload = {name: value for name, value in event.payload.items() if name not in names}
        facts.append(Fact.from_item(event.item | {"payload": payload | {"custom_channel_vars": {}}}))
    (call,) = records_of(facts)
    assert call["call"] == calls_of(steps_of("ring_group"))[0]["call"]
    assert call["leg_count"] == 6


def test_a_beginning_that_contradicts_the_end() -> None:
    """A leg begins when its CDR says, unless its duration says that it can't be true."""

    def started_at(**changed: object) -> str:
        (event,) = [*recovered(steps_of("not_registered"))]
        (call,) = records_of([Fact.from_item(event.item | {"payload": event.payload | changed})])
        return call["started_at"]

    undisturbed = calls_of(steps_of("not_registered"))[0]["started_at"]
    (event,) = [*recovered(steps_of("not_registered"))]
    began = event.payload["channel_created_time"]
    assert started_at(duration_seconds=3) == undisturbed
    assert started_at(channel_created_time=began - 3_600_000_000) == undisturbed
    assert started_at(channel_created_time="yesterday") == undisturbed


def test_facts_in_the_table() -> None:
    """What a leg's item has of an event that was recovered is all that there is to it."""
    for event in recovered(steps_of("ring_group"), from_document):
        fact = event.fact
        assert fact is not None
        stored = fact.to_attributes()
        assert Fact.from_attributes(fact.event_id, fact.account_id, fact.leg, stored) == fact
        assert facts_of(steps_of("ring_group"))[0].details.keys() & {"recovered", "began", "bridge"} == set()
