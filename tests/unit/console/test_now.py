"""What goes on now: calls in progress, and devices."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import pytest

from devtools.console.records import items_of, record_of
from devtools.console.serve import OTHER_ACCOUNT, TABLE, LocalConsole
from devtools.local import DASH_ACCOUNT_ID
from hookswitch.calls.items import party_item, party_key
from hookswitch.calls.record import Call
from hookswitch.console import now
from hookswitch.console.calls import DOING
from simulator.calls.office import Office
from simulator.payloads import payload
from simulator.steps import Step
from tests.unit.console.browser import Browser
from tests.unit.console.conftest import NOW
from tests.unit.console.stored import HOUR, mine, put
from tests.unit.devtools.call_records import BOB, CAROL, JANE, at, leg

PHONE = BOB["device"]


def told(console: LocalConsole, hook: str, seconds: float, user: str = "bob", **more: Any) -> None:
    """Let Dash say that a device registered or dropped, so many seconds before the present."""
    made = payload(hook, now=NOW - seconds, **{"username": user, "realm": "office.example.com", **more})
    for item in items_of([Step(hook, made, "", NOW - seconds)]):
        console.tables.put(TABLE, item)


def going_on(**more: Any) -> Call:
    """Return a call in progress that began an hour ago."""
    unknown = {"status": None, "answered_at": None, "ended_at": None}
    return mine(1, **{"state": "in_progress", **unknown, **more})


def doing(browser: Browser) -> tuple[str, float]:
    """Return what the only call is doing, and for how many seconds since it began."""
    (call,) = browser.get("now").json["calls"]
    since = datetime.fromisoformat(call["doing_since"])
    return call["doing"], (since - datetime.fromisoformat(call["started_at"])).total_seconds()


CALLER = leg("a@pbx", "caller", 0, None, None, party=JANE)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"legs": [CALLER, leg("b@pbx", "phone", 3, None, None, party=BOB)]}, ("ringing", 0)),
        ({"legs": [leg("a@pbx", "caller", 0, 2, None)]}, ("waiting", 2)),
        ({"legs": [leg("a@pbx", "caller", 0, 2, None), leg("b@pbx", "phone", 30, None, None)]}, ("ringing", 30)),
        (
            {
                "answered_at": at(22),
                "legs": [
                    leg("a@pbx", "caller", 0, 2, None, bridged=["b@pbx"]),
                    leg("b@pbx", "phone", 8, 22, None, party=BOB),
                    leg("c@pbx", "phone", 8, None, 22, party=CAROL),
                ],
            },
            ("talking", 22),
        ),
        (
            {
                "answered_at": at(22),
                "legs": [
                    leg("a@pbx", "caller", 0, 2, None, bridged=["b@pbx"]),
                    leg("b@pbx", "phone", 8, 22, 60, party=BOB),
                ],
                "via": [{"kind": "parking", "at": at(60), "slot": "701"}],
            },
            ("parked", 60),
        ),
        (
            {
                "answered_at": at(22),
                "legs": [
                    leg("b@pbx", "phone", 0, 2, None, party=BOB),
                    leg("a@pbx", "caller", 3, 22, None, bridged=["b@pbx"]),
                    leg("c@pbx", "phone", 4, 5, None, bridged=["b@pbx"]),
                ],
            },
            ("talking", 22),
        ),
        ({"legs": [leg("a@pbx", "caller", 0, 2, None), leg("b@pbx", "phone", 30, None, 3_700)]}, ("waiting", 2)),
        ({"legs": [leg("a@pbx", "caller", None, None, None)]}, ("ringing", 0)),
        ({"legs": [leg("a@pbx", "caller", None, None, None)], "answered_at": at(9)}, ("talking", 9)),
    ],
    ids=[
        "rings",
        "machine",
        "rings again",
        "talks",
        "parked",
        "caller last",
        "ended ahead of this clock",
        "no times",
        "only an answer",
    ],
)
def test_what_calls_are_doing(
    console: LocalConsole, browser: Browser, call: dict[str, Any], expected: tuple[str, float]
) -> None:
    """Each says what it is doing now and since when, by its legs; without times of legs, by the call."""
    put(console, [going_on(**{"via": []} | call)])
    assert doing(browser) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ring_group", ["ringing", "talking"]),
        ("voicemail", ["ringing", "waiting"]),
        ("attendant_person", ["ringing", "waiting", "ringing", "talking"]),
        ("queue_agent", ["ringing", "waiting", "ringing", "waiting", "ringing", "talking"]),
        ("blind_transfer", ["ringing", "talking", "ringing", "talking"]),
        ("attended_transfer", ["ringing", "talking"]),
        ("parked_retrieved", ["ringing", "talking", "parked", "talking"]),
        ("outbound_answered", ["ringing", "talking"]),
    ],
)
def test_calls_of_an_office(kind: str, expected: list[str]) -> None:
    """What a call does follows what happens on the phones, from its first ring to its end."""
    steps = Office(3).call(NOW, kind)
    done: list[str] = []
    for moment in sorted({int(step.at) + 1 for step in steps}):
        call = record_of(steps, moment)
        if call and call["state"] != "ended":
            what, since = now.doing(call, datetime.fromtimestamp(moment, UTC))
            assert NOW - 1 <= since <= moment
            done.append(DOING[what])
    assert [what for what, _ in groupby(done)] == expected


def test_only_calls_in_progress(console: LocalConsole, browser: Browser) -> None:
    """Those that ended a moment ago, are part of another one, or are another account's are not there."""
    put(
        console,
        [
            going_on(),
            mine(2, final=False),
            mine(3, state="ringing", merged_into="f" * 32),
            mine(4, state="ringing") | {"account_id": OTHER_ACCOUNT},
            mine(5, state="ringing"),
        ],
    )
    merged = console.tables.tables[TABLE][f"call-{mine(5)['call']}",]["payload"]["M"]
    merged["merged_into"] = {"S": "f" * 32}  # since the index was read
    found = browser.get("now").json
    assert [call["call"] for call in found["calls"]] == [going_on()["call"]]
    assert found["numbers"] == {"calls": 1, "registered": 0, "dropped": 0}
    assert "legs" not in found["calls"][0]
    assert (found["account"], found["at"]) == (DASH_ACCOUNT_ID, "2026-11-25T15:03:05.000Z")


