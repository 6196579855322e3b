"""The list of calls: what is in it, what it is asked for, and how it stays up to date."""

import csv
import io
import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from devtools.console.records import record_of
from devtools.console.serve import OTHER_ACCOUNT, Server
from simulator.calls.office import Office
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.browser.conftest import NOW, Open
from tests.browser.looking import ROWS, refresh, rows
from tests.unit.console.browser import Browser

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them


def test_list_of_today(open_page: Open, api: Browser) -> None:
    """The list has the day's calls, newest first, with times of the office; nobody asked for a day."""
    page = open_page("/")
    found = api.get("calls").json
    shown = rows(page)
    assert page.url.endswith("/calls")
    assert len(shown) == len(found["calls"]) > 20
    call = next(call for call in found["calls"] if call["status"] == "answered" and call["direction"] == "inbound")
    cells = shown[found["calls"].index(call)]
    hour = (int(call["started_at"][11:13]) - 5) % 24  # of New York, in November
    assert cells[0].startswith(f"{(hour - 1) % 12 + 1:02}:{call['started_at'][14:16]} {'AM' if hour < 12 else 'PM'}")
    assert cells[1] == "inbound"
    assert call["from"]["name"] in cells[2]
    assert cells[5:] == [
        "Answered",
        *(f"{call[key] // 60}:{call[key] % 60:02}" for key in ("wait_seconds", "talk_seconds")),
    ]
    expect(page.locator(".counted")).to_have_text(f"{len(shown)} calls")


def test_chart_of_a_day(open_page: Open, api: Browser) -> None:
    """The chart's numbers are those of the day; a table has them by hour, for who does not see it."""
    page = open_page("/calls?day=2026-11-23")
    hours = api.get("day", day="2026-11-23").json["hours"]
    for bar in ("answered", "voicemail", "missed", "other"):
        expect(page.locator(f".figure-{bar} dd")).to_have_text(str(sum(hour[bar] for hour in hours)))
    page.get_by_text("Numbers by hour").click()
    busy = [hour for hour in hours if hour["answered"] + hour["missed"] + hour["voicemail"] + hour["other"]]
    expect(page.locator(".numbers tbody tr")).to_have_count(len(busy))


@pytest.mark.parametrize(
    ("field", "value", "query"),
    [
        ("Status", "nobody", {"status": "nobody"}),
        ("Status", "voicemail", {"status": "voicemail"}),
        ("Direction", "outbound", {"direction": "outbound"}),
        ("Day", "2026-11-23", {"day": "2026-11-23"}),
        ("until", "2026-11-24", {"day": "2026-11-24", "until": "2026-11-24"}),
    ],
)
def test_filters(open_page: Open, api: Browser, field: str, value: str, query: dict[str, str]) -> None:
    """Each filter asks for its calls at once, and is in the address."""
    page = open_page()
    is_choice = field in {"Status", "Direction"}
    chosen = page.get_by_role("combobox", name=field) if is_choice else page.get_by_label(field, exact=True)
    chosen.select_option(value) if is_choice else chosen.fill(value)
    expected = api.get("calls", **query).json["calls"]
    assert expected
    expect(page.locator(ROWS)).to_have_count(len(expected))
    assert value in page.url
    page.reload()
    expect(page.locator(ROWS)).to_have_count(len(expected))


@pytest.mark.parametrize("form", ["+1{}", "({0:.3}) {1}", "1 {0:.3}.{1}"])
def test_number_in_any_way_of_writing_it(open_page: Open, api: Browser, form: str) -> None:
    """A number is found on all days, however it is written; each day then has a heading."""
    number = next(call["from"]["number"] for call in api.get("calls").json["calls"] if call["direction"] == "inbound")[
        2:
    ]
    expected = api.get("calls", number=f"+1{number}").json["calls"]
    page = open_page("/calls?status=missed")
    page.get_by_role("combobox", name="Status").select_option("")
    page.get_by_role("searchbox").fill(
        form.format(number, f"{number[3:6]}-{number[6:]}") if "0" in form else form.format(number)
    )
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator(ROWS)).to_have_count(len(expected))
    expect(page.locator("tr.group").first).to_be_visible()
    assert "day=" not in page.url


def test_calls_of_a_person(open_page: Open, api: Browser) -> None:
    """From a call, one comes to all calls of somebody who took part, who is named above them."""
    call = next(call for call in api.get("calls").json["calls"] if call.get("answered_by", {}).get("owner"))
    party = f"owner/{call['answered_by']['owner']}"
    expected = api.get("calls", party=party).json["calls"]
    page = open_page(f"/calls/{call['call']}")
    page.locator("dd", has_text=call["answered_by"]["name"]).get_by_role("link").first.click()
    expect(page.locator(ROWS)).to_have_count(len(expected))
    expect(page.locator(".chips")).to_contain_text(call["answered_by"]["name"])
    page.get_by_role("button", name="Show all calls").click()
    expect(page.locator(".chips")).to_be_hidden()


