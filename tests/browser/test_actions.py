"""What operators do on the page of health: it asks first, does it, and says what came of it."""

import re
from copy import deepcopy
from typing import Any

import pytest
from playwright.sync_api import expect

from devtools.console.serve import Server
from tests.browser.conftest import NOW, Open
from tests.browser.looking import found_by_axe, refresh
from tests.browser.standing import DESTINATIONS, REPLAY, Answers, done, open_health, quarantined, question

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of them

REPORT: dict[str, Any] = {
    "dry_run": True,
    "changes": ["create parking"],
    "reported": ["callflow is disabled without a reason from Dash."],
    "events": {"channel_create": {"recovered": 3}},
    "complete": True,
    "watermark": "2026-11-24T21:00:00Z",
    "accounting": {"available": True, "from": "a", "recovered": 0, "missing": 2, "legs_on_dash": 9, "legs_here": 7},
}
ACTIONS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "Send a sample sales": ("Send a sample to sales?", "a missed call that nobody made", "destinations/sales/test", {}),
    "Pause sales": ("Pause sales?", "12 messages wait for it now", "destinations/sales/pause", {}),
    "Resume zapier": ("Resume zapier?", "12 messages wait for it and are sent", "destinations/zapier/resume", {}),
    "Try now crm": ("Try crm again now?", "would be in 5 minutes", "destinations/crm/resume", {}),
    "Send again sales": ("Send 3 messages to sales again?", "gave up", "destinations/sales/resend", {}),
    "Send again zapier": ("Send 3 messages to zapier again?", "It is paused", "destinations/zapier/resend", {}),
}


def test_what_is_done_is_asked_first(open_page: Open) -> None:
    """A question says what will happen, and to how many; Escape and Cancel leave all as it is; the outcome stays."""
    page = open_health(open_page, {"destinations": DESTINATIONS})
    answers = Answers(page, done("It is done."))
    for name, (title, text, path, body) in ACTIONS.items():
        button = page.get_by_role("button", name=name, exact=True)
        button.click()
        expect(question(page)).to_have_accessible_name(title)
        expect(question(page)).to_contain_text(text)
        expect(question(page)).to_contain_text("recorded as done by operator@example.com")
        expect(page.get_by_role("button", name="Cancel")).to_be_focused()
        page.keyboard.press("Escape")
        expect(question(page)).to_have_count(0)
        expect(button).to_be_focused()
        button.click()
        page.get_by_role("button", name="Cancel").click()
        expect(question(page)).to_have_count(0)
        expect(button).to_be_focused()
        assert answers.sent == []
        button.click()
        question(page).locator(".do").click()
        expect(question(page)).to_have_count(0)
        outcome = page.locator("tbody", has=button).locator(".outcome")
        expect(outcome).to_contain_text("It is done.")
        expect(page.locator("#spoken")).to_have_text("It is done.")
        expect(button).to_be_focused()
        assert answers.sent == [(path, body)]
        answers.sent.clear()
    refresh(page)
    expect(page.locator(".outcome:visible")).to_have_count(3)


