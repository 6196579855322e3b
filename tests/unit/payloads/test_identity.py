"""Which deliveries are one event, at the front door of the hooks."""

from typing import Any

import pytest

from hookswitch.calls.facts import Fact
from hookswitch.calls.fold import fold
from hookswitch.calls.record import Call
from simulator.payloads import payload
from tests.receiving import FORM, JSON
from tests.unit.payloads.cases import case
from tests.unit.payloads.front_door import FrontDoor, front_door

__all__ = ["front_door"]  # a fixture

CHANNELS = ("channel_create", "channel_answer", "channel_bridge", "channel_destroy")
FAXES = ("outbound_fax", "outbound_fax_error", "inbound_fax_error")
ENCODINGS = pytest.mark.parametrize("encoding", [JSON, FORM])


# Missed calls


@ENCODINGS
def test_two_people_to_tell_of_one_call(encoding: str, front_door: FrontDoor) -> None:
    """A second notification of a call, in the same second, for other people is another event."""
    first = payload("missed_call", to=["ops@acme.example.com"])
    second = first | {"to": ["desk@acme.example.com"], "msg_id": "another"}
    assert front_door.deliver("missed_call", first, encoding) == "stored"
    assert front_door.deliver("missed_call", second, encoding) == "stored"
    assert [item["payload"]["to"] for item in front_door.events()] == [first["to"], second["to"]]
    assert {item["call_id"] for item in front_door.events()} == {first["call_id"]}


@pytest.mark.parametrize("to", [None, [], ["a@x.example.com"], ["a@x.example.com", "b@x.example.com"], {"a": ["b"]}])
@ENCODINGS
def test_republished_missed_call(to: Any, encoding: str, front_door: FrontDoor) -> None:
    """A republished notification has a new `msg_id` and the same `to`, whatever `to` is, in either encoding."""
    sent = payload("missed_call", to=to)
    assert front_door.deliver("missed_call", sent, encoding) == "stored"
    assert front_door.deliver("missed_call", sent | {"msg_id": "another"}, FORM) == "duplicate"
    assert front_door.deliver("missed_call", sent | {"msg_id": "a third"}, JSON) == "duplicate"


@pytest.mark.parametrize(
    "to",
    [
        ["b@x.example.com", "a@x.example.com"],
        ["A@X.example.com", "b@x.example.com "],
        ["a@x.example.com", "b@x.example.com", "a@x.example.com"],
    ],
    ids=["another order", "another case", "one twice"],
)
def test_the_same_people(to: list[str], front_door: FrontDoor) -> None:
    """The people to tell are the same, however they are listed."""
    sent = payload("missed_call", to=["a@x.example.com", "b@x.example.com"])
    assert front_door.deliver("missed_call", sent) == "stored"
    assert front_door.deliver("missed_call", sent | {"to": to}) == "duplicate"


def test_single_recipient_as_text(front_door: FrontDoor) -> None:
    """One address as text is a list of one, and consumers get a list."""
    sent = payload("missed_call", to="a@x.example.com")
    assert front_door.deliver("missed_call", sent) == "stored"
    assert front_door.deliver("missed_call", sent | {"to": ["a@x.example.com"]}) == "duplicate"
    (item,) = front_door.events()
    assert item["payload"]["to"] == ["a@x.example.com"]


def test_recipients_in_another_structure(front_door: FrontDoor) -> None:
    """Two notifications are two events also where `to` is no list of addresses."""
    first = payload("missed_call", to={"type": "specified", "email_addresses": ["a@x.example.com"]})
    second = first | {"to": {"type": "specified", "email_addresses": ["b@x.example.com"]}}
    assert [front_door.deliver("missed_call", sent) for sent in (first, second, first)] == [
        *("stored", "stored"),
        "duplicate",
    ]


# Events without their time


@ENCODINGS
@pytest.mark.parametrize("hook", CHANNELS)
def test_channel_event_without_time(hook: str, encoding: str, front_door: FrontDoor) -> None:
    """It is stored once, with the time of receipt."""
    sent = payload(hook, timestamp=None)
    assert front_door.deliver(hook, sent, encoding) == "stored"
    assert front_door.deliver(hook, sent, JSON) == "duplicate"
    (item,) = front_door.events()
    assert item["occurred_at"] == item["received_at"]
    assert item["feed"].endswith(item["received_at"][:10])
    assert front_door.deliver(hook, sent | {"call_id": "another"}) == "stored"


def test_bridges_without_time(front_door: FrontDoor) -> None:
    """A leg that is connected to two others is two events."""
    sent = payload("channel_bridge", timestamp=None)
    assert front_door.deliver("channel_bridge", sent) == "stored"
    assert front_door.deliver("channel_bridge", sent | {"other_leg_call_id": "another"}) == "stored"


def test_bridge_without_other_leg(front_door: FrontDoor) -> None:
    """The other leg may be missing where the time is there; without both, nothing identifies the event."""
    sent = payload("channel_bridge", other_leg_call_id=None)
    assert front_door.deliver("channel_bridge", sent) == "stored"
    assert front_door.deliver("channel_bridge", sent) == "duplicate"
    assert front_door.deliver("channel_bridge", sent | {"timestamp": sent["timestamp"] + 1}) == "stored"
    del sent["timestamp"]
    assert front_door.deliver("channel_bridge", sent) == "quarantined"


