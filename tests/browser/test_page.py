"""What holds for all views: who sees them, strangers' text, keys, widths, errors, and sessions."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Error, Route, expect

from devtools.console.serve import Server
from tests.browser.conftest import Open
from tests.browser.looking import ROWS, found_by_axe, overflow, refresh
from tests.unit.console.browser import Browser

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them


def test_what_roles_see(open_page: Open, api: Browser) -> None:
    """Payloads and health are for who has their roles; who has none reads whom to ask."""
    call = api.get("calls").json["calls"][0]["call"]
    page = open_page(f"/calls/{call}", user="reader")
    expect(page.locator(".events")).to_contain_text("shown to users with the role “payloads”")
    expect(page.locator(".event-list details, pre")).to_have_count(0)
    pages = page.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(pages).to_have_text(["Calls", "Now", "Voicemail and faxes"])
    for user, path in (("reader", "/operations"), ("nobody", "/calls")):
        refused = open_page(path, user=user)
        expect(refused.get_by_role("heading", level=1)).to_contain_text("You may not")
        expect(refused.locator("main")).to_contain_text(f"{user}@example.com")


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
        "/operations": ".verdict",
        "/calls?number=5": ".empty h2",
    }
    page = open_page("/calls", width=360, theme=theme)
    for path, part in views.items():
        page.goto(page.url.partition("/calls")[0].partition("/operations")[0] + path)
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


def test_text_never_becomes_markup(chromium: Chromium, server: Server) -> None:
    """Even a module with a mistake in it could not make markup of text, nor run it: the browser refuses."""
    page = chromium.new_page()
    page.goto(f"{server.address}/signed-out")
    for mistake in (
        "document.body.innerHTML = '<b>text</b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b>text</b>')",
        "document.createElement('script').text = 'window.broken = 1'",
        "trustedTypes.createPolicy('any', { createHTML: (text) => text })",
    ):
        with pytest.raises(Error, match=r"TrustedHTML|TrustedScript|Policy .* disallowed"):
            page.evaluate(f"() => {{ {mistake} }}")
    page.close()


def test_loading(open_page: Open) -> None:
    """While the calls are on their way, the page is there and says so."""
    page = open_page("/operations")
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