def test_all_of_it_is_done_and_recorded(open_page: Open, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The console's API takes what the page asks, and “Who did what” has it; what it refuses is said."""
    monkeypatch.setattr(server.console.alarms, "alarms", deepcopy(server.console.alarms.alarms))
    monkeypatch.setattr(server.console.functions, "drift", ["create parking"])
    monkeypatch.setattr(server.console.functions, "asked", [])
    server.console.add_trouble(NOW)
    page = open_page("/operations")
    expect(page.locator(".alarms li")).to_contain_text("quarantined deliveries")
    for name, came, record in (
        ("Send a sample sales", "sales took the sample.", r"sent a sample to sales\s*done"),
        ("Pause sales", "sales is paused. 0 messages wait for it.", r"paused sales\s*done"),
        ("Resume sales", "sales is on.", r"resumed sales\s*done"),
        ("Send again crm", "3 messages are on the way to crm.", r"sent all that was not delivered to crm again\s*done"),
        ("Try now crm", "crm is on.", r"resumed crm\s*done"),
        (
            "Replay missed_call",
            "5 were accepted, 0 were refused again.",
            r"replayed the quarantine of missed_call\s*done",
        ),
        ("Compare with Dash now", "Done: 1 change of webhooks.", r"compared the webhooks\s*done"),
    ):
        page.get_by_role("button", name=name).first.click()
        question(page).locator(".do").click()
        expect(page.locator(".outcome", has_text=came)).to_be_visible()
        recorded = re.compile(rf"operator@example\.com\s*{record}")
        expect(page.locator("tr", has_text=recorded)).to_be_visible()
    page.get_by_role("button", name="Attempts of crm").click()
    page.get_by_role("button", name="Send again the event").first.click()
    question(page).locator(".do").click()
    expect(page.locator(".outcome.is-wrong")).to_contain_text("The table of events has no event of this id")
    asked = [next(iter(message)) for _, message in server.console.functions.asked]
    assert asked == ["test", "pause", "resume", "resend", "resume", "quarantine", "quarantine", "dry_run", "dry_run"]


def test_replay(open_page: Open) -> None:
    """A replay counts first, and asks with the number; what was refused again comes with its reasons."""
    page = open_health(open_page, {"quarantine": quarantined(whole=12, reasons={"call_id is missing": 12})})
    accepted = {
        **REPLAY,
        "dry_run": False,
        "accepted": 9,
        "refused": 1,
        "reasons": {"to is missing": 1},
        "next": "2026",
    }
    answers = Answers(page, done("12 deliveries.", **REPLAY), done("9 were accepted, 1 was refused again.", **accepted))
    expect(page.locator("main")).to_contain_text("call_id is missing 12 ×")
    page.get_by_role("button", name="Replay missed_call").click()
    expect(question(page)).to_have_accessible_name("Replay 10 deliveries of missed_call?")
    expect(question(page)).to_contain_text("2 more are stored only in part")
    assert answers.sent == [("quarantine/replay", {"hook": "missed_call", "dry_run": True})]
    question(page).locator(".do").click()
    outcome = page.locator(".outcome:visible")
    expect(outcome).to_contain_text("9 were accepted, 1 was refused again.")
    expect(outcome).to_contain_text("1 ×: to is missing")
    assert answers.sent[1] == ("quarantine/replay", {"hook": "missed_call", "dry_run": False})
    answers.next = [done("Nothing is left.", **{**REPLAY, "found": 2})]
    page.get_by_role("button", name="Replay missed_call").click()
    expect(outcome).to_contain_text("Nothing is left.")
    expect(question(page)).to_have_count(0)
    assert answers.sent[2:] == [("quarantine/replay", {"hook": "missed_call", "dry_run": True, "since": "2026"})]


def test_comparing_with_dash(open_page: Open) -> None:
    """A comparison says what would be repaired, and asks; if there is nothing, it only says so."""
    page = open_health(open_page, {})
    repaired = {**REPORT, "dry_run": False, "accounting": {**REPORT["accounting"], "recovered": 2, "missing": 0}}
    answers = Answers(page, done("Would be done: 1 change.", **REPORT), done("Done: 1 change.", **repaired))
    compare = page.get_by_role("button", name="Compare with Dash")
    compare.click()
    expect(question(page)).to_have_accessible_name("Repair what differs from Dash?")
    expect(question(page).get_by_role("listitem")).to_have_text(
        [
            "Webhooks: create parking",
            "channel_create: 3 recovered",
            "2 legs of calls would be recovered from Dash's records",
            "callflow is disabled without a reason from Dash.",
        ]
    )
    question(page).get_by_role("button", name="Repair").click()
    outcome = page.locator(".outcome:visible")
    expect(outcome).to_contain_text("Done: 1 change.")
    expect(outcome).to_contain_text("2 legs of calls recovered from Dash's records")
    assert answers.sent == [("webhooks/reconcile", {"dry_run": True}), ("webhooks/reconcile", {"dry_run": False})]
    nothing = {**REPORT, "changes": [], "events": {}, "accounting": None}
    answers.next = [done("The webhooks are as they should be.", **nothing)]
    compare.click()
    expect(outcome).to_contain_text("The webhooks are as they should be.")
    expect(outcome).to_contain_text("callflow is disabled")
    answers.next = [{**done("Another run is at work.", busy=True), "outcome": "failed"}]
    compare.click()
    expect(outcome).to_contain_text("Another run is at work.")
    expect(outcome).to_contain_class("is-wrong")
    expect(question(page)).to_have_count(0)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (409, "It was refused: 409."),
        (503, "It was refused: 503."),
        (0, "It may have been done all the same"),
        ({**done("The function failed; its log says why."), "outcome": "failed"}, "The function failed"),
    ],
)
def test_failure(open_page: Open, answer: int | dict[str, Any], text: str) -> None:
    """What could not be done is said where the button is, which can be pressed again."""
    page = open_health(open_page, {"destinations": DESTINATIONS})
    Answers(page, answer)
    pause = page.get_by_role("button", name="Pause sales")
    pause.click()
    question(page).locator(".do").click()
    outcome = page.locator("tbody", has=pause).locator(".outcome")
    expect(outcome).to_contain_text(text)
    expect(outcome).to_contain_class("is-wrong")
    expect(page.locator("#spoken")).to_contain_text(text)
    expect(pause).to_be_focused()
    pause.click()
    expect(question(page)).to_be_visible()


