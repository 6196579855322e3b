"""The list of calls as the page gets it: pages, filters, parameters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from devtools.console.serve import TABLE, LocalConsole
from devtools.local import DASH_ACCOUNT_ID
from hookswitch.console import calls as calls_module
from hookswitch.console.calls import PAGE, ROW
from hookswitch.console.questions import STATUSES, cursor_after
from tests.unit.console.browser import Browser
from tests.unit.console.conftest import NOW
from tests.unit.console.stored import DAY, TODAY, listed, mine, put
from tests.unit.devtools.call_records import BOB, JANE, START, at, unanswered


def test_page(console: LocalConsole, browser: Browser) -> None:
    """A call is in the list as the record has it, without legs and events."""
    call = mine(1)
    put(console, [call])
    (shown,) = browser.get("calls", day=TODAY).json["calls"]
    assert shown == {name: value for name, value in call.items() if name not in {"legs", "events", "missed_call"}}
    assert shown.keys() <= {*ROW}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    starts=st.lists(st.integers(-3 * DAY, 3 * DAY), max_size=9, unique=True),
    first=st.integers(-3, 3),
    length=st.integers(0, 3),
    page=st.integers(1, 4),
)
@example(starts=[-32_586, -32_585, 53_814, 53_815, 54_000], first=0, length=0, page=1)  # around both midnights
def test_pages(console: LocalConsole, browser: Browser, starts: list[int], first: int, length: int, page: int) -> None:
    """All pages together have every call of some days of the office, newest first, none twice."""
    console.clock = lambda: NOW + 10 * DAY
    browser.go()
    console.tables.tables.pop(TABLE, None)
    calls = {start: mine(number, started_at=at(start)) for number, start in enumerate(starts)}
    put(console, [*calls.values()])
    day = START.date() + timedelta(days=first)
    began = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)  # midnight in New York
    ended = began + timedelta(days=length + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calls_module, "PAGE", page)
        until = (day + timedelta(days=length)).isoformat()
        found = listed(browser, day=day.isoformat(), until=until)
    expected = [start for start in sorted(starts, reverse=True) if began <= START + timedelta(seconds=start) < ended]
    assert found == [calls[start]["call"] for start in expected]


def test_new_calls_do_not_move_pages(console: LocalConsole, browser: Browser) -> None:
    """A call that comes while somebody turns pages repeats nothing and hides nothing."""
    put(console, [mine(number, started_at=at(-number)) for number in range(PAGE + 3)])
    first = browser.get("calls", day=TODAY).json
    put(console, [mine(999, started_at=at(60))])
    second = browser.get("calls", day=TODAY, cursor=first["cursor"]).json
    found = [call["call"] for call in first["calls"] + second["calls"]]
    assert len(found) == len(set(found)) == PAGE + 3
    assert second["cursor"] is None


def test_one_page_is_cheap(console: LocalConsole, browser: Browser) -> None:
    """A page of calls takes one query of what is in progress, one of the day, and one batch, however many there are."""
    put(console, [mine(number, started_at=at(-number)) for number in range(1_000)])
    console.tables.asked.clear()
    assert len(browser.get("calls").json["calls"]) == PAGE
    assert sorted(console.tables.asked) == ["BatchGetItem", "GetItem", "Query", "Query"]


def test_one_day_is_one_query(console: LocalConsole) -> None:
    """Where the office's day is one in UTC, no other day is asked for."""
    console.settings = replace(console.settings, time_zone="UTC")
    browser = Browser(console)
    browser.go()
    put(console, [mine(1, started_at=at(-DAY))])
    console.tables.asked.clear()
    assert listed(browser, day="2026-11-24") == [mine(1)["call"]]
    assert console.tables.asked == ["GetItem", "Query", "BatchGetItem"]