def test_many_calls(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many calls the newest are shown, and the number of all."""
    monkeypatch.setattr(now, "MOST_CALLS", 3)
    put(console, [mine(number, state="ringing", started_at=at(number)) for number in range(5)])
    found = browser.get("now").json
    assert [call["started_at"] for call in found["calls"]] == [at(4), at(3), at(2)]
    assert found["numbers"]["calls"] == 5


def test_newest_word_of_each_device(console: LocalConsole, browser: Browser) -> None:
    """There is one row a device with what Dash said of it last: those that dropped first, then newest first."""
    told(console, "register", 3 * HOUR, "back")
    told(console, "deregister", 2 * HOUR, "back")
    told(console, "register", 1 * HOUR, "back")
    told(console, "register", 5 * HOUR, "gone")
    told(console, "deregister", 4 * HOUR, "gone", status="Expired\n\u202e!")
    told(console, "register", 60, "new")
    found = browser.get("now").json
    assert [(row["device"], row["state"]) for row in found["devices"]] == [
        ("gone@office.example.com", "dropped"),
        ("new@office.example.com", "registered"),
        ("back@office.example.com", "registered"),
    ]
    gone, _, back = found["devices"]
    assert gone["since"] == "2026-11-25T11:03:05.000Z"
    assert gone["reason"] == "Expired !"
    assert gone["summary"] == "Device gone@office.example.com dropped off"
    assert back["times"] == {"registered": 2, "dropped": 1}
    assert back["reason"] is None
    assert found["numbers"] == {"calls": 0, "registered": 2, "dropped": 1}
    assert found["complete"] is True


def test_day_and_night(console: LocalConsole, browser: Browser) -> None:
    """What is older than 24 hours is not there; what is of yesterday in UTC is, and what Dash's clock is ahead with."""
    told(console, "deregister", 24 * HOUR + 1, "old")
    told(console, "deregister", 24 * HOUR - 1, "yesterday")
    told(console, "register", -120, "ahead")
    devices = browser.get("now").json["devices"]
    assert [row["device"].partition("@")[0] for row in devices] == ["yesterday", "ahead"]


def test_names_of_devices(console: LocalConsole, browser: Browser) -> None:
    """A device is called as in its newest call, and leads to its calls."""
    put(console, [mine(1), mine(2, reached=None, answered_by={"device": CAROL["device"]})])
    told(console, "deregister", 60, "bob", authorizing_id=PHONE)
    told(console, "register", 90, "carol", authorizing_id=CAROL["device"])
    told(console, "register", 120, "nobody", authorizing_id="9" * 32)
    told(console, "register", 150, "odd", authorizing_id="../x")
    rows = browser.get("now").json["devices"]
    assert [(row["name"], row["number"], row["party"]) for row in rows] == [
        ("Bob Smith", "201", f"device/{PHONE}"),
        ("Carol Jones", "202", f"device/{CAROL['device']}"),
        (None, None, f"device/{'9' * 32}"),
        (None, None, None),
    ]
    assert browser.get("calls", party=rows[0]["party"]).json["calls"]


def test_names_are_the_accounts_own(console: LocalConsole, browser: Browser) -> None:
    """Another account's call with a device of the same id gives no name, not even if an index led to it."""
    put(console, [mine(1) | {"account_id": OTHER_ACCOUNT}])
    console.tables.put(TABLE, party_item(party_key(DASH_ACCOUNT_ID, "device", PHONE), mine(1), None))
    told(console, "deregister", 60, "bob", authorizing_id=PHONE)
    assert [row["name"] for row in browser.get("now").json["devices"]] == [None]


def test_names_are_asked_for_once(console: LocalConsole, browser: Browser) -> None:
    """Who looks on costs no more reads than there are feeds, and a name that changed is there ten minutes later."""
    put(console, [mine(1)])
    told(console, "deregister", 60, "bob", authorizing_id=PHONE)
    browser.get("now")
    console.tables.asked.clear()
    assert browser.get("now").json["devices"][0]["name"] == "Bob Smith"
    assert console.tables.asked.count("BatchGetItem") == 0
    put(console, [mine(1, answered_by=BOB | {"name": "Rob"})])
    assert browser.get("now").json["devices"][0]["name"] == "Bob Smith"
    console.clock = lambda: NOW + now.KEPT
    assert browser.get("now").json["devices"][0]["name"] == "Rob"


def test_again_and_again(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that registers all the time is one row; if that is too much to look at, the answer says so."""
    for number in range(40):
        told(console, "deregister" if number % 2 else "register", 60 + 30 * number, "restless")
    told(console, "register", 2 * HOUR, "calm")
    found = browser.get("now").json
    assert [(row["device"][:4], row["times"]) for row in found["devices"]] == [
        ("rest", {"registered": 20, "dropped": 20}),
        ("calm", {"registered": 1, "dropped": 0}),
    ]
    assert found["devices"][0]["state"] == "registered"
    monkeypatch.setattr(now, "MOST_WORDS", 40)
    found = browser.get("now").json
    assert [row["device"][:4] for row in found["devices"]] == ["rest"]
    assert found["complete"] is False


def test_drop_is_not_taken_for_the_last_word(
    console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is of one kind, no device is said to have dropped that registered afterwards."""
    monkeypatch.setattr(now, "MOST_WORDS", 5)
    told(console, "deregister", 1_000, "bob")
    told(console, "register", 900, "bob")
    for number in range(5):
        told(console, "register", 60 + number, f"other{number}")
    found = browser.get("now").json
    assert found["numbers"] == {"calls": 0, "registered": 5, "dropped": 0}
    assert found["complete"] is False


def test_thousand_devices(console: LocalConsole, browser: Browser) -> None:
    """Of a thousand devices those that dropped are shown first, and the rest is counted; reads stay few."""
    for number in range(1_000):
        name = f"phone{number}@office.example.com"
        hook = "deregister" if number % 50 == 0 else "register"
        moment = f"2026-11-25T14:{number // 60:02}:{number % 60:02}.000Z"
        item = {
            "event_id": f"{number:032x}",
            "hook": hook,
            "account_id": DASH_ACCOUNT_ID,
            "subject": f"device/{name}",
            "occurred_at": moment,
            "summary": f"Device {name}",
            "timeline_key": f"{moment}#50#{moment}",
        }
        console.tables.put(TABLE, item | {"feed": f"{DASH_ACCOUNT_ID}/{hook}/2026-11-25"})
    console.tables.asked.clear()
    found = browser.get("now").json
    assert found["numbers"] == {"calls": 0, "registered": 980, "dropped": 20}
    assert found["complete"] is True
    assert len(found["devices"]) == now.MOST_DEVICES
    assert [row["state"] for row in found["devices"]] == ["dropped"] * 20 + ["registered"] * 80
    assert found["devices"][0]["device"] == "phone950@office.example.com"
    assert len(console.tables.asked) < 12


def test_device_without_a_name(console: LocalConsole, browser: Browser) -> None:
    """An event that names no device is of none."""
    told(console, "register", 60, username=None, from_user=None, authorizing_id=None)
    assert browser.get("now").json["devices"] == []


def test_knows_little(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of devices does not grow without end."""
    monkeypatch.setattr(now, "MOST_KEPT", 1)
    for number in range(4):
        told(console, "register", 60 + number, f"phone{number}")
    assert len(browser.get("now").json["devices"]) == 4
    told(console, "register", 50, "another")
    assert len(browser.get("now").json["devices"]) == 5
    assert len(now.looked_up) == 1
