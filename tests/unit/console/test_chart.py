"""A day's chart: calls by the hour of the office in which they began."""

from dataclasses import replace

import pytest

from devtools.console.serve import LocalConsole
from devtools.local import DASH_ACCOUNT_ID
from hookswitch.console import calls as calls_module
from tests.unit.console.browser import Browser
from tests.unit.console.stored import HOUR, TODAY, mine, put
from tests.unit.devtools.call_records import at, unanswered


def test_chart(console: LocalConsole, browser: Browser) -> None:
    """A day's calls are counted by the hour of the office in which they began, and by how they ended."""
    more = {"account_id": DASH_ACCOUNT_ID}
    put(
        console,
        [
            mine(1),
            mine(2, started_at=at(HOUR)),
            unanswered(3, "missed", **more),
            unanswered(4, "abandoned", **more),
            unanswered(5, "voicemail", **more),
            unanswered(6, "missed", **more, direction="outbound"),
            mine(7, merged_into="0" * 32),
            mine(8, started_at=at(-10 * HOUR)),  # 23:03 of the day before, the same day in UTC
            mine(9, state="in_progress"),
        ],
    )
    chart = browser.get("day").json
    assert (chart["day"], chart["complete"], len(chart["hours"])) == (TODAY, True, 24)
    assert chart["hours"][9] == {
        "start": "2026-11-25T14:00:00.000Z",
        "local": "09:00",
        "answered": 1,
        "missed": 2,
        "voicemail": 1,
        "other": 1,
    }
    assert sum(sum(hour[bar] for bar in ("answered", "missed", "voicemail", "other")) for hour in chart["hours"]) == 6


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-25", 24)])
def test_chart_when_the_clock_changes(console: LocalConsole, browser: Browser, day: str, hours: int) -> None:
    """A day has the hours that it has, and calls of its last hour are counted."""
    put(console, [mine(1, started_at=f"{day}T17:30:00Z")])
    chart = browser.get("day", day=day).json
    assert len({hour["start"] for hour in chart["hours"]}) == len(chart["hours"]) == hours
    assert sum(hour["answered"] for hour in chart["hours"]) == 1


def test_chart_when_the_clock_changes_by_half_an_hour(console: LocalConsole) -> None:
    """What is left of a day after its last whole hour counts as a part of that."""
    console.settings = replace(console.settings, time_zone="Australia/Lord_Howe")
    browser = Browser(console)
    browser.go()
    put(console, [mine(1, started_at="2026-04-05T13:29:59Z")])  # a second before midnight
    hours = browser.get("day", day="2026-04-05").json["hours"]
    assert (len(hours), hours[-1]["answered"]) == (24, 1)


def test_chart_of_too_many(console: LocalConsole, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart that does not count all calls says so."""
    monkeypatch.setattr(calls_module, "MOST_IN_CHART", 3)
    put(console, [mine(number) for number in range(5)])
    chart = browser.get("day").json
    assert chart["complete"] is False
    assert sum(hour["answered"] for hour in chart["hours"]) == 3