def test_end_of_a_session_while_acting(open_page: Open) -> None:
    """If the session is over, that is said instead, and no question is left on the page."""
    page = open_health(open_page, {"destinations": DESTINATIONS})
    Answers(page, 401)
    page.get_by_role("button", name="Pause sales").click()
    question(page).locator(".do").click()
    expect(page.get_by_role("heading", name="Your session is over.")).to_be_visible()
    expect(question(page)).to_have_count(0)


def test_while_it_runs(open_page: Open) -> None:
    """While something runs it can't be asked for again, and says so; who closes the question gets the outcome, too."""
    page = open_health(open_page, {"destinations": DESTINATIONS})
    answers = Answers(page, {**done("This goes on."), "outcome": "running"})
    answers.held = []
    pause, other = (page.get_by_role("button", name=name) for name in ("Pause sales", "Send a sample sales"))
    pause.click()
    question(page).locator(".do").click()
    expect(question(page).locator(".do")).to_be_disabled()
    expect(question(page).get_by_role("status")).to_contain_text("Pausing…")
    assert found_by_axe(page) == []
    page.keyboard.press("Escape")
    expect(question(page)).to_have_count(0)
    expect(pause).to_be_focused()
    for button in (pause, other):
        expect(button).to_have_attribute("aria-disabled", "true")
        button.click(force=True)
        expect(question(page)).to_have_count(0)
    expect(page.locator(".outcome:visible")).to_contain_text("Pausing…")
    assert len(answers.held) == len(answers.sent) == 1
    answers.fulfill(answers.held[0])
    expect(page.locator(".outcome:visible")).to_contain_text("This goes on.")
    expect(page.locator(".outcome.is-wrong")).to_have_count(0)
    expect(pause).not_to_have_attribute("aria-disabled", "true")


def test_who_may_not_act(open_page: Open) -> None:
    """Who does not see the whole stack sees how it is doing, acts on the destinations there are, and nothing else."""
    changes = {"destinations": DESTINATIONS, "quarantine": quarantined(whole=2, reasons={"why": 2})}
    whole = open_health(open_page, changes).locator("main").get_by_role("button").all_text_contents()
    stack = [text for text in whole if "crm" not in text and "sales" not in text and "zapier" not in text]
    assert [text.split()[0] for text in stack] == ["Compare", "Replay"]
    page = open_health(open_page, {**changes, "may_act": False})
    expect(page.locator("main").get_by_role("button")).to_have_text([text for text in whole if text not in stack])


def test_keyboard_alone(open_page: Open) -> None:
    """Keys do all of it: they reach a button, go round in the question, confirm it, and go on from where they were."""
    page = open_health(open_page, {"destinations": DESTINATIONS})
    answers = Answers(page, done("It is done."))
    page.keyboard.press("Tab")
    sample = page.get_by_role("button", name="Send a sample crm")
    for _ in range(30):
        page.keyboard.press("Tab")
        if sample.evaluate("button => button === document.activeElement"):
            break
    expect(sample).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(question(page).locator(".do")).to_be_focused()
    page.keyboard.press("Space")
    expect(question(page)).to_have_count(0)
    assert answers.sent == [("destinations/crm/test", {})]
    expect(sample).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Pause crm")).to_be_focused()