def test_parts_that_are_missing_are_not_imitated(front_door: FrontDoor) -> None:
    """No other leg is named as a missing time is."""
    sent = payload("channel_bridge", timestamp=None, other_leg_call_id="null")
    assert front_door.deliver("channel_bridge", sent) == "stored"
    named = payload("channel_bridge", call_id=sent["call_id"], other_leg_call_id=None)
    assert front_door.deliver("channel_bridge", named) == "stored"


@ENCODINGS
@pytest.mark.parametrize("hook", FAXES)
def test_fax_without_time(hook: str, encoding: str, front_door: FrontDoor) -> None:
    """It is identified by `msg_id`, and has the time of receipt: one fax can fail several times."""
    sent = payload(hook, fax_timestamp=None)
    assert front_door.deliver(hook, sent, encoding) == "stored"
    assert front_door.deliver(hook, sent, encoding) == "duplicate"
    assert front_door.deliver(hook, sent | {"msg_id": "another"}, encoding) == "stored"
    first, _ = front_door.events()
    assert first["occurred_at"] == first["received_at"]
    assert first["alert"] is hook.endswith("error")


def test_case_of_a_fax_error_without_time(front_door: FrontDoor) -> None:
    """The case from the field is stored, and an alert."""
    assert front_door.deliver("outbound_fax_error", case("fax_error_without_time.json")) == "stored"
    assert front_door.events()[0]["alert"] is True


# Notifications that Dash publishes again


@ENCODINGS
@pytest.mark.parametrize("hook", ["voicemail_full", "register", "deregister", "voicemail_new", *FAXES])
def test_republished_notification(hook: str, encoding: str, front_door: FrontDoor) -> None:
    """A new `msg_id` alone makes no new event."""
    sent = payload(hook)
    assert front_door.deliver(hook, sent, encoding) == "stored"
    assert front_door.deliver(hook, sent | {"msg_id": "another"}, JSON) == "duplicate"
    assert front_door.deliver(hook, sent | {"msg_id": "a third"}, FORM) == "duplicate"


@pytest.mark.parametrize(
    ("hook", "changes"),
    [
        ("voicemail_full", {"system_log_id": "of another call"}),
        ("voicemail_full", {"voicemail_box": "another"}),
        ("voicemail_full", {"message_count": 51}),
        ("voicemail_full", {"max_message_count": 51}),
        *((hook, {"event_timestamp": 63_962_840_001}) for hook in ("register", "deregister")),
        *((hook, {"contact": "sip:another@192.0.2.1:5060"}) for hook in ("register", "deregister")),
        *((hook, {"call_id": "another"}) for hook in ("register", "deregister")),
        *((hook, {"username": "another"}) for hook in ("register", "deregister")),
        *((hook, {"realm": "another.example.com"}) for hook in ("register", "deregister")),
    ],
)
def test_real_second_event(hook: str, changes: dict[str, Any], front_door: FrontDoor) -> None:
    """What differs in any field that identifies an event is another event."""
    sent = payload(hook)
    assert front_door.deliver(hook, sent) == "stored"
    assert front_door.deliver(hook, sent | changes | {"msg_id": "another"}) == "stored"


@pytest.mark.parametrize(
    ("hook", "missing"),
    [
        ("voicemail_full", {"voicemail_box": None}),
        ("voicemail_full", {"system_log_id": None}),
        ("voicemail_full", {"system_log_id": "0000000000"}),
        ("register", {"event_timestamp": None}),
        ("deregister", {"contact": None, "call_id": None}),
    ],
)
def test_message_id_where_nothing_else_identifies(hook: str, missing: dict[str, Any], front_door: FrontDoor) -> None:
    """Where other fields could not tell two events apart, `msg_id` does: no event is lost, and one may come twice."""
    sent = payload(hook, **missing)
    assert front_door.deliver(hook, sent) == "stored"
    assert front_door.deliver(hook, sent) == "duplicate"
    assert front_door.deliver(hook, sent | {"msg_id": "another"}) == "stored"


# Legs that end twice


def calls_in(front_door: FrontDoor) -> list[Call]:
    """Return the records of the calls that the stored events tell of."""
    facts = [fact for item in front_door.events() if (fact := Fact.from_item(item))]
    return [folded.record for folded in fold(facts, max(fact.received_at for fact in facts) + 86_400)]


def test_leg_that_ends_twice(front_door: FrontDoor) -> None:
    """A lost media server and the real end of a leg are two events, and one call with its real length."""
    sent = [case("disconnected.json"), case("really_destroyed.json")]
    assert [front_door.deliver("channel_destroy", one) for one in sent] == ["stored", "stored"]
    (call,) = calls_in(front_door)
    assert (call.get("duration_seconds"), call.get("hangup_cause")) == (90, "NORMAL_CLEARING")


def test_leg_that_ends_twice_without_times(front_door: FrontDoor) -> None:
    """So they are without their times, in either order."""
    for call_id, order in (("one", (0, 1)), ("two", (1, 0))):
        sent = [case("disconnected.json"), case("really_destroyed.json")]
        for one in sent:
            del one["timestamp"]
            one["call_id"] = call_id
        assert [front_door.deliver("channel_destroy", sent[at]) for at in order] == ["stored", "stored"]
    assert len(calls_in(front_door)) == 2
