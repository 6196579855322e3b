"""How hookswitch is doing."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from devtools.console.serve import TABLE, Server
from hookswitch.events.items import feed_key
from hookswitch.reconcile import ledger
from hookswitch.reconcile.accounting import ledger as accounting
from hookswitch.reconcile.accounting.ledger import AccountingState, Compared
from hookswitch.reconcile.state import State
from tests.browser.conftest import NOW, Open
from tests.browser.looking import found_by_axe, overflow

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them


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
