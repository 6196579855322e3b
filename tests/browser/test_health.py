"""How hookswitch is doing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from devtools.console.serve import TABLE, Server
from hookswitch.events.items import feed_key
from hookswitch.reconcile import ledger
from hookswitch.reconcile.accounting import ledger as accounting
from hookswitch.reconcile.accounting.ledger import AccountingState, Compared
from hookswitch.reconcile.state import State
from tests.browser.conftest import NOW, Open
from tests.browser.looking import HOSTILE, found_by_axe, overflow, refresh
from tests.browser.standing import (
    DEAD,
    DESTINATIONS,
    LOUD,
    NEW,
    QUIET,
    REPLAY,
    Answers,
    attempt,
    destination,
    done,
    open_health,
    quarantined,
    question,
)

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them


def test_health(open_page: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs attention is said first; destinations that fail are on top."""
    page = open_page("/operations")
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
    page = open_page("/operations", width=360)
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


def test_attempts(open_page: Open) -> None:
    """Attempts are there for who wants to see them, with what was answered; each of an event can be repeated."""
    page = open_health(open_page, {"destinations": DESTINATIONS})
    tried = [
        attempt(1),
        attempt(2, event_id=f"call-{'c' * 32}-7", outcome="taken", answer="200 OK"),
        attempt(3, is_test=True),
    ]
    page.route("**/api/destinations/sales/attempts", lambda route: route.fulfill(json={"attempts": tried}))
    answers = Answers(page, done("1 message is on the way to sales."))
    opens = page.get_by_role("button", name="Attempts of sales")
    expect(opens).to_have_attribute("aria-expanded", "false")
    opens.click()
    expect(opens).to_have_attribute("aria-expanded", "true")
    rows = page.locator(".attempts tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("not taken")
    expect(rows.nth(0)).to_contain_text("1,204 ms")
    expect(rows.nth(1).get_by_role("link")).to_have_attribute("href", f"/calls/{'c' * 32}")
    expect(rows.nth(2)).to_contain_text("a sample")
    expect(rows.get_by_role("button")).to_have_count(2)
    rows.nth(1).get_by_role("button").click()
    expect(question(page)).to_contain_text("marked as a replay")
    question(page).locator(".do").click()
    expect(page.locator(".outcome:visible")).to_contain_text("1 message is on the way to sales.")
    assert answers.sent == [("destinations/sales/resend", {"event_id": f"call-{'c' * 32}-7"})]
    expect(rows.nth(1).get_by_role("button")).to_be_focused()
    page.unroute("**/api/destinations/sales/attempts")
    page.route("**/api/destinations/sales/attempts", lambda route: route.abort())
    opens.click()
    expect(page.locator(".attempts:visible")).to_have_count(0)
    opens.click()
    expect(page.locator(".attempts").get_by_role("alert")).to_contain_text("There is no answer.")


def test_news_leave_everything_in_its_place(open_page: Open) -> None:
    """When news come, focus, opened attempts and outcomes stay, even if the destination moves to the top."""
    changes: dict[str, Any] = {"destinations": DESTINATIONS}
    page = open_health(open_page, changes)
    page.route("**/attempts", lambda route: route.fulfill(json={"attempts": [attempt(1)]}))
    names = page.locator(".destinations tbody > tr:first-child > td:first-child bdi")
    expect(names).to_have_text(["crm", "sales", "zapier"])
    page.get_by_role("button", name="Attempts of zapier").click()
    expect(page.locator(".attempts tbody tr")).to_have_count(1)
    again = page.locator(".attempts").get_by_role("button")
    again.focus()
    off = destination("zapier", state="off", state_reason="It took nothing for five days.", dead_letters=DEAD)
    changes["destinations"] = [off, *DESTINATIONS[:1]]
    refresh(page)
    expect(names).to_have_text(["zapier", "sales"])
    expect(page.locator(".attempts tbody tr")).to_have_count(1)
    expect(page.get_by_role("button", name="Attempts of zapier")).to_have_attribute("aria-expanded", "true")
    resume = page.get_by_role("button", name="Resume zapier")
    resume.focus()
    changes["destinations"] = [destination("zapier"), *DESTINATIONS[:1]]
    refresh(page)
    expect(resume).to_be_hidden()
    expect(page.get_by_role("button", name="Attempts of zapier")).to_be_focused()


def test_alarms(open_page: Open) -> None:
    """Alarms that are on come with what happened and where to read what to do; the others are counted."""
    changes: dict[str, Any] = {"alarms": [LOUD, QUIET, NEW]}
    page = open_health(open_page, changes)
    expect(page.locator(".verdict")).to_contain_text("1 alarm is on")
    loud = page.locator(".alarms li")
    expect(loud).to_have_count(1)
    expect(loud).to_contain_text("failed deliveries since 1 hour ago")
    expect(loud).to_contain_text("Check which service fails.")
    expect(loud).to_contain_text("docs/runbook.md#failed-deliveries")
    page.get_by_text("1 alarm is quiet, 1 has no data yet.").click()
    expect(page.locator(".others li")).to_have_text(["silence", "Canary no data yet"])
    changes["alarms"] = [LOUD, NEW]
    refresh(page)
    expect(page.locator(".others li")).to_have_count(1)
    expect(page.locator(".others")).to_have_attribute("open", "")
    changes["alarms"] = None
    refresh(page)
    expect(page.locator("main")).to_contain_text("CloudWatch does not tell at the moment.")


def test_who_did_what(open_page: Open) -> None:
    """The last actions are there, with who did them and what came of them."""
    who = {"at": "2026-11-24T21:25:00Z", "email": "a@example.com", "verb": "destination.pause", "target": "sales"}
    did = [{**who, "outcome": outcome, "summary": "a@example.com: paused sales"} for outcome in ("done", "failed")]
    page = open_health(open_page, {"actions": did})
    rows = page.locator("section", has_text="Who did what").locator("tbody tr")
    expect(rows).to_have_count(2)
    assert rows.first.inner_text().split("\t") == ["5 minutes ago", "a@example.com", "paused sales", "done"]
    expect(rows.nth(1).locator(".is-bad")).to_have_text("failed")


def test_many_destinations(open_page: Open) -> None:
    """Of very many destinations those with the worst news are shown, and the others if somebody wants them."""
    many = [destination(f"shop-{number}") for number in range(90)]
    many[89] |= {"state": "off", "state_reason": "It is gone."}
    page = open_health(open_page, {"destinations": many})
    bodies = page.locator(".destinations > tbody")
    expect(bodies).to_have_count(50)
    expect(bodies.first).to_contain_text("shop-89")
    page.get_by_role("button", name="Show all 90").click()
    expect(bodies).to_have_count(90)
    expect(page.get_by_role("button", name="Attempts of shop-49")).to_be_focused()


def test_hostile_text(open_page: Open) -> None:
    """Whatever destinations answer and functions say is text, in the list, in questions and in outcomes."""
    evil = "".join(HOSTILE)
    named = [destination(evil, last_answer=evil, dead_letters=DEAD), destination("b", state="off", state_reason=evil)]
    did = {"at": "2026-11-24T21:25:00Z", "email": evil, "verb": evil, "target": evil, "outcome": evil, "summary": evil}
    kept = quarantined(whole=1, reasons={evil: 1})
    kept["hooks"][0]["hook"] = evil
    changes = {
        "destinations": named,
        "actions": [did],
        "quarantine": kept,
        "alarms": [{**LOUD, "name": evil, "description": evil, "runbook": evil}],
    }
    page = open_health(open_page, changes, width=360)
    tried = [attempt(1, event_id=evil, outcome=evil, answer=evil)]
    page.route("**/attempts", lambda route: route.fulfill(json={"attempts": tried}))
    Answers(page, done(evil, **{**REPLAY, "reasons": {evil: 1}}))
    page.get_by_role("button", name="Attempts of").first.click()
    expect(page.locator(".attempts tbody tr")).to_have_count(1)
    for name in ("Send again", "Replay"):
        page.locator("button.act:visible", has_text=name).first.click()
        expect(question(page)).to_contain_text("<img src=x")
        assert question(page).evaluate("dialog => dialog.scrollWidth - dialog.clientWidth") == 0
        question(page).locator(".do").click()
        expect(question(page)).to_have_count(0)
    expect(page.locator(".outcome:visible")).to_have_count(2)
    expect(page.locator("main img, main script")).to_have_count(0)
    assert page.evaluate("window.broken") is None
    text = page.locator("main").evaluate(
        "main => main.textContent + [...main.querySelectorAll('[title]')].map(one => one.title)"
    )
    assert not [one for one in text if ord(one) in {7, 27, 0x200B, 0x202C, 0x202E}]
    assert overflow(page) == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fits_and_is_accessible(open_page: Open, theme: str) -> None:
    """With all that there can be, nothing sticks out at 360 pixels, and axe finds nothing; nor in a question."""
    rules = ["color-contrast"] if theme == "dark" else []
    changes = {
        "destinations": DESTINATIONS,
        "alarms": [LOUD, QUIET, NEW],
        "quarantine": quarantined(whole=12, reasons={"call_id is missing": 12}),
    }
    page = open_health(open_page, changes, width=360, theme=theme)
    page.route("**/attempts", lambda route: route.fulfill(json={"attempts": [attempt(1), attempt(2, is_test=True)]}))
    Answers(page, {**done("It was refused."), "outcome": "failed"})
    page.get_by_role("button", name="Attempts of sales").click()
    page.locator(".others summary").click()
    page.get_by_role("button", name="Pause sales").click()
    assert found_by_axe(page, *rules) == []
    assert overflow(page) == 0
    question(page).locator(".do").click()
    expect(page.locator(".outcome:visible")).to_be_visible()
    assert found_by_axe(page, *rules) == []
    assert overflow(page) == 0
