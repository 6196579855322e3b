"""A console with two days of an office, and a browser in front of it."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from devtools.console.records import record_of
from devtools.console.serve import USERS, Server, fill
from hookswitch.aws import clients
from simulator.calls import office
from simulator.calls.office import Office
from tests.browser.looking import HOSTILE
from tests.unit.console.browser import Browser

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC).timestamp()  # an afternoon in New York
DAYS, CALLS_A_DAY = 2, 45
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 15_000  # milliseconds: of a busy machine

type Open = Callable[..., Page]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Chromium]:
    """The browser of this machine: `CHROMIUM` names it, or it is on the PATH."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("There is no Chromium, so that the console's page is not tested: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def window(chromium: Chromium) -> BrowserContext:
    """A window that stays open: to open one takes longer than what most tests look at."""
    context = chromium.new_context(locale="en-US", reduced_motion="reduce")
    context.new_page()  # with its last page, the window would close
    return context


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """A console at whose time it is afternoon, with an office's calls of two days."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("cloudwatch", "dynamodb", "lambda_", "sqs"):
            patch.setattr(clients, name, getattr(clients, name))  # comes back, whatever the server makes of it
        made = Server(time_zone="America/New_York")
        made.console.clock = lambda: NOW
        fill(made.console, DAYS, CALLS_A_DAY)
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        made.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _tables_as_they_were(server: Server) -> Iterator[None]:
    """What a test adds to the tables is gone after it."""
    tables = server.console.tables.tables
    before = {name: dict(items) for name, items in tables.items()}
    yield
    tables.clear()
    tables.update(before)


@pytest.fixture
def open_page(window: BrowserContext, server: Server) -> Iterator[Open]:
    """Opens a page as one of USERS, and as nobody else: the page keeps all that it knows of them in cookies.

    Afterwards, nothing may have gone wrong unnoticed.
    """
    complaints: list[str] = []
    pages = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def opened(path: str = "/calls", *, user: str = "operator", width: int = 1280, theme: str = "light") -> Page:
        server.console.pool.claims = {"sub": user, "email": f"{user}@example.com", **USERS[user]}
        window.clear_cookies()
        page = window.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        page.set_default_timeout(PATIENCE)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(server.address + path)
        page.wait_for_selector("article:not([aria-busy]), .list:not([aria-busy]), .message")
        return page

    yield opened
    for page in pages:
        page.close()
    assert not list(islice(complaints, 5))


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
