"""People who look at the console while a day is sent, and ask what its page asks, as often."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import urllib3

from devtools.console import local_users
from devtools.errors import LaptopError
from devtools.stack import Stack
from hookswitch.console.users import Role
from tests.integration.browsing import ASKS, NAVIGATES, Browser
from tests.load.calls import PlayedCall
from tests.load.day import Size

# As the page does of today: functions/console/static/calls.js.
EVERY, CHART = 5.0, 60.0  # seconds between two looks at the list, and two at the chart
OPENS = 6  # of so many looks one opens a call
TURNS = 12  # of a day: in every other one people look, so that deliveries with and without them can be compared
AT_ONCE = 4  # sign in
ROLES: tuple[Role, ...] = ("calls", "payloads")
PASSWORD = "calls-of-this-machine"


@dataclass(frozen=True)
class Look:
    """One answer that somebody got.

    Attributes:
        what: `page`, `me`, `list`, `chart`, `call` or `events`.
        status: The HTTP status; None if there was no answer.
        milliseconds: Until the whole answer.
    """

    what: str
    status: int | None
    milliseconds: float


@dataclass(frozen=True)
class Audience:
    """Who looked, when, and what they got.

    Attributes:
        people: How many there were.
        began: When the first turn began, in Unix seconds.
        turn: Seconds of a turn. In the first one people look, in the next one they don't, and so on.
        looks: All answers.
    """

    people: int
    began: float
    turn: float
    looks: Sequence[Look]

    def looks_at(self, moment: float) -> bool:
        """Tell whether people look at a time, in Unix seconds."""
        return is_turn(moment - self.began, self.turn)


class Asking(Protocol):
    """A browser."""

    def ask(
        self, address: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and return the answer."""


@dataclass
class Person:
    """Somebody who has signed in.

    Attributes:
        browser: Where.
        account: Whose calls they look at.
        day: Since which day, such as 2026-11-23. The day of load is a past one, so they look from there to the present:
            only such a list has the calls in progress, as that of today has.
        today: Until which day.
        looks: What they got.
    """

    browser: Asking
    account: str
    day: str
    today: str
    looks: list[Look] = field(default_factory=list)
    _tags: dict[str, str] = field(default_factory=dict)
    _calls: Sequence[str] = ()
    _looked: int = 0
    _charted: float = -CHART

    def arrive(self) -> None:
        """Open the page."""
        self._get("page", "/", NAVIGATES)
        self._get("me", "/api/me")

    def look(self, now: float) -> None:
        """Ask as an open page does, at a time in seconds: for the list, once a minute the chart, sometimes a call."""
        which = f"account={self.account}&day={self.day}"
        if listed := self._get("list", f"/api/calls?{which}&until={self.today}"):
            found = json.loads(listed)
            self._calls = [call["call"] for call in (*found["open"], *found["calls"])]
        if now - self._charted >= CHART:
            self._charted = now
            self._get("chart", f"/api/day?{which}")
        self._looked += 1
        if self._calls and self._looked % OPENS == 0:
            call = self._calls[self._looked // OPENS % len(self._calls)]
            self._get("call", f"/api/calls/{call}")
            self._get("events", f"/api/calls/{call}/events")

    def _get(self, what: str, address: str, headers: Mapping[str, str] = ASKS) -> bytes:
        """Return the body of an answer that is new; nothing of one that is not."""
        tag = self._tags.get(address)
        sent = {**headers, "accept-encoding": "gzip", **({"if-none-match": tag} if tag else {})}
        began, status, body = time.perf_counter(), None, b""
        try:
            answer = self.browser.ask(address, headers=sent)
            status, body = answer.status, answer.data if answer.status == 200 else b""
            self._tags |= {address: answer.headers["etag"]} if "etag" in answer.headers else {}
        except urllib3.exceptions.HTTPError:
            pass  # no answer is one, too
        self.looks.append(Look(what, status, 1_000 * (time.perf_counter() - began)))
        return body


@contextmanager
def looking(stack: Stack, size: Size, calls: Sequence[PlayedCall], count: int) -> Iterator[list[Audience]]:
    """Have people look at the accounts with most calls for as long as the block lasts; afterwards the list has who.

    Args:
        stack: The stack, with the console.
        size: Of the day.
        calls: That happen on the day.
        count: How many people there are. All have signed in when the block begins.

    Raises:
        LaptopError: Somebody can't sign in.
    """
    accounts = busiest(calls, count)
    day, today = (datetime.fromtimestamp(at, UTC).date().isoformat() for at in (size.midnight, time.time()))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        browsers = list(pool.map(lambda account: _signed_in(stack, account), enumerate(accounts)))
    people = [Person(browser, account, day, today) for browser, account in zip(browsers, accounts, strict=True)]
    began, turn, stop = time.time(), size.seconds / TURNS, threading.Event()
    threads = [
        threading.Thread(target=_sit, args=(person, EVERY * at / count, began, turn, stop), daemon=True)
        for at, person in enumerate(people)
    ]
    audience: list[Audience] = []
    for thread in threads:
        thread.start()
    try:
        yield audience
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    audience.append(Audience(count, began, turn, [look for person in people for look in person.looks]))


def is_turn(since: float, turn: float) -> bool:
    """Tell whether people look, so many seconds after the first turn began."""
    return int(since // turn) % 2 == 0


def busiest(calls: Sequence[PlayedCall], count: int) -> list[str]:
    """Return the accounts with most calls: so many, the same several times if there are fewer."""
    found = [name for name, _ in Counter(call.happenings[0].account for call in calls).most_common(count)]
    return [found[at % len(found)] for at in range(count)]


def _sit(person: Person, after: float, began: float, turn: float, stop: threading.Event) -> None:
    """Let somebody look in every other turn, some time after the others."""
    stop.wait(after)
    person.arrive()
    while not stop.is_set():
        since = time.time() - began
        if is_turn(since, turn):
            person.look(time.monotonic())
            stop.wait(EVERY)
        else:
            stop.wait(turn - since % turn + after)


def _signed_in(stack: Stack, who: tuple[int, str]) -> Browser:
    number, account = who
    email, browser = f"person-{number}@example.com", Browser(stack)
    local_users.add_user(stack, email, roles=ROLES, accounts=account, password=PASSWORD)
    answer = browser.sign_in(email, PASSWORD)
    if answer.status != 303:
        raise LaptopError(f"Somebody could not sign in to the console: it answered {answer.status}.")
    return browser
