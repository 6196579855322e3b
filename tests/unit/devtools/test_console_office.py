"""The simulated office, what the console's tables have of it, and how its calls are played."""

import itertools

import pytest

from devtools.console.records import items_of, record_of
from devtools.console.serve import LocalConsole, fill
from devtools.demo import in_real_time
from hookswitch.aws import clients
from simulator.calls.cast import CAST
from simulator.calls.office import Office
from tests.unit.console.browser import Browser

DAY = 86_400
NOW = 1_795_435_200.0  # 2026-11-23, noon in UTC


def test_thirty_phones() -> None:
    """Each has a number, a device and a user of its own."""
    phones = Office().phones
    assert len(phones) == 30
    for name in ("number", "device", "owner", "username", "title"):
        assert len({getattr(phone, name) for phone in phones}) == 30


def test_calls_are_whole() -> None:
    """Whatever kind a call is of, and whoever plays in it, it is one call with one final record, of this office."""
    office = Office(3)
    mine = {phone.device for phone in office.phones}
    theirs = {member.device for member in CAST.values() if member.device}
    for _ in range(15):
        steps = office.call(NOW)
        found = record_of(steps, NOW + 30 * DAY)
        assert found
        assert found["final"]
        legs = {item["call_id"] for item in items_of(steps) if item.get("call_id")}
        assert {leg["leg"] for leg in found["legs"]} <= legs
        devices = {str(leg["party"].get("device", "")) for leg in found["legs"] if "party" in leg} - {""}
        assert devices <= mine
        assert not devices & theirs


def test_same_seed() -> None:
    """The same seed gives the same day."""
    days = [list(Office(7).day(NOW, 5)) for _ in range(2)]
    assert days[0] == days[1]


def test_call_is_shown_as_far_as_it_happened() -> None:
    """A record is what is known at a time: ringing at first, nothing before."""
    steps = Office(1).call(NOW)
    assert record_of(steps, NOW - 1) is None
    begun = record_of(steps, NOW)
    assert begun
    assert begun["state"] == "ringing"


def test_filled_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `python -m devtools.console` shows is an office with calls, a chart and destinations."""
    console = LocalConsole("http://localhost:1")
    console.clock = lambda: NOW
    monkeypatch.setattr(clients, "dynamodb", lambda **_: console.tables)
    fill(console, days=2, calls_a_day=20)
    browser = Browser(console)
    browser.go()
    calls = browser.get("calls", day="2026-11-22", until="2026-11-23").json["calls"]
    assert len(calls) > 20
    assert browser.get(f"calls/{calls[0]['call']}/events").json["events"]
    assert browser.get("now").json["numbers"] == {"calls": 0, "registered": 28, "dropped": 2}
    assert {row["failed"] for row in browser.get("messages").json["messages"]} == {True, False}
    assert sum(hour["answered"] for hour in browser.get("day", day="2026-11-22").json["hours"])


def test_phones_register_and_drop() -> None:
    """All phones registered before; two are gone, and one that dropped often is back."""
    office = Office(4)
    steps = office.registrations(NOW)
    newest = {step.payload["username"]: step for step in steps}
    assert newest.keys() == {phone.username for phone in office.phones}
    assert [step.hook for step in newest.values()].count("deregister") == 2
    assert all(step.at <= NOW for step in steps)
    assert {step.payload["authorizing_id"] for step in steps} == {phone.device for phone in office.phones}
    dropped, back = office.drop(NOW)
    assert (dropped.hook, back.hook) == ("deregister", "register")
    assert dropped.payload["username"] == back.payload["username"]
    assert dropped.at == NOW < back.at


def test_voicemails_and_faxes() -> None:
    """There is one of each kind at least, and each failure."""
    told = [(step.hook, step.payload.get("event_name")) for steps in Office(4).messages(NOW) for step in steps]
    hooks = {"voicemail_new", "voicemail_full", "outbound_fax", "outbound_fax_error", "inbound_fax_error"}
    assert hooks <= {hook for hook, _ in told}
    assert ("notifications", "inbound_fax") in told


def test_events_happen_in_time() -> None:
    """Each event is played when it happens, and calls overlap."""
    clock = [NOW]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    events = itertools.islice(in_real_time(Office(2), 3, lambda: clock[0], sleep), 120)
    played = [(clock[0], event) for event in events]
    assert all(0 <= moment - event.at < 0.001 for moment, event in played)
    begun = [event for _, event in played if event.hook == "channel_create"]
    assert len({event.payload["custom_channel_vars"].get("Call-Interaction-ID") for event in begun}) > 3
