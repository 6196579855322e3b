"""Voicemails and faxes: the list, its filters, and the way to calls and back."""

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from devtools.console.records import items_of
from devtools.console.serve import TABLE, Server
from simulator.payloads import payload
from simulator.steps import Step
from tests.browser.conftest import NOW, Open
from tests.browser.looking import HOSTILE, ROWS, found_by_axe, overflow, refresh, rows
from tests.unit.console.browser import Browser

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them


def told(server: Server, hook: str, moment: float, **more: Any) -> None:
    """Let Dash tell of a voicemail or a fax."""
    made = payload(hook, now=moment, **more)
    server.console.tables.put(TABLE, items_of([Step(hook, made, "", moment)])[0])


def test_list(open_page: Open, api: Browser, server: Server) -> None:
    """Voicemails and faxes of seven days, newest first; what is new appears by itself."""
    page = open_page("/messages")
    found = api.get("messages").json["messages"]
    shown = rows(page)
    assert len(shown) == len(found) > 8
    whats = [row[4] for row in shown]
    failed = [what in {"Mailbox full", "Fax not sent", "Fax not received"} for what in whats]
    assert failed == [row["failed"] for row in found]
    assert {"Fax received 2 pages", "Fax sent 3 pages", "Mailbox full"} <= set(whats)
    at = whats.index("Fax not sent")
    assert shown[at][1] == "outbound"
    assert shown[at][5] == "The call dropped prematurely"
    voicemail = next(row for row in found if row["hook"] == "voicemail_new" and row["transcription"])
    assert shown[found.index(voicemail)][5] == voicemail["transcription"]
    told(server, "voicemail_new", NOW - 1, voicemail_length=61_000)
    refresh(page)
    expect(page.locator(ROWS).first).to_contain_text("Voicemail 1:01")


def test_filters_of_messages(open_page: Open, api: Browser) -> None:
    """Kind, failures and days are in the address, and can be cleared."""
    page = open_page("/messages", user="reader")
    page.get_by_role("combobox", name="Result").select_option("1")
    expect(page.locator(f"{ROWS}:not(.is-failed)")).to_have_count(0)
    assert page.url.endswith("/messages?failed=1")
    page.get_by_role("combobox", name="Kind").select_option("voicemail")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(ROWS)).to_contain_text("Mailbox full")
    page.get_by_label("Day").fill("2026-11-20")
    page.get_by_label("until").fill("2026-11-21")
    expect(page.locator(".empty")).to_contain_text("Nothing failed")
    expect(page.locator(".empty")).to_contain_text("In Fri, Nov 20, 2026 to Sat, Nov 21, 2026.")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(ROWS)).to_have_count(len(api.get("messages").json["messages"]))
    assert page.url.endswith("/messages")
    assert not any("call back" in row[5] for row in rows(page))  # without the role payloads


def test_to_a_call_and_back(open_page: Open, api: Browser) -> None:
    """A message leads to its call, the call to its messages, and back is where one was."""
    page = open_page("/messages")
    row = next(row for row in api.get("messages").json["messages"] if row["hook"] == "voicemail_new")
    link = page.locator(f'{ROWS} a[href="/calls/{row["call"]}"]')
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".event-list li").first).to_be_visible()
    page.get_by_role("link", name="← Voicemail and faxes").click()
    expect(link).to_be_focused()
    link.click()
    page.locator(".pairs").get_by_role("link", name="voicemail and faxes").click()
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(".chips")).to_contain_text("Only of one call")
    assert page.url.endswith(f"/messages?call={row['call']}")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(ROWS).nth(5)).to_be_visible()


def test_message_without_a_call(open_page: Open, server: Server) -> None:
    """A message whose call is not known leads nowhere, and says what it is all the same."""
    told(server, "voicemail_full", NOW - 1)
    page = open_page("/messages")
    expect(page.locator(ROWS).first.get_by_role("link")).to_have_count(0)
    page.locator(ROWS).first.click()
    assert page.url.endswith("/messages")


def test_many_messages(open_page: Open, server: Server) -> None:
    """Older ones come when asked for, and stay when new ones arrive."""
    for number in range(70):
        told(server, "voicemail_new", NOW - 20 * 86_400 - number)
    page = open_page("/messages?day=2026-11-04")
    expect(page.locator(ROWS)).to_have_count(50)
    expect(page.locator(".counted")).to_have_text("The newest 50 messages")
    page.get_by_role("button", name="Show older messages").click()
    expect(page.locator(ROWS)).to_have_count(70)
    expect(page.locator(".counted")).to_have_text("70 messages")
    told(server, "voicemail_new", NOW - 20 * 86_400 + 5)
    refresh(page)
    expect(page.locator(ROWS)).to_have_count(71)


def test_hostile_messages(open_page: Open, server: Server) -> None:
    """Whatever a caller, a fax or a transcription says is text, and stays in its place."""
    for name in HOSTILE:
        told(server, "voicemail_new", NOW - 1, caller_id_name=name, to_user=name, voicemail_transcription=name)
        told(server, "outbound_fax_error", NOW - 2, callee_id_name=name, fax_error=name)
    page = open_page("/messages", width=360)
    expect(page.locator(f"{ROWS}.is-alone").nth(7)).to_be_visible()
    text = page.locator("main").evaluate(
        "main => main.textContent + [...main.querySelectorAll('[title]')].map(one => one.title)"
    )
    assert "<img src=x" in text
    assert not re.search(r"[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert page.evaluate("window.broken") is None
    expect(page.locator("main img, main script")).to_have_count(0)
    assert overflow(page) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_messages_fit_and_are_accessible(open_page: Open, theme: str) -> None:
    """At 360 pixels nothing sticks out, and axe finds nothing wrong."""
    page = open_page("/messages", width=360, theme=theme)
    expect(page.locator(ROWS).first).to_be_visible()
    assert overflow(page) == 0
    assert found_by_axe(page, *(["color-contrast"] if theme == "dark" else [])) == []


def test_states_of_messages(open_page: Open) -> None:
    """Loading and errors are sentences; an empty list says how received faxes come to be in it."""
    page = open_page("/calls?day=2026-11-23")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/messages*", hold)
    page.get_by_role("link", name="Voicemail and faxes").click()
    expect(page.locator(".counted")).to_have_text("Loading…")
    assert found_by_axe(page) == []
    held[0].abort()
    expect(page.get_by_role("alert")).to_contain_text("There is no answer.")
    page.unroute("**/api/messages*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(ROWS).first).to_be_visible()
    page.goto(page.url + "?kind=fax&day=2026-10-01")
    expect(page.get_by_role("heading", name="No message is like that")).to_be_visible()
    expect(page.locator(".empty")).to_contain_text("Received faxes are here only if the hook “notifications” is on.")
    assert found_by_axe(page) == []
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("heading", name="No voicemails and faxes")).to_be_visible()