def test_filter_that_finds_little(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page ends after so many calls, whether or not they are asked for, and the next goes on from there."""
    monkeypatch.setattr(calls_module, "MOST_EXAMINED", 20)
    put(console, [mine(number, started_at=at(-number)) for number in range(70)])
    busy = mine(999, started_at=at(-100), status="busy")
    put(console, [busy])
    first = browser.get("calls", day=TODAY, status="busy").json
    assert first["calls"] == []
    assert first["cursor"]
    assert listed(browser, day=TODAY, status="busy") == [busy["call"]]


def test_filter_reads_much_at_once(console: LocalConsole, browser: Browser) -> None:
    """What a filter leaves out is not read in pages of the size of those that are shown, one after the other."""
    put(console, [mine(number, started_at=at(-number)) for number in range(200)])
    console.tables.asked.clear()
    assert browser.get("calls", status="busy").json["calls"] == []
    assert console.tables.asked.count("Query") == 2
    assert console.tables.asked.count("BatchGetItem") == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"status": "answered"}, [1, 5]),
        ({"status": "voicemail,missed"}, [2, 3]),
        ({"status": "nobody"}, [2, 3]),
        ({"status": "failed"}, [4]),
        ({"status": "open"}, []),
        ({"direction": "outbound"}, [4]),
        ({"direction": "inbound,internal"}, [1, 2, 3, 5]),
        ({"direction": "outbound", "status": "answered"}, []),
        ({"number": "(555) 000-0001"}, [5]),
        ({"number": "201"}, [1, 2, 3, 4, 5]),
        ({"party": f"device/{BOB['device']}"}, [1, 2, 3, 4, 5]),
        ({"party": f"owner/{BOB['owner']}", "status": "missed"}, [2]),
        ({"party": "device/" + "0" * 32}, []),
        ({"day": "2026-11-24"}, []),
    ],
)
def test_filters(console: LocalConsole, browser: Browser, query: dict[str, str], found: list[int]) -> None:
    """Filters choose calls, one by one and together."""
    more = {"account_id": DASH_ACCOUNT_ID}
    put(
        console,
        [
            mine(1, started_at=at(-1)),
            unanswered(2, "missed", **more, started_at=at(-2)),
            unanswered(3, "voicemail", **more, started_at=at(-3)),
            unanswered(4, "failed", **more, started_at=at(-4), direction="outbound"),
            mine(5, started_at=at(-5), **{"from": {"number": "+15550000001"}}),
            mine(6, started_at=at(-6), merged_into="0" * 32),
        ],
    )
    assert listed(browser, **({"day": TODAY} | query)) == [mine(number)["call"] for number in found]


def test_number_of_all_days(console: LocalConsole, browser: Browser) -> None:
    """A number's calls are those of all days, unless a day is asked for."""
    put(console, [mine(number, started_at=at(-number * 40 * DAY)) for number in range(5)])
    assert len(listed(browser, number="555-123-4567")) == 5
    assert len(listed(browser, number="555-123-4567", day=TODAY)) == 1


def test_open(console: LocalConsole, browser: Browser) -> None:
    """Calls in progress come apart from those that are final, if the days that are asked for reach to the present."""
    ringing = mine(1, state="ringing", status=None, answered_by=None, reached=None)
    settling = mine(2, final=False)
    yesterday = mine(3, final=False, started_at=at(-DAY))
    put(console, [ringing, settling, yesterday, mine(4)])
    page = browser.get("calls").json
    assert {call["call"] for call in page["open"]} == {ringing["call"], settling["call"]}
    assert [call["call"] for call in page["calls"]] == [mine(4)["call"]]
    for query in ({"day": "2026-11-24"}, {"status": "busy"}, {"direction": "internal"}, {"number": "+15559999999"}):
        assert browser.get("calls", **query).json["open"] == []
    assert len(browser.get("calls", status="open").json["open"]) == 1
    of_jane = browser.get("calls", number=str(JANE["number"])).json
    assert [call["call"] for call in of_jane["open"]] == [ringing["call"]]
    assert len(of_jane["calls"]) == 3  # the index has calls that have ended, though they may still change


def test_a_call_is_shown_once(console: LocalConsole, browser: Browser) -> None:
    """A call that becomes final between the two queries is shown once."""
    put(console, [mine(1, final=False)])
    stored = console.tables.tables[TABLE]
    copy = dict(stored[f"call-{mine(1)['call']}",])
    put(console, [mine(1)])
    stored["call-copy",] = copy
    page = browser.get("calls").json
    assert [call["call"] for call in page["calls"] + page["open"]] == [mine(1)["call"]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"day": "yesterday"}, "A day is written"),
        ({"day": "2026-02-30"}, "A day is written"),
        ({"day": "0001-01-01"}, "A day is written"),
        ({"day": "9999-12-31"}, "A day is written"),
        ({"day": "2026-11-25", "until": "2026-11-24"}, "until must be day or later"),
        ({"day": "2020-01-01", "until": "2026-11-24"}, "92 days"),
        ({"status": "lost"}, "answered, voicemail"),
        ({"direction": "up"}, "inbound, outbound"),
        ({"number": "1" * 65}, "64 characters"),
        ({"number": "1", "party": "owner/1"}, "not for both"),
        ({"party": "anybody"}, "owner/<id>"),
        ({"party": "number/1"}, "owner/<id>"),
        ({"cursor": "x"}, "cursor is invalid"),
        ({"cursor": "äöü"}, "cursor is invalid"),
        ({"cursor": "MjAyNi0xMS0yNQ"}, "cursor is invalid"),
        ({"cursor": "A" * 400}, "cursor is invalid"),
    ],
)
@pytest.mark.parametrize("endpoint", ["calls", "calls.csv"])
def test_invalid_parameters(browser: Browser, endpoint: str, query: dict[str, str], said: str) -> None:
    """The error says what the parameter can be."""
    answer = browser.get(endpoint, **query)
    assert (answer.status, answer.code) == (400, "invalid_parameter")
    assert said in answer.json["error"]["message"]


def test_cursor_of_other_days(console: LocalConsole, browser: Browser) -> None:
    """A cursor leads to no other days than those that are asked for."""
    put(console, [mine(1, started_at=at(-DAY)), mine(2), mine(3, started_at=at(60))])
    cursor = cursor_after(mine(4, started_at=at(120)))
    assert listed(browser, day="2026-11-24", cursor=cursor) == [mine(1)["call"]]
    assert listed(browser, day=TODAY, cursor=cursor) == [mine(3)["call"], mine(2)["call"]]
    evening = cursor_after(mine(4, started_at="2026-11-25T04:59:59Z"))  # of the day before, in New York
    assert listed(browser, day=TODAY, cursor=evening) == []


@given(cursor=st.text(max_size=120))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_cursor(browser: Browser, cursor: str) -> None:
    """Whatever somebody gives for a cursor is refused, or begins somewhere."""
    assert browser.get("calls", cursor=cursor).status in {200, 400}


def test_statuses_are_documented(browser: Browser) -> None:
    """Every status can be asked for."""
    for status in STATUSES:
        assert browser.get("calls", status=status).status == 200
