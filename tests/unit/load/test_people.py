"""People who look at the console during the load ask what its page asks, and what they got is reported."""

import json
import re
from collections.abc import Mapping

import pytest
import urllib3

from devtools.local import ROOT
from tests.load.calls import Happening, PlayedCall
from tests.load.page import written
from tests.load.people import CHART, EVERY, OPENS, Audience, Look, Person, busiest, is_turn
from tests.load.people_page import figures, percentiles, section
from tests.load.totals import Answer

ACCOUNT, DAY, TODAY = "a" * 32, "2026-11-23", "2026-11-26"
CALLS = [{"call": "1" * 32}, {"call": "2" * 32}]
LIST = f"/api/calls?account={ACCOUNT}&day={DAY}&until={TODAY}"
CHARTED = f"/api/day?account={ACCOUNT}&day={DAY}"


class Console:
    """Answers as the console does: with a tag, and with nothing if somebody has the same."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_away = False

    def ask(
        self, address: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Answer a request."""
        assert method == "GET"
        self.asked.append(address)
        if self.is_away:
            raise urllib3.exceptions.ReadTimeoutError(urllib3.HTTPConnectionPool("x"), address, "too late")
        if (headers or {}).get("if-none-match") == '"tag"':
            return urllib3.HTTPResponse(b"", {"etag": '"tag"'}, 304)
        body = json.dumps({"open": CALLS[:1], "calls": CALLS[1:]}).encode()
        return urllib3.HTTPResponse(body, {"etag": '"tag"'}, 200)


def test_asks_what_the_page_asks() -> None:
    """The list each time, the chart once a minute, a call of the list sometimes; what has not changed comes as 304."""
    console = Console()
    person = Person(console, ACCOUNT, DAY, TODAY)
    person.arrive()
    for at in range(2 * OPENS):
        person.look(at * EVERY)
    assert console.asked[:2] == ["/", "/api/me"]
    assert console.asked.count(LIST) == 2 * OPENS
    assert console.asked.count(CHARTED) == 2 * OPENS * EVERY // CHART
    opened = [address for address in console.asked if address.startswith("/api/calls/")]
    assert opened == [f"/api/calls/{key}{part}" for key in ("2" * 32, "1" * 32) for part in ("", "/events")]
    statuses = [look.status for look in person.looks if look.what == "list"]
    assert statuses == [200, *[304] * (2 * OPENS - 1)]


def test_as_often_as_the_page() -> None:
    """The page asks as often as that."""
    source = (ROOT / "functions" / "console" / "static" / "calls.js").read_text()
    (live,) = re.findall(r"^const LIVE = ([\d_]+);", source, re.MULTILINE)
    (settled,) = re.findall(r"^const SETTLED = ([\d_]+);", source, re.MULTILINE)
    assert (int(live), int(settled)) == (EVERY * 1_000, CHART * 1_000)


def test_no_answer() -> None:
    """Who gets no answer goes on, and it is reported."""
    console = Console()
    console.is_away = True
    person = Person(console, ACCOUNT, DAY, TODAY)
    person.look(0)
    assert [look.status for look in person.looks] == [None, None]
    found = figures(Audience(1, 0, 10, person.looks), [])
    assert found["problems"] == [
        "1 times the list of calls was answered nothing.",
        "1 times the day's chart was answered nothing.",
    ]


@pytest.mark.parametrize(("since", "looks"), [(0, True), (9.9, True), (10, False), (19.9, False), (20, True)])
def test_turns(since: float, *, looks: bool) -> None:
    """People look in every other turn."""
    assert is_turn(since, 10) is looks


def test_busiest() -> None:
    """People look at the accounts with most calls, which is where there is something to see."""
    calls = [PlayedCall("answered", [Happening(0, account, "channel_create", {})]) for account in "babbac"]
    assert busiest(calls, 2) == ["b", "a"]
    assert busiest(calls, 5) == ["b", "a", "c", "b", "a"]


def test_report() -> None:
    """What people got, and what deliveries took while they looked and while they did not."""
    looks = [Look("list", 200, 30), Look("list", 304, 10), Look("call", 503, 5)]
    answers = [Answer(at, 0, 1, 200, "stored", "", 100.0 + at, at=1_000 + at) for at in range(20)]
    found = figures(Audience(50, 1_000, 10, looks), answers)
    assert found["looks"]["list"]["statuses"] == {"200": 1, "304": 1}
    assert found["deliveries"]["with"] == {"number": 10, **percentiles([100.0 + at for at in range(10)])}
    assert found["deliveries"]["without"]["number"] == 10
    assert found["problems"] == ["1 times a call was answered 503."]
    page = section(json.loads(json.dumps(found)))
    assert "| the list of calls | 2 | 50% | 20 | 30 |" in page
    assert "**1 times a call was answered 503.**" in page


def test_page_without_people() -> None:
    """The page of a day on which nobody looked has no part about it."""
    found = json.loads((ROOT / "docs" / "engineering" / "load.json").read_text())
    assert "## With people" not in written(found | {"people": None})
    with_them = figures(Audience(3, 0, 10, [Look("list", 200, 30)]), [])
    assert "3 people have signed in" in written(found | {"people": with_them})
