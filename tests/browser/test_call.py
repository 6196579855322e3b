"""One call: its facts, its legs, its events."""

import pytest
from playwright.sync_api import expect

from devtools.console.records import record_of
from devtools.console.serve import Server
from simulator.calls.office import Office
from tests.browser.conftest import NOW, Open
from tests.browser.looking import ROWS
from tests.unit.console.browser import Browser

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them


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