def test_other_account(open_page: Open) -> None:
    """An operator may ask for another account; what is no id is not sent."""
    page = open_page()
    account = page.get_by_label("Account")
    account.fill("somebody")
    account.press("Enter")
    assert "account=" not in page.url
    account.fill(OTHER_ACCOUNT)
    account.press("Enter")
    expect(page.get_by_role("heading", name="No calls today")).to_be_visible()
    account.fill(DEFAULT_ACCOUNT_ID)
    account.press("Enter")
    expect(page.locator(ROWS).first).to_be_visible()


def test_older_calls(open_page: Open, api: Browser) -> None:
    """Where there are more calls than a page has, a button shows those before, and the focus goes to them."""
    page = open_page("/calls?day=2026-11-23&until=2026-11-24")
    first = page.locator(ROWS).count()
    assert first == 50
    while page.get_by_role("button", name="Show older calls").is_visible():
        before = page.locator(ROWS).count()
        page.get_by_role("button", name="Show older calls").click()
        expect(page.locator(ROWS).nth(before)).to_be_visible()
    assert page.evaluate("document.activeElement.closest('tr.call') !== null")
    days = [api.get("calls", day=f"2026-11-{day}").json["calls"] for day in (23, 24)]
    assert page.locator(ROWS).count() == sum(map(len, days))
    starts = page.locator(f"{ROWS} time").evaluate_all("all => all.map(time => time.dateTime)")
    assert starts == sorted(starts, reverse=True)


def test_new_calls_appear(open_page: Open, server: Server) -> None:
    """A call shows up while one looks, is in progress, and ends; whoever is in a row stays in it, where it moves."""
    page = open_page()
    before = page.locator(ROWS).count()
    page.locator(f"{ROWS} a").nth(2).focus()
    focused = page.evaluate("document.activeElement.pathname")
    steps = next(
        steps
        for steps in (Office(seed).call(NOW - 20) for seed in range(50))
        if (found := record_of(steps, NOW)) and found["state"] == "ringing"
    )
    server.console.show(steps, NOW)
    refresh(page)
    expect(page.locator(ROWS)).to_have_count(before + 1)
    expect(page.locator(".group-open .status")).to_have_text("Ringing")
    assert page.evaluate("document.activeElement.pathname") == focused
    page.locator(".group-open a").focus()
    focused = page.evaluate("document.activeElement.pathname")
    server.console.show(steps, NOW + 3_600)
    refresh(page)
    expect(page.locator(".group-open")).to_have_count(0)
    expect(page.locator(ROWS)).to_have_count(before + 1)
    assert page.evaluate("document.activeElement.pathname") == focused


def test_rare_calls(open_page: Open) -> None:
    """Where a page of the API has no call that is asked for, the page looks further, and then asks whether to go on."""
    page = open_page("/operations")
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json={"account": DEFAULT_ACCOUNT_ID, "open": [], "calls": [], "cursor": f"c{len(asked)}"})

    page.route("**/api/calls*", answer)
    page.get_by_role("link", name="Calls", exact=True).click()
    expect(page.get_by_role("button", name="Show older calls")).to_be_visible()
    expect(page.locator(".more")).to_contain_text("None of the newest calls is like that.")
    assert len(asked) == 5
    assert asked[-1].endswith("cursor=c4")


def test_file(open_page: Open, hostile: list[dict[str, Any]]) -> None:
    """The file has the calls that are shown, and nothing that a spreadsheet runs."""
    day = hostile[0]["started_at"][:10]
    page = open_page(f"/calls?day={day}")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    assert waiting.value.suggested_filename == f"calls-{day}.csv"
    written = list(csv.DictReader(io.StringIO(waiting.value.path().read_text("utf-8-sig"))))
    assert len(written) == len(hostile)
    assert not [cell for row in written for cell in row.values() if re.match(r"[=@\t\r]|[+-](?!\d{7,15}$)", cell)]


def test_file_that_is_too_large(open_page: Open) -> None:
    """If there can be no file, the page says why."""
    page = open_page()
    answer = '{"error": {"code": "too_many", "message": "A file has 5,000 calls at most. Choose fewer days."}}'
    page.route("**/api/calls.csv*", lambda route: route.fulfill(status=422, body=answer))
    page.get_by_role("button", name="Download CSV").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose fewer days.")
