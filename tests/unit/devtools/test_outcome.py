"""The verdict of `make run`: all is well only if every event is there exactly once and nothing else is."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from devtools.inbox import Message
from devtools.outcome import Outcome, complete_hooks, problems
from devtools.sending import Answer, Sent
from hookswitch.dash.hooks import HOOKS


def sent(hook: str, encoding: str = "post json") -> Sent:
    """Return an event of which both deliveries were answered as they should be."""
    event_id = f"id-of-{hook}-by-{encoding}"
    first = Answer(200, "stored", event_id, 12.0, "")
    return Sent(hook, encoding, (first, replace(first, status="duplicate")))


EVENTS = [sent(hook) for hook in HOOKS]


def found(*events: Sent) -> Outcome:
    """Return what is found when all of these arrived as they should."""
    return Outcome(
        items={event.event_id: {"hook": event.hook} for event in events},
        others=[],
        published=Counter(event.event_id for event in events),
        types={event.event_id: f"com.virtualpbx.dash.{event.hook}" for event in events},
    )


def test_all_is_well() -> None:
    """Every event stored and published once: no problem, and all hooks complete."""
    assert problems(EVENTS, found(*EVENTS)) == []
    assert complete_hooks(EVENTS, found(*EVENTS)) == list(HOOKS)


def test_an_encoding_that_dash_cannot_send_is_no_problem() -> None:
    """It neither helps nor harms the hook."""
    unsendable = Sent("missed_call", "get", ())
    assert problems([*EVENTS, unsendable], found(*EVENTS)) == []
    assert complete_hooks([unsendable], found()) == []


@pytest.mark.parametrize("times", [0, 2])
def test_published_never_or_twice(times: int) -> None:
    """A hook with such an event is not whole, and the event is named."""
    findings = found(*EVENTS)
    findings.published[EVENTS[3].event_id] = times
    assert len(problems(EVENTS, findings)) == 1
    assert HOOKS[3] in problems(EVENTS, findings)[0]
    assert HOOKS[3] not in complete_hooks(EVENTS, findings)


def test_not_in_the_table() -> None:
    """An answer is no proof: the item has to be there."""
    findings = replace(found(*EVENTS), items=found(*EVENTS[1:]).items)
    assert any("not in the table" in said for said in problems(EVENTS, findings))
    assert len(complete_hooks(EVENTS, findings)) == len(HOOKS) - 1


def test_an_item_that_was_never_sent() -> None:
    """A second item of one event has an id that no answer named."""
    stranger = sent("parking", "post form")
    assert any("never sent" in said for said in problems(EVENTS, found(*EVENTS, stranger)))


def test_a_quarantined_delivery() -> None:
    """Nothing of the scenario belongs in the quarantine."""
    findings = replace(found(*EVENTS), others=[{"kind": "quarantine"}])
    assert any("quarantine" in said for said in problems(EVENTS, findings))


def test_two_events_with_one_id() -> None:
    """Different events must not collapse, even if each is in the table and published."""
    twin = replace(EVENTS[0], encoding="post form")
    assert any("different events" in said for said in problems([*EVENTS, twin], found(*EVENTS)))


@pytest.mark.parametrize(
    "again", [Answer(200, "stored", "another", 1.0, ""), Answer(500, "", "", 1.0, ""), Answer(None, "", "", 1.0, "")]
)
def test_a_second_delivery_that_is_not_recognised(again: Answer) -> None:
    """It has to be answered 200 as a duplicate, with the id of the first."""
    event = replace(EVENTS[5], answers=(EVENTS[5].answers[0], again))
    events = [*EVENTS[:5], event, *EVENTS[6:]]
    assert any("delivered again" in said for said in problems(events, found(*EVENTS)))
    assert HOOKS[5] not in complete_hooks(events, found(*EVENTS))


def test_a_refused_delivery() -> None:
    """The problem has the code and what was said."""
    event = Sent("register", "post json", (Answer(403, "", "", 1.0, "No."), Answer(403, "", "", 1.0, "No.")))
    assert any("403: No." in said for said in problems([event], found()))
    assert complete_hooks([event], found()) == []


@pytest.mark.parametrize(
    ("own", "catch_all", "right"),
    [
        ("stored", "duplicate", True),
        ("duplicate", "stored", True),
        ("stored", "stored", False),
        ("duplicate", "duplicate", False),
    ],
)
def test_two_webhooks_for_one_event(own: str, catch_all: str, right: bool) -> None:
    """Whichever webhook delivers an event first stores it; the other is the duplicate."""
    event = sent("missed_call")
    first = replace(event.answers[0], status=own)
    event = replace(event, answers=(first, event.answers[1]), elsewhere=(replace(first, status=catch_all),))
    assert (complete_hooks([event], found(event)) == ["missed_call"]) is right


CALL: dict[str, Any] = {
    "event_id": "call-1",
    "kind": "call",
    "revision": 2,
    "state": "ended",
    "final": True,
    "summary": "Call",
    "payload": {"revision": 2, "wait_seconds": 22},
}


def told(revision: int = 2, **record: Any) -> Message:
    """Return the message with a revision of the call."""
    data = {"revision": revision, "wait_seconds": 22} | record
    return Message({"type": "com.virtualpbx.dash.call", "id": f"call-1-{revision}", "data": data}, {})


def test_kinds_of_items_and_messages() -> None:
    """Calls, with the items of their legs and parties, are told apart from events, and from what does not belong."""
    event = {"kind": "event", "event_id": "e", "hook": "parking"}
    items = [event, CALL, {"kind": "leg"}, {"kind": "party"}, {"kind": "quarantine"}, {}]
    parking = Message({"type": "com.virtualpbx.dash.parking", "id": "e", "data": {}}, {})
    result = Outcome.of(items, [parking, parking, told(1), told(2), told(2)])
    assert (result.items, result.calls) == ({"e": event}, {"call-1": CALL})
    assert result.others == [{"kind": "quarantine"}, {}]
    assert (result.published, result.types) == (Counter({"e": 2}), {"e": "com.virtualpbx.dash.parking"})
    assert result.revisions.keys() == {"call-1-1", "call-1-2"}


@pytest.mark.parametrize(
    ("call", "messages", "said"),
    [
        ({}, [told(1), told(2)], None),
        ({}, [told(1)], "call-1-2 is in the table but was not published"),
        ({}, [told(2, wait_seconds=23)], "published otherwise"),
        ({"final": False}, [told(2)], "not final"),
        ({"final": False, "state": "in_progress"}, [told(2)], None),
        ({"payload": {"merged_into": "0"}}, [], None),
        ({"payload": {"merged_into": "0"}}, [told(1)], "call-1-2 is in the table but was not published"),
        ({"event_id": "call-2", "payload": {"merged_into": "0"}}, [told(2)], "no such call"),
    ],
)
def test_calls(call: dict[str, Any], messages: list[Message], said: str | None) -> None:
    """The last revision of each call is published as it is in the table, and nothing else is."""
    found = problems([], Outcome.of([CALL | call], messages))
    assert (said is None and not found) or (len(found) == 1 and str(said) in found[0])
