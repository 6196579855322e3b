"""Voicemails and faxes: what each row says, pages, days, and the calls that they belong to."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from devtools.console.records import items_of, record_of
from devtools.console.serve import OTHER_ACCOUNT, TABLE, USERS, LocalConsole
from devtools.local import DASH_ACCOUNT_ID
from hookswitch.calls.items import leg_id
from hookswitch.console import messages
from hookswitch.console.signing import encoded
from hookswitch.events.items import feed_key
from simulator.calls.office import Office
from simulator.payloads import payload
from simulator.steps import Step
from tests.unit.console.browser import Browser
from tests.unit.console.conftest import NOW
from tests.unit.console.stored import DAY, HOUR, TODAY, mine, put

type Row = Mapping[str, Any]


def told(console: LocalConsole, hook: str, moment: float = NOW - 60, **more: Any) -> str:
    """Let Dash tell of something at a time, in Unix seconds; return the event's key."""
    made = payload(hook, now=moment, **more)
    (item,) = items_of([Step(hook, made, "", moment)])
    console.tables.put(TABLE, item)
    return str(item["event_id"])


def rows(browser: Browser, **query: str) -> list[Row]:
    """Return the rows of all pages."""
    found: list[Row] = []
    for _ in range(100):
        page = browser.get("messages", **query).json
        found += page["messages"]
        if page["cursor"] is None:
            return found
        query["cursor"] = page["cursor"]
    raise AssertionError("There is no end of pages.")


def hooks(found: Sequence[Row]) -> list[str]:
    """Return the hooks of rows."""
    return [row["hook"] for row in found]


def test_voicemail(console: LocalConsole, browser: Browser) -> None:
    """A voicemail says who left it for whom, where, and how long it is; Dash's milliseconds are rounded."""
    event = told(
        console,
        "voicemail_new",
        voicemail_box="a" * 32,
        voicemail_length=41_500,
        caller_id_number="+15551234567",
        caller_id_name="Jane Doe",
        to_user="201",
    )
    (row,) = rows(browser)
    assert row == {
        "event_id": event,
        "hook": "voicemail_new",
        "kind": "voicemail",
        "failed": False,
        "occurred_at": "2026-11-25T15:02:05.000Z",
        "from": {"number": "+15551234567", "name": "Jane Doe"},
        "to": {"number": "201"},
        "mailbox": "a" * 32,
        "seconds": 42,
        "pages": None,
        "transcribed": False,
        "transcription": None,
        "reason": None,
        "summary": "Voicemail from +15551234567 to 201, 42 s",
        "call": None,
    }


def test_full_mailbox(console: LocalConsole, browser: Browser) -> None:
    """A full mailbox is a failure, and leads to the call that found it full by the log's id."""
    call = mine(1)
    put(console, [call])
    told(console, "voicemail_full", message_count=50, max_message_count=50, system_log_id=call["legs"][0]["leg"])
    (row,) = rows(browser)
    assert (row["kind"], row["failed"], row["reason"]) == ("voicemail", True, "50 of 50 messages")
    assert (row["from"], row["call"]) == (None, call["call"])


@pytest.mark.parametrize(
    ("hook", "failed", "reason", "pages"),
    [
        ("outbound_fax", False, None, 3),
        ("outbound_fax_error", True, "The call dropped prematurely", 0),
        ("inbound_fax_error", True, "Received a DCN from remote after sending a page", 0),
    ],
)
def test_faxes(console: LocalConsole, browser: Browser, hook: str, failed: bool, reason: str, pages: int) -> None:
    """A fax says how many pages it has, and why it failed."""
    told(console, hook)
    (row,) = rows(browser)
    assert (row["hook"], row["kind"], row["failed"]) == (hook, "fax", failed)
    assert (row["reason"], row["pages"], row["seconds"]) == (reason, pages, None)
    assert row["from"]["number"].startswith("+1555")
    assert row["to"]["number"].startswith("+1555")


