"""Health as tests want it: what the API says, with some of it changed."""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Open

LOUD = {
    "name": "FailedDeliveries",
    "state": "ALARM",
    "on": True,
    "since": "2026-11-24T20:30:00Z",
    "description": "A delivery was answered 500. Check which service fails.",
    "runbook": "docs/runbook.md#failed-deliveries",
}
QUIET = {**LOUD, "name": "Silence", "state": "OK", "on": False, "runbook": "docs/runbook.md#silence"}
NEW = {**LOUD, "name": "Canary", "state": "INSUFFICIENT_DATA", "on": False, "runbook": None}

WAITING = {"number": 12, "more": False}
DEAD = {"number": 3, "more": False}
REPLAY: dict[str, Any] = {
    "dry_run": True,
    "hook": "missed_call",
    "found": 12,
    "accepted": 0,
    "refused": 0,
    "deferred": 0,
    "truncated": 2,
    "reasons": {},
    "next": None,
}


def destination(name: str, **more: Any) -> dict[str, Any]:
    """Return a destination that is well, with some of it changed."""
    number = {"number": 0, "more": False}
    return {
        "name": name,
        "type": "https",
        "state": "on",
        "state_reason": "",
        "backlog": number,
        "dead_letters": number,
        "last_success": "2026-11-24T21:29:00Z",
        "failing_since": None,
        "failures": 0,
        "next_attempt": None,
        "last_answer": "200",
        **more,
    }


def attempt(number: int, **more: Any) -> dict[str, Any]:
    """Return an attempt that was not taken, with some of it changed."""
    return {
        "at": 1_795_555_000_000 + number,
        "event_id": f"{number:032x}",
        "number": number,
        "outcome": "retry",
        "status": 500,
        "answer": "500 Internal Server Error",
        "milliseconds": 1_204,
        "is_test": False,
        **more,
    }


def quarantined(*, whole: int, reasons: Mapping[str, int]) -> dict[str, Any]:
    """Return a quarantine with deliveries of one hook."""
    why = [{"reason": reason, "number": number} for reason, number in reasons.items()]
    return {
        "days": 7,
        "count": {"number": whole, "more": False},
        "hooks": [{"hook": "missed_call", "number": whole, "reasons": why}],
        "newest": [
            {
                "event_id": "quarantine-1",
                "hook": "missed_call",
                "account_id": "a" * 32,
                "received_at": "2026-11-24T21:00:00Z",
                "summary": "Quarantined missed_call: call_id is missing",
            }
        ],
    }


def open_health(open_page: Open, changes: Mapping[str, Any], **how: Any) -> Page:
    """Open health, with some of what the API says changed; `changes` may change afterwards."""
    page = open_page("/calls?day=2026-11-01", **how)  # a day without calls
    said = page.evaluate("fetch('/api/health').then((response) => response.json())")
    page.route("**/api/health", lambda route: route.fulfill(json={**said, "may_act": True, **changes}))
    page.get_by_role("link", name="Health", exact=True).click()
    expect(page.locator(".verdict")).to_be_visible()
    return page


class Answers:
    """Answers what a page has done, and keeps what it sent.

    Attributes:
        sent: Path below /api/ and body of each request.
        next: The answers to come, one for each; the last one stays.
        held: Requests that wait for `release`.
    """

    def __init__(self, page: Page, *answers: Mapping[str, Any] | int) -> None:
        """Answer with JSON, or with an error of a status; 0 is no answer at all."""
        self.sent: list[tuple[str, Any]] = []
        self.next = [*answers]
        self.held: list[Route] | None = None
        page.route(lambda address: "/api/" in address, self._answer)

    def _answer(self, route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        assert route.request.headers["content-type"] == "application/json"
        self.sent.append((route.request.url.partition("/api/")[2], route.request.post_data_json))
        if self.held is None:
            self.fulfill(route)
        else:
            self.held.append(route)

    def fulfill(self, route: Route) -> None:
        """Answer one request."""
        answer = self.next.pop(0) if len(self.next) > 1 else self.next[0]
        if answer == 0:
            route.abort()
        elif isinstance(answer, int):
            route.fulfill(status=answer, json={"error": {"code": "code", "message": f"It was refused: {answer}."}})
        else:
            route.fulfill(json=answer)


def done(message: str, **result: Any) -> dict[str, Any]:
    """Return the answer to what was done."""
    return {"action": "action-1", "outcome": "done", "message": message, "result": result}


def question(page: Page) -> Locator:
    """Return the question that is asked."""
    return page.get_by_role("dialog")


DESTINATIONS = [
    destination("sales", backlog=WAITING, dead_letters=DEAD),
    destination("crm", failing_since="2026-11-24T20:30:00Z", failures=5, next_attempt="2026-11-24T21:35:50Z"),
    destination("zapier", state="paused", state_reason="Somebody paused it.", backlog=WAITING, dead_letters=DEAD),
]
