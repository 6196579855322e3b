"""What goes on now: calls in progress, and devices."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from devtools.console.records import items_of
from devtools.console.serve import OTHER_ACCOUNT, TABLE, Server
from simulator.calls.office import Office
from simulator.payloads import payload
from simulator.steps import Step
from tests.browser.conftest import NOW, Open
from tests.browser.looking import HOSTILE, found_by_axe, overflow, refresh
from tests.unit.console.browser import Browser

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them

CALL, DEVICE = ".present tr.call", ".devices tbody tr:not(.group)"


def answered(ago: float) -> list[Step]:
    """Return a call that somebody answered so many seconds ago; it is the same call each time."""
    at = next(step.at for step in Office(7).call(NOW, "answered") if step.hook == "channel_bridge")
    return Office(7).call(2 * NOW - at - ago, "answered")


@pytest.fixture
def talking(server: Server) -> None:
    """A call that was answered ten seconds ago."""
    server.console.show(answered(10), NOW)


@pytest.mark.usefixtures("talking")
def test_calls_in_progress(open_page: Open, api: Browser, server: Server) -> None:
    """A call says what it is doing, its seconds pass, it opens, one comes back, and it is gone when it has ended."""
    page = open_page("/now")
    (call,) = api.get("now").json["calls"]
    row = page.locator(CALL)
    expect(row).to_have_count(1)
    expect(row).to_contain_text(call["answered_by"]["name"])
    expect(row.locator(".status")).to_contain_text("Talking")
    expect(page.locator("#in-progress")).to_have_text("Calls 1: 1 talking")
    before = row.locator("[data-since]").inner_text()
    expect(row.locator("[data-since]")).not_to_have_text(before)
    row.locator("a").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".event-list li").first).to_be_visible()
    page.get_by_role("link", name="← Now").click()
    expect(row.locator("a")).to_be_focused()
    server.console.show(answered(3_600), NOW)
    refresh(page)
    expect(row).to_have_count(0)
    expect(page.locator(".present")).to_contain_text("Nobody is on the phone.")
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_devices(open_page: Open, api: Browser, server: Server) -> None:
    """Those that dropped are on top, called as in their calls; one that comes back moves; each leads to its calls."""
    page = open_page("/now", user="reader")
    found = api.get("now").json
    assert found["numbers"] == {"calls": 0, "registered": 28, "dropped": 2}
    expect(page.locator("#devices")).to_have_text("Devices 2 dropped, 28 registered")
    expect(page.locator(".devices .group")).to_have_text(["Dropped", "Registered"])
    first = found["devices"][0]
    expect(page.locator(DEVICE).first).to_contain_text(f"{first['name']} {first['number']}")
    expect(page.locator(DEVICE).first).to_contain_text("18 minutes ago")
    expect(page.locator(DEVICE).first).to_contain_text("Unregistered")
    restless = page.locator(DEVICE).filter(has_text="12 drops in 24 hours")
    expect(restless).to_have_count(1)
    user, _, realm = first["device"].partition("@")
    back = payload("register", now=NOW, username=user, realm=realm)
    server.console.tables.put(TABLE, items_of([Step("register", back, "", NOW)])[0])
    refresh(page)
    expect(page.locator("#devices")).to_have_text("Devices 1 dropped, 29 registered")
    page.locator(DEVICE).first.get_by_role("link").click()
    expect(page.locator("tr.call").first).to_be_visible()
    assert "party=device" in page.url


def test_hostile_devices(open_page: Open, server: Server) -> None:
    """What a device calls itself is text, and stays in its place."""
    for name in HOSTILE:
        made = payload("deregister", now=NOW - 5, username=name, status=name)
        server.console.tables.put(TABLE, items_of([Step("deregister", made, "", NOW - 5)])[0])
    page = open_page("/now", width=360)
    expect(page.locator(DEVICE)).to_have_count(30 + len(HOSTILE))
    text = page.locator(".devices").inner_text()
    assert "<img src=x" in text
    assert not re.search(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert page.evaluate("window.broken") is None
    expect(page.locator("main img, main script")).to_have_count(0)
    assert overflow(page) == 0


def says(page: Page, body: dict[str, Any]) -> None:
    """Have the API say something to the page."""
    page.route("**/api/now*", lambda route: route.fulfill(json=body))
    refresh(page)


def test_very_much(open_page: Open, api: Browser) -> None:
    """Of very many calls and devices the page says how many it leaves out."""
    page = open_page("/now")
    found = api.get("now").json
    numbers = {"calls": 512, "registered": 3_000, "dropped": 1_200}
    template = {"started_at": "2026-11-24T21:29:00Z", "doing": "waiting", "doing_since": "2026-11-24T21:29:30Z"}
    calls = [
        {"call": f"{number:032x}", "direction": "inbound", "summary": "A call", "via": [{"kind": "queue"}], **template}
        for number in range(300)
    ]
    says(page, found | {"calls": calls, "numbers": numbers, "complete": False})
    expect(page.locator(CALL)).to_have_count(300)
    expect(page.locator(CALL).first).to_contain_text(re.compile(r"Waiting in a queue 0:[345]\d"))
    expect(page.locator(".present")).to_contain_text("The newest 300 are shown.")
    expect(page.locator("#devices")).to_have_text("Devices at least 1,200 dropped, 3,000 registered")
    expect(page.locator(".present")).to_contain_text("30 of 4,200 are shown, those that dropped first.")
    expect(page.locator(".present")).to_contain_text("only the newest 2,000 registrations and drops count.")


@pytest.mark.usefixtures("talking")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_now_fits_and_is_accessible(open_page: Open, theme: str) -> None:
    """At 360 pixels nothing sticks out, and axe finds nothing wrong."""
    page = open_page("/now", width=360, theme=theme)
    expect(page.locator(CALL)).to_have_count(1)
    assert overflow(page) == 0
    assert found_by_axe(page, *(["color-contrast"] if theme == "dark" else [])) == []


def test_states_of_now(open_page: Open) -> None:
    """Loading, errors and an empty office are sentences; what is there stays while nothing new comes."""
    page = open_page("/calls?day=2026-11-23")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/now*", hold)
    page.get_by_role("link", name="Now", exact=True).click()
    expect(page.locator(".present[aria-busy=true]")).to_contain_text("Loading…")
    assert found_by_axe(page) == []
    held[0].fulfill(status=503, body='{"error": {"code": "unavailable", "message": "Try again in a minute."}}')
    expect(page.get_by_role("alert")).to_contain_text("This can't be shown. Try again in a minute.")
    page.unroute("**/api/now*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(DEVICE).first).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    page.route("**/api/now*", lambda route: route.abort())
    refresh(page)
    expect(page.get_by_role("alert")).to_contain_text("What is below may be out of date.")
    expect(page.locator(".present")).to_contain_class("is-stale")
    page.unroute("**/api/now*")
    page.get_by_role("textbox", name="Account").fill(OTHER_ACCOUNT)
    page.keyboard.press("Enter")
    expect(page.locator(".present")).to_contain_text("No device registered or dropped in the last 24 hours.")
    assert page.url.endswith(f"/now?account={OTHER_ACCOUNT}")