def test_received_fax(console: LocalConsole, browser: Browser) -> None:
    """Of a received fax only the catch-all tells; the rest of what it tells is nowhere in the list."""
    told(console, "notifications", event_name="inbound_fax")
    for name in ("voicemail_saved", "system_alert", "inbound_fax\u200b", "password_recovery"):
        told(console, "notifications", event_name=name)
    (row,) = rows(browser)
    assert (row["hook"], row["kind"], row["failed"], row["pages"]) == ("notifications", "fax", False, 2)
    assert row["summary"] == messages.RECEIVED_SUMMARY


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"voicemail_new", "voicemail_full", "outbound_fax", "outbound_fax_error", "inbound_fax_error"}),
        ({"kind": "voicemail"}, {"voicemail_new", "voicemail_full"}),
        ({"kind": "fax"}, {"outbound_fax", "outbound_fax_error", "inbound_fax_error"}),
        ({"failed": "1"}, {"voicemail_full", "outbound_fax_error", "inbound_fax_error"}),
        ({"kind": "fax,voicemail", "failed": "1"}, {"voicemail_full", "outbound_fax_error", "inbound_fax_error"}),
        ({"kind": "voicemail", "failed": "1"}, {"voicemail_full"}),
        ({"kind": "", "failed": ""}, {*messages.KINDS} - {"notifications"}),
    ],
)
def test_filters(console: LocalConsole, browser: Browser, query: dict[str, str], expected: set[str]) -> None:
    """Kinds and failures can be asked for; without either, all are there."""
    for hook in messages.KINDS:
        if hook != "notifications":
            told(console, hook)
    assert set(hooks(rows(browser, **query))) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "letters"},
        {"failed": "yes"},
        {"day": "yesterday"},
        {"day": "2026-11-25", "until": "2026-11-24"},
        {"day": "2026-01-01", "until": "2026-11-24"},
        {"call": "x"},
        {"call": "../" + "f" * 32},
        *({"cursor": cursor} for cursor in ("x", "%", encoded("x"), encoded("9" * 900))),
        {"cursor": encoded("2026-11-25T15:02:05.000Z#95#2026-11-25T15:02:05.000Z#" + "g" * 32)},
        {"cursor": encoded("2026-99-25T15:02:05.000Z#95#2026-11-25T15:02:05.000Z#" + "a" * 32)},
    ],
)
def test_invalid(browser: Browser, query: dict[str, str]) -> None:
    """What can't be asked is refused, with a message that says what can."""
    answer = browser.get("messages", **query)
    assert (answer.status, answer.code) == (400, "invalid_parameter")


def test_days_are_the_offices(console: LocalConsole, browser: Browser) -> None:
    """A day begins at midnight in New York, which is five in the morning in UTC; without a day, seven are shown."""
    midnight = datetime(2026, 11, 25, 5, tzinfo=UTC).timestamp()
    last = told(console, "voicemail_new", midnight - 1)
    first = told(console, "voicemail_new", midnight)
    assert [row["event_id"] for row in rows(browser, day=TODAY)] == [first]
    assert [row["event_id"] for row in rows(browser, day="2026-11-24")] == [last]
    assert [row["event_id"] for row in rows(browser, day="2026-11-24", until=TODAY)] == [first, last]
    of_week = told(console, "voicemail_new", midnight - 6 * DAY)
    before = told(console, "voicemail_new", midnight - 6 * DAY - 1)
    assert [row["event_id"] for row in rows(browser)] == [first, last, of_week]
    assert [row["event_id"] for row in rows(browser, day="2026-11-18")] == [before]


def test_day_on_which_the_clock_changes(console: LocalConsole, browser: Browser) -> None:
    """The first of November 2026 has 25 hours in New York."""
    midnight = datetime(2026, 11, 1, 4, tzinfo=UTC).timestamp()
    found = [told(console, "voicemail_new", midnight + hours * HOUR) for hours in (0, 24.9, 25)]
    assert [row["event_id"] for row in rows(browser, day="2026-11-01")] == [found[1], found[0]]
    assert [row["event_id"] for row in rows(browser, day="2026-11-02")] == [found[2]]


