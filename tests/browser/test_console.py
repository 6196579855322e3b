"""What people see, read, type and hear."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from devtools.console.records import record_of
from devtools.console.serve import OTHER_ACCOUNT, TABLE, Server
from hookswitch.events.items import feed_key
from hookswitch.reconcile import ledger
from hookswitch.reconcile.accounting import ledger as accounting
from hookswitch.reconcile.accounting.ledger import AccountingState, Compared
from hookswitch.reconcile.state import State
from simulator.calls import office
from simulator.calls.office import Office
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.browser.conftest import AXE, NOW, PATIENCE, Open
from tests.unit.console.browser import Browser

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them

HOSTILE = (
    "<img src=x onerror='window.broken=1'><script>window.broken=1</script>",
    '=HYPERLINK("https://example.com","click")',
    "Bob \u202egnp.exe\u202c\u0007\u001b[31m\u200b\nline",
    "A\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 " + "W" * 400,
)
ROWS = "tr.call"
expect.set_options(timeout=PATIENCE)


@pytest.fixture
def api(server: Server) -> Browser:
    """What the page asks, asked by an operator."""
    asking = Browser(server.console)
    server.console.pool.claims["cognito:groups"] = ["calls", "payloads", "operators"]
    server.console.pool.claims["custom:accounts"] = "*"
    assert asking.go().status == 200
    return asking


@pytest.fixture
def hostile(server: Server, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Calls of callers with hostile names, on a day of their own."""
    made = []
    for at, name in enumerate(HOSTILE):
        monkeypatch.setattr(office, "CALLERS", (name,))
        calling, found = Office(at), None
        while not (found and found.get("from", {}).get("name") and found["direction"] == "inbound"):
            steps = calling.call(NOW - 40 * 86_400)
            found = record_of(steps, NOW)
        server.console.show(steps, NOW)
        made.append(dict(found))
    return made


def rows(page: Page) -> list[list[str]]:
    """Return the text of all cells of the list."""
    return [
        [text.strip() for text in row]
        for row in page.locator(ROWS).evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ')))"
        )
    ]


def refresh(page: Page) -> None:
    """Have the page look for news now: as it does when somebody comes back to it."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def found_by_axe(page: Page, *rules: str) -> list[str]:
    """Return what axe finds wrong with the accessibility of what is shown, by some of its rules or by all."""
    page.evaluate(AXE)
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:200]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


def overflow(page: Page) -> int:
    """Return by how many pixels one could scroll to the side."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


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


def test_one_call(open_page: Open, api: Browser) -> None:
    """A call opens to its legs as a picture and a table, and to its events; back is where one was."""
    found = api.get("calls", day="2026-11-23").json["calls"]
    at = max(range(len(found)), key=lambda place: found[place]["leg_count"])
    details = api.get(f"calls/{found[at]['call']}").json
    page = open_page("/calls?day=2026-11-23")
    page.locator(ROWS).nth(at).click()
    expect(page.locator(".timeline svg .leg")).to_have_count(len(details["call"]["legs"]))
    spans = sum(map(len, details["timeline"]["legs"]))
    expect(page.locator(".timeline .frame .span")).to_have_count(spans)
    expect(page.locator("table.legs tbody tr")).to_have_count(len(details["call"]["legs"]))
    events = api.get(f"calls/{found[at]['call']}/events").json["events"]
    expect(page.locator(".event-list li")).to_have_count(len(events))
    page.locator(".event-list summary").first.click()
    expect(page.locator(".event-list pre")).to_contain_text(f'"call_id": "{events[0]["leg"]}"')
    page.get_by_role("link", name="← Calls").click()
    assert page.url.endswith("/calls?day=2026-11-23")
    assert found[at]["call"] in page.evaluate("document.activeElement.pathname")


def test_call_that_became_part_of_another(open_page: Open, server: Server, api: Browser) -> None:
    """Whoever opens a call that turned out to be part of another one sees that one."""
    target = api.get("calls").json["calls"][0]
    steps = Office(99).call(NOW - 90 * 86_400)
    part = record_of(steps, NOW)
    assert part
    part["merged_into"] = target["call"]
    server.console.tables.put_call("events", part)
    page = open_page(f"/calls/{part['call']}")
    expect(page.locator(".event-list li").first).to_be_visible()
    assert page.url.endswith(target["call"])


def test_unknown_call(open_page: Open) -> None:
    """A call that there is not, or not any more, is an answer, not an empty page."""
    page = open_page(f"/calls/{'0' * 32}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such call.")


