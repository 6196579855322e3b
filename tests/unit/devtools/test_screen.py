"""What reaches a person's terminal: nothing of what Dash, a caller or another program names can drive it."""

import io
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from devtools import healing, report, screen, webhooks
from devtools.__main__ import main
from devtools.errors import LaptopError
from devtools.outcome import Outcome
from devtools.sending import ENCODINGS, Answer, Sent
from hookswitch.dash.hooks import HOOKS
from hookswitch.webhooks.ownership import Ownership
from hookswitch.webhooks.plan import Delete, Plan, Update

HOSTILE = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202eevil\u2066\r\nForged line\0[bold red]markup[/]"


class Terminal:
    """A screen that remembers what it got; rich adds no escape sequences of its own."""

    def __init__(self, width: int = 200) -> None:
        self.got = io.StringIO()
        self.console = Console(file=self.got, force_terminal=False, highlight=False, width=width)

    def assert_not_driven(self) -> None:
        """Check that it got text and line breaks only, and the text itself."""
        got = self.got.getvalue()
        assert all(character == "\n" or character.isprintable() for character in got)
        assert "owned" in got

    @property
    def widest(self) -> int:
        """The width of the widest line, in columns."""
        return max(map(cell_len, self.got.getvalue().splitlines()))


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
    mine = Ownership("mark", ())
    for each in (webhook, odd):
        terminal.console.print(webhooks._table([each], Plan(), mine))  # noqa: SLF001 - needs no stack
    for detail in webhooks._details([webhook, odd], Plan(), mine):  # noqa: SLF001
        screen.say(detail)
    terminal.assert_not_driven()


def test_webhooks_fit(capsys: pytest.CaptureFixture[str]) -> None:
    """The table of `make webhooks` fits 80 columns, with the longest names and every state."""
    terminal = Terminal(80)
    uri = "https://abcdefghij.execute-api.ap-southeast-2.amazonaws.com/v1/hooks/{}/0123456789abcdef"
    found: list[dict[str, Any]] = [
        {"id": hook, "hook": hook, "name": f"Hookswitch {hook}", "uri": uri.format(hook), "format": "form-data"}
        for hook in HOOKS
    ]
    found[0] |= {"enabled": False, "disable_reason": "too many failed attempts"}
    plan = Plan((Delete("channel_answer", "x", "channel_answer"), Update("parking", "x", "parking", {}, ("uri",))))
    terminal.console.print(webhooks._table(found, plan, Ownership("mark", ())))  # noqa: SLF001 - needs no stack
    assert terminal.widest <= 80
    assert "…" in terminal.got.getvalue()
    assert "0123456789abcdef" not in terminal.got.getvalue()
    assert not capsys.readouterr().out


def test_report_of_a_run_fits() -> None:
    """The table of `make run` fits 80 columns and crops summaries, whatever went wrong."""
    terminal = Terminal(80)
    answers = (Answer(200, "stored", "id", 1234.0, ""), Answer(200, "duplicate", "id", 1.0, ""))
    sent = [Sent(hook, encoding, answers) for hook in HOOKS for encoding in ENCODINGS for _ in range(10)]
    sent[0] = Sent(HOOKS[0], "get", ())
    items = {"id": {"summary": "Missed call from +15551234567 " * 6, "hook": HOOKS[0]}}
    for published in (Counter({"id": 1}), Counter[str]()):
        found = Outcome(items=items, others=[], published=published, types={"id": HOOKS[0]})
        terminal.console.print(report.table(sent, found))
    assert terminal.widest <= 80
    assert "0 of 10" in terminal.got.getvalue()
    assert "…" in terminal.got.getvalue()


@pytest.mark.parametrize(("columns", "width"), [("", 80), ("wide", 80), ("64", 64), ("200", 200)])
def test_width_without_a_terminal(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Output that is piped is as wide as COLUMNS says, and 80 columns without it."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert screen._console().width == width  # noqa: SLF001 - made when the module is imported


def test_sentences_wrap(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is a width, sentences wrap between words, keep their indentation, and leave addresses whole."""
    monkeypatch.setenv("COLUMNS", "200")
    address = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/" + "x" * 200
    screen.say(f"  {'word ' * 60}{address} [bold]{'end ' * 60}")
    lines = terminal.got.getvalue().splitlines()
    assert len(lines) == 5
    assert all(line.startswith("  ") and (len(line) <= 200 or line.strip() == address) for line in lines)
    assert "[bold]" in lines[3]


def test_sentences_stay_whole_in_a_log(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a width, a sentence is one line, so that it can be found."""
    monkeypatch.delenv("COLUMNS", raising=False)
    screen.say("word " * 100)
    assert len(terminal.got.getvalue().splitlines()) == 1


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


def accounting(**more: object) -> dict[str, object]:
    """Return what a run compared, as its report has it."""
    found = {
        "available": True,
        "complete": True,
        "reason": None,
        "from": "2026-11-26T07:00:00Z",
        "until": "2026-11-26T09:00:00Z",
    }
    counts = {"legs_on_dash": 1204, "legs_here": 1204, "recovered": 0, "missing": 0, "missing_legs": []}
    return {**found, **counts, **more}


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (accounting(complete=False), "One run could not do everything; the next run continues."),
        (accounting(), "1,204 legs on Dash, 1,204 here, from 2026-11-26T07:00:00Z to 2026-11-26T09:00:00Z."),
        (accounting(recovered=3), "1,204 legs on Dash, 1,204 here, 3 of them recovered now, from"),
        (accounting(legs_here=1203, missing=1, missing_legs=[f"a-leg{HOSTILE}"]), "1 record is missing:\n  a-leg"),
        (accounting(available=False, reason="Dash does not open them."), "Dash does not open them."),
    ],
)
def test_accounting_of_a_reconciliation(found: dict[str, object], line: str, terminal: Terminal) -> None:
    """It shows how many legs Dash has and how many of them are here, which ones are missing, or why that is unknown."""
    told = {"dry_run": False, "changes": [], "reported": [], "events": {}, "complete": True, "watermark": "now"}
    healing._print(told | {"accounting": found})  # noqa: SLF001 - needs no stack
    got = terminal.got.getvalue()
    assert line in got
    assert ("nothing was missed" in got) is not bool(found["recovered"] or found["missing"])
    assert all(character == "\n" or character.isprintable() for character in got)


def test_accounting_of_a_dry_run(terminal: Terminal) -> None:
    """A dry run says what it would recover."""
    told = {"dry_run": True, "changes": [], "reported": [], "events": {}, "complete": True, "watermark": "now"}
    found = accounting(legs_here=1202, missing=2, missing_legs=["202611-a", "202611-b"])
    healing._print(told | {"accounting": found})  # noqa: SLF001 - needs no stack
    got = terminal.got.getvalue()
    assert "2 records are missing, and would be recovered:\n  202611-a\n  202611-b" in got


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