def test_order_and_pages(console: LocalConsole, browser: Browser) -> None:
    """All kinds are in one list, newest first; pages neither repeat nor leave out any, even of one second."""
    told_of = {
        told(console, hook, NOW - HOUR * (number // 20) - (number % 3) * DAY)
        for number in range(130)
        for hook in ("voicemail_new", "outbound_fax_error")
    }
    first = browser.get("messages").json
    assert len(first["messages"]) == messages.PAGE
    found = rows(browser)
    assert len(found) == len(told_of) == 260
    assert {row["event_id"] for row in found} == told_of
    times = [row["occurred_at"] for row in found]
    assert times == sorted(times, reverse=True)


def test_last_page(console: LocalConsole, browser: Browser) -> None:
    """If what there is fills a page, no empty one follows."""
    for number in range(messages.PAGE):
        told(console, "voicemail_new", NOW - number)
    page = browser.get("messages").json
    assert len(page["messages"]) == messages.PAGE
    assert page["cursor"] is None


def test_much_else(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the catch-all tells of much else, pages are short, and the cursor goes on to what there is."""
    monkeypatch.setattr(messages, "MOST_EXAMINED", 10)
    fax = told(console, "notifications", NOW - 5_000, event_name="inbound_fax")
    for number in range(24):
        made = payload("notifications", now=NOW - number, event_name="voicemail_saved")
        console.tables.put(TABLE, items_of([Step("notifications", made, "", NOW - number)])[0])
    first = browser.get("messages").json
    assert first["messages"] == []
    assert first["cursor"]
    assert [row["event_id"] for row in rows(browser)] == [fax]


def test_cursor_of_another_account(console: LocalConsole, browser: Browser) -> None:
    """A cursor is only a moment: that of another account's event leads to one's own events that are older."""
    own = told(console, "voicemail_new", NOW - 200)
    theirs = {"timeline_key": "2026-11-25T15:02:05.000Z#95#2026-11-25T15:02:05.000Z", "event_id": "a" * 32}
    item = {"hook": "voicemail_new", "account_id": OTHER_ACCOUNT, "summary": "theirs", "occurred_at": "x", **theirs}
    console.tables.put(TABLE, item | {"feed": feed_key(OTHER_ACCOUNT, "voicemail_new", TODAY)})
    for account in ("", DASH_ACCOUNT_ID):
        found = browser.get("messages", cursor=messages.cursor_after(theirs), account=account).json
        assert [row["event_id"] for row in found["messages"]] == [own]
    nothing: Row = {"account": DASH_ACCOUNT_ID, "messages": [], "cursor": None}
    for moment in ("2020-11-25T15:02:05.000Z", "2026-11-25T04:59:59.000Z"):
        early = messages.cursor_after({"timeline_key": f"{moment}#95#{moment}", "event_id": "a" * 32})
        assert browser.get("messages", cursor=early, day=TODAY).json == nothing


def test_entry_of_another_account(console: LocalConsole, browser: Browser) -> None:
    """Whatever an index says, an event of another account is not shown."""
    event = told(console, "voicemail_new")
    (place,) = (key for key in console.tables.tables[TABLE] if key == (event,))
    console.tables.tables[TABLE][place]["account_id"] = {"S": OTHER_ACCOUNT}
    assert rows(browser) == []


def test_calls_and_messages_lead_to_each_other(console: LocalConsole, browser: Browser) -> None:
    """A message names its call, and a call's messages can be asked for; the called one is as in the call's record."""
    office = Office(5)
    for number, kind in enumerate(("voicemail", "inbound_fax", "outbound_fax_error")):
        steps = office.call(NOW - HOUR * (number + 1), kind)
        console.show(steps, NOW)
        record = record_of(steps, NOW)
        assert record
        found = rows(browser, call=record["call"])
        assert len(found) == 1
        assert found[0]["call"] == record["call"]
        assert found[0]["to"] == record["to"]
        assert found[0] in rows(browser)
    assert browser.get("messages", call="9" * 32).status == 404


def test_call_that_became_part_of_another(console: LocalConsole, browser: Browser) -> None:
    """A message of a call that was merged names the whole one."""
    put(console, [mine(1, merged_into="f" * 32)])
    told(console, "voicemail_new", call_id="a@pbx")
    assert rows(browser)[0]["call"] == "f" * 32


@pytest.mark.parametrize("known", ["no leg", "no call", "another account's call"])
def test_unknown_call(console: LocalConsole, browser: Browser, known: str) -> None:
    """A message whose call is not there, or another account's, names none."""
    told(console, "voicemail_new", call_id="a@pbx")
    leg = {"event_id": leg_id(DASH_ACCOUNT_ID, "a@pbx"), "kind": "leg", "call": mine(1)["call"]}
    if known != "no leg":
        console.tables.put(TABLE, leg)
    if known == "another account's call":
        put(console, [mine(1) | {"account_id": OTHER_ACCOUNT}])
    assert rows(browser)[0]["call"] is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [("Call me\nback", "Call me back"), ({"result": "success", "text": "Hello\u202e"}, "Hello"), ({"text": 5}, None)],
)
def test_transcription(console: LocalConsole, browser: Browser, said: object, shown: str | None) -> None:
    """What was said in a message is for the role payloads; everybody sees that there is a transcription."""
    told(console, "voicemail_new", voicemail_transcription=said)
    (row,) = rows(browser)
    assert (row["transcribed"], row["transcription"]) == (True, shown)
    console.pool.claims = {"sub": "reader", **USERS["reader"]}
    reader = Browser(console)
    reader.go()
    (row,) = rows(reader)
    assert row["transcribed"] is True
    assert "transcription" not in row
    assert "Hello" not in reader.get("messages").body.decode()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"fax_info": {"fax_transferred_pages": "7"}}, {"pages": 7}),
        ({"fax_info": {"fax_transferred_pages": True}}, {"pages": None}),
        ({"fax_info": {"fax_transferred_pages": -1}}, {"pages": None}),
        ({"fax_info": {"fax_transferred_pages": 10**30}}, {"pages": None}),
        ({"fax_info": "?"}, {"pages": None}),
        ({"fax_info": None}, {"pages": None}),
        ({"fax_error": "\u0007\u202eBusy\n" + "x" * 500}, {"reason": "Busy " + "x" * 54 + "…"}),
        ({"fax_error": {"text": "x"}}, {"reason": None}),
        ({"caller_id_number": None, "caller_id_name": None}, {"from": None}),
    ],
)
def test_odd_values(console: LocalConsole, browser: Browser, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    """What other systems send in these fields is understood, or as good as absent."""
    told(console, "outbound_fax_error", **fields)
    (row,) = rows(browser)
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("length", [-1, 10**12, "long", None])
def test_odd_lengths(console: LocalConsole, browser: Browser, length: object) -> None:
    """A length that no message has is none."""
    told(console, "voicemail_new", voicemail_length=length)
    assert rows(browser)[0]["seconds"] is None


def test_expired_meanwhile(console: LocalConsole, browser: Browser) -> None:
    """An event that is gone when it is read, after the index named it, is left out."""
    told(console, "voicemail_new", NOW - 10)
    gone = told(console, "voicemail_new", NOW - 20)
    batch = console.tables.batch_get_item

    def without(**asked: Any) -> Any:
        console.tables.tables[TABLE].pop((gone,), None)
        return batch(**asked)

    console.tables.batch_get_item = without  # type: ignore[method-assign]
    assert len(rows(browser)) == 1


def test_reads_are_few(console: LocalConsole, browser: Browser) -> None:
    """A page takes a query for each feed of each day that it reaches into, and three reads of items at most."""
    for number in range(messages.PAGE * 4):
        told(console, "voicemail_new", NOW - number * 60)
    console.tables.asked.clear()
    browser.get("messages")
    assert console.tables.asked.count("BatchGetItem") <= 3
    assert console.tables.asked.count("Query") <= len(messages.KINDS) + 1
    console.tables.asked.clear()
    browser.get("messages", kind="voicemail", failed="1", day=TODAY)
    assert console.tables.asked.count("Query") <= 2  # of a day in New York: two in UTC
