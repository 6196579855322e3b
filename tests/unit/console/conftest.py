"""A console over tables in memory, and browsers in front of it."""

import pytest

from devtools.console.serve import LocalConsole, Queues
from hookswitch.aws import clients
from hookswitch.console import now
from tests.unit.console.browser import Browser
from tests.unit.devtools.call_records import START

NOW = START.timestamp() + 3_600


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> LocalConsole:
    """An empty console, on a day of November 2026 in New York."""
    made = LocalConsole("https://console.example.com", time_zone="America/New_York")
    made.clock = lambda: NOW
    now.forget()
    monkeypatch.setattr(clients, "dynamodb", lambda **_: made.tables)
    monkeypatch.setattr(clients, "sqs", lambda *_: Queues())
    monkeypatch.setattr(clients, "lambda_", lambda *_: made.functions)
    monkeypatch.setattr(clients, "cloudwatch", lambda *_: made.alarms)
    return made


@pytest.fixture
def browser(console: LocalConsole) -> Browser:
    """A browser in which an operator has signed in."""
    opened = Browser(console)
    assert opened.go().status == 200
    return opened