def test_what_roles_see(open_page: Open, api: Browser) -> None:
    """Payloads and health are for who has their roles; who has none reads whom to ask."""
    call = api.get("calls").json["calls"][0]["call"]
    page = open_page(f"/calls/{call}", user="reader")
    expect(page.locator(".events")).to_contain_text("shown to users with the role “payloads”")
    expect(page.locator(".event-list details, pre")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link")).to_have_text(["Calls"])
    for user, path in (("reader", "/health"), ("nobody", "/calls")):
        refused = open_page(path, user=user)
        expect(refused.get_by_role("heading", level=1)).to_contain_text("You may not")
        expect(refused.locator("main")).to_contain_text(f"{user}@example.com")


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


def test_hostile_names(open_page: Open, hostile: list[dict[str, Any]]) -> None:
    """A caller's name is text: it runs nothing, turns nothing around, and stays in its place."""
    day = hostile[0]["started_at"][:10]
    page = open_page(f"/calls?day={day}", width=360)
    shown = page.locator(ROWS).all_inner_texts()
    assert len(shown) == len(hostile)
    assert any("<img src=x" in text for text in shown)
    assert any("Bob gnp.exe" in text for text in shown)
    for call in hostile:
        page.goto(f"{page.url.partition('/calls')[0]}/calls/{call['call']}")
        page.locator(".event-list summary").first.click()
        text = page.locator("main").evaluate(
            "main => main.textContent + [...main.querySelectorAll('[title]')].map(one => one.title)"
        )
        assert not re.search(r"[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
        assert overflow(page) == 0
        expect(page.locator("main img, main script")).to_have_count(0)
        assert page.evaluate("window.broken") is None


def test_keyboard(open_page: Open) -> None:
    """All can be done with keys: skip what repeats, walk through the rows, open one, come back, leave the menu."""
    page = open_page("/calls?day=2026-11-23")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(({ ariaLabel, name, innerText }) => ariaLabel || name || innerText.trim())(document.activeElement)"
            )
        )
        if page.evaluate("document.activeElement.matches('tr.call a')"):
            break
    assert (
        reached.index("The day before")
        < reached.index("number")
        < reached.index("status")
        < reached.index("Download CSV")
    )
    for key, place in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", -1), ("Home", 0)):
        page.keyboard.press(key)
        at = page.evaluate("[...document.querySelectorAll('tr.call a')].indexOf(document.activeElement)")
        assert at == (place if place >= 0 else page.locator(ROWS).count() - 1)
    page.keyboard.press("Enter")
    expect(page.locator(".event-list li").first).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.locator("#user summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_fits_and_is_accessible(open_page: Open, api: Browser, theme: str) -> None:
    """At 360 pixels nothing sticks out, and axe finds nothing wrong; the other theme only has other colors."""
    rules = ["color-contrast"] if theme == "dark" else []
    found = api.get("calls", day="2026-11-23").json["calls"]
    call = max(found, key=lambda one: one["leg_count"])["call"]
    views = {
        "/calls?day=2026-11-23&status=nobody": ROWS,  # fewer rows than without a filter: axe looks at each of them
        f"/calls/{call}": ".event-list li",
        "/health": ".verdict",
        "/calls?number=5": ".empty h2",
    }
    page = open_page("/calls", width=360, theme=theme)
    for path, part in views.items():
        page.goto(page.url.partition("/calls")[0].partition("/health")[0] + path)
        expect(page.locator(part).first).to_be_visible()
        for toggle in page.locator(".toggle, .event-list summary, .day summary").all()[:2]:
            toggle.click()
        page.locator("#user summary").click()
        assert overflow(page) == 0, path
        assert found_by_axe(page, *rules) == [], path
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(page.url.partition("/calls")[0] + "/calls?day=2026-11-23&status=voicemail")
    expect(page.locator(ROWS).first).to_be_visible()
    assert found_by_axe(page, *rules) == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", dark))) < 200) == (theme == "dark")


def test_errors(open_page: Open) -> None:
    """What can't be read is said, with a way on; what is there already stays, and is said to be old."""
    page = open_page()
    before = page.locator(ROWS).count()
    message = "The data can't be read at the moment. Try again in a minute."
    answer = f'{{"error": {{"code": "unavailable", "message": "{message}"}}}}'
    page.route("**/api/calls*", lambda route: route.fulfill(status=503, body=answer))
    refresh(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(message)
    expect(alert).to_contain_text("may be out of date")
    expect(page.locator(".list")).to_contain_class("is-stale")
    assert page.locator(ROWS).count() == before
    page.get_by_role("combobox", name="Status").select_option("missed")
    expect(page.locator(ROWS)).to_have_count(0)
    expect(alert).to_contain_text(message)
    assert found_by_axe(page) == []
    page.unroute("**/api/calls*")
    page.route("**/api/calls*", lambda route: route.abort())
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_contain_text("There is no answer.")
    page.unroute("**/api/calls*")
    alert.get_by_role("button", name="Try again").click()
    expect(page.locator(ROWS).first).to_be_visible()
    expect(alert).to_be_hidden()


def test_loading(open_page: Open) -> None:
    """While the calls are on their way, the page is there and says so."""
    page = open_page("/health")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/calls*", hold)
    page.get_by_role("link", name="Calls", exact=True).click()
    expect(page.locator(".counted")).to_have_text("Loading…")
    expect(page.locator("[aria-busy=true] .ghosts")).to_be_visible()
    assert found_by_axe(page) == []
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator(ROWS).first).to_be_visible()


def test_nothing_to_show(open_page: Open) -> None:
    """A day without calls, and a search without a result, are sentences with a way on."""
    page = open_page("/calls?day=2026-11-01")
    expect(page.get_by_role("heading", name="No calls: Sun, Nov 1, 2026")).to_be_visible()
    page.get_by_role("button", name="The day before").first.click()
    assert page.url.endswith("day=2026-10-31")
    page.goto(page.url.partition("?")[0] + "?number=555")
    page.get_by_role("button", name="Show all calls").click()
    expect(page.locator(ROWS).first).to_be_visible()


def test_rare_calls(open_page: Open) -> None:
    """Where a page of the API has no call that is asked for, the page looks further, and then asks whether to go on."""
    page = open_page("/health")
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


def test_end_of_a_session(open_page: Open) -> None:
    """When the session is over, the page says so; signing in leads to the same place."""
    page = open_page("/calls?day=2026-11-23")
    page.context.clear_cookies()
    refresh(page)
    expect(page.get_by_role("heading", name="Your session is over.")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(0)
    page.get_by_role("link", name="Sign in again").click()
    expect(page.locator(ROWS).first).to_be_visible()
    assert page.url.endswith("/calls?day=2026-11-23")


def test_signing_out(open_page: Open, server: Server) -> None:
    """Signing out ends the session on the server, and leads to a page that says so."""
    page = open_page()
    sessions = server.console.tables.tables["sessions"]
    before = len(sessions)
    page.locator("#user summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    assert len(sessions) == before - 1
    assert not page.context.cookies()
    assert found_by_axe(page) == []


def test_health(open_page: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs attention is said first; destinations that fail are on top."""
    page = open_page("/health")
    expect(page.locator(".verdict")).to_have_text("1 destination is failing.")
    expect(page.locator(".stacked tbody tr").first).to_contain_text("crm")
    expect(page.locator(".stacked tbody tr").first).to_contain_text("failing since 1 hour ago, 5 attempts failed")
    expect(page.locator("main")).to_contain_text("Reconcile has not compared anything with Dash yet.")
    expect(page.locator(".number-of dt")).to_have_text(["Redrive", "Publish", "Calls", "Dead letters"])
    monkeypatch.setattr(server.console, "clock", lambda: NOW + timedelta(hours=1).total_seconds() / 2)
    page.get_by_role("link", name="Calls", exact=True).click()
    page.get_by_role("link", name="Health", exact=True).click()
    expect(page.locator(".fresh")).to_have_text("As of 05:00:00 PM")


def test_health_of_what_dash_says(open_page: Open, server: Server) -> None:
    """What reconcile found is there: webhooks that are off, what happened to them, and legs that are missing."""
    now, put = int(NOW), server.console.tables.put
    state = State(read_until=now - 60, looked_at=now - 120, held_back={"parking": now + 685})
    put(TABLE, {"event_id": ledger.KEY, "kind": "state", "progress": state.to_json()})
    compared = Compared(since=now - 3_600, until=now - 600, on_dash=1_204, here=1_203)
    counted = AccountingState(begins=0, read_until=now - 600, missing={"a@pbx": now}, compared=compared)
    put(TABLE, {"event_id": accounting.KEY, "kind": "state", "progress": counted.to_json()})
    at = datetime.fromtimestamp(now - 7_200, UTC).isoformat().replace("+00:00", "Z")
    item = {"event_id": "1", "hook": "webhook_disabled", "occurred_at": at, "timeline_key": at}
    feed = feed_key(server.console.settings.account_id, "webhook_disabled", at)
    put(TABLE, item | {"summary": "Dash disabled the webhook of parking", "feed": feed})
    page = open_page("/health", width=360)
    expect(page.locator(".verdict")).to_have_text(
        "1 webhook is off, 1 leg of a call is missing, 1 destination is failing."
    )
    expect(page.locator("main")).to_contain_text("parking is off on Dash; it is enabled again in 11 minutes.")
    expect(page.locator("main")).to_contain_text("2 hours ago")
    expect(page.locator("main")).to_contain_text("Dash disabled the webhook of parking")
    figures = page.locator(".number-of dd").all_inner_texts()
    assert figures[:5] == ["2 minutes ago", "1 minute ago", "1,204", "1,203", "1"]
    assert found_by_axe(page) == []
    assert overflow(page) == 0
