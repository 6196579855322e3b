"""What reaches a person's terminal: nothing of what Dash, a caller or another program names can drive it."""

import io
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from devtools import healing, report, screen, webhooks
from devtools.__main__ import main
from devtools.errors import LaptopError
from devtools.outcome import Outcome
from devtools.sending import ENCODINGS, Answer, Sent
from hookswitch.dash.hooks import HOOKS
from hookswitch.webhooks.ownership import Ownership
from hookswitch.webhooks.plan import Plan

HOSTILE = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202eevil\u2066\r\nForged line\0[bold red]markup[/]"


class Terminal:
    """A screen that remembers what it got; rich adds no escape sequences of its own."""

    def __init__(self) -> None:
        self.got = io.StringIO()
        self.console = Console(file=self.got, force_terminal=False, highlight=False, width=200)

    def assert_not_driven(self) -> None:
        """Check that it got text and line breaks only, and the text itself."""
        got = self.got.getvalue()
        assert all(character == "\n" or character.isprintable() for character in got)
        assert "owned" in got


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in place of this one."""
    terminal = Terminal()
    for module in (screen, webhooks):
        monkeypatch.setattr(module, "console", terminal.console)
    return terminal


def test_say(terminal: Terminal) -> None:
    """A sentence stays in its line, and keeps its indentation."""
    screen.say(f"  {HOSTILE}".replace("\n", " "))
    terminal.assert_not_driven()
    assert terminal.got.getvalue().startswith("  ]0;owned")
    assert "[bold red]markup[/]" in terminal.got.getvalue()


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_printable(text: str) -> None:
    """Line breaks stay, nothing else that is not shown does."""
    assert all(character == "\n" or character.isprintable() for character in screen.printable(text))
    assert screen.cell(text).plain.isprintable()


def test_webhooks(terminal: Terminal) -> None:
    """The table of `make webhooks` shows addresses, settings and reasons of Dash."""
    webhook: dict[str, Any] = {"id": "1", "hook": "parking", "name": HOSTILE, "uri": f"https://x.example/{HOSTILE}/t"}
    odd = webhook | {"http_verb": HOSTILE, "format": HOSTILE, "enabled": False, "disable_reason": HOSTILE}
    terminal.console.print(webhooks._table([webhook, odd], Plan(), Ownership("mark", ())))  # noqa: SLF001 - needs no stack
    terminal.assert_not_driven()


def test_report_of_a_run(terminal: Terminal) -> None:
    """The table of `make run` shows answers and summaries."""
    sent = [Sent(HOOKS[0], next(iter(ENCODINGS)), (Answer(200, HOSTILE, "id", 1.0, ""),) * 2)]
    found = Outcome(items={"id": {"summary": HOSTILE, "hook": HOOKS[0]}}, others=[], published=Counter(), types={})
    terminal.console.print(report.table(sent, found))
    terminal.assert_not_driven()


def test_report_of_a_reconciliation(terminal: Terminal) -> None:
    """`make reconcile` shows what was changed, by the names of webhooks."""
    told = {"dry_run": False, "changes": [HOSTILE], "reported": [HOSTILE], "events": {HOSTILE: {HOSTILE: 1}}}
    healing._print(told | {"complete": True, "watermark": HOSTILE})  # noqa: SLF001 - needs no stack
    terminal.assert_not_driven()


def test_error(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that quotes Dash's answer is shown on its lines, without what drives a terminal."""

    def fail(prog_name: str) -> None:
        raise LaptopError(f"{prog_name}: {HOSTILE}")

    monkeypatch.setattr("devtools.commands.app", fail)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert main() == LaptopError.exit_code
    shown = capsys.readouterr().err
    assert "owned" in shown
    assert all(character == "\n" or character.isprintable() for character in shown)
