"""The laptop commands as the Makefile calls them."""

import os
import re
import sys
from subprocess import run

import pytest

from devtools import __main__ as program
from devtools.commands import app
from devtools.local import ROOT
from devtools.template import parsed
from tests.template.views import fits


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> "Call":
    """Run a command line in this process, with its signals left alone."""
    return Call(monkeypatch)


class Call:
    """Calls commands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(program, "SIGNALS", ())

    def __call__(self, *words: str) -> int:
        """Return the exit code of a command."""
        self._monkeypatch.setattr(sys, "argv", ["devtools", *words])
        return program.main()


@pytest.mark.parametrize("port", ["80", "65535", "port"])
def test_port_that_cannot_be_used(port: str, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused before anything starts, by the name under which the user gave it."""
    assert call("run", "--port", port) == 2
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "receivers"),
    [((), "localhost:8080"), (("--receivers", "localhost:1,127.0.0.1:2"), "localhost:1,127.0.0.1:2")],
)
def test_receivers_of_this_machine(
    words: tuple[str, ...], receivers: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack that is up sends to the receivers that one names, or else to a port that the documents name."""
    given: list[object] = []
    monkeypatch.setattr(
        "devtools.up.up", lambda _, *, receivers, for_containers: given.append((receivers, for_containers))
    )
    assert call("up", *words) == 0
    assert given == [(receivers, False)]
    assert fits(receivers, parsed()["Parameters"]["DestinationTestHosts"])
    assert words or receivers in (ROOT / "docs" / "destinations.md").read_text()


def test_hook_that_does_not_exist(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the hooks that do."""
    assert call("fire", "missed_cal") == 1
    assert "missed_call" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("events", "--since", "last week"), "These forms work: 30m, 2h"),
        (("logs", "--since", "2099-01-01"), "in the future"),
        (("reconcile", "--since", "then"), "SINCE=then is not a time"),
        (("replay", "--until", "soon"), "UNTIL=soon is not a time"),
        (("events", "--hook", "missed_cal"), "The hooks are: channel_create"),
        (("logs", "--hook", "missed_cal"), "The hooks are: channel_create"),
        (("events", "--account", "acme"), "not a Dash account id"),
        (("calls", "--account", "acme"), "not a Dash account id"),
        (("calls", "--day", "someday"), "DAY=someday is not a time"),
        (("call", "--id", "abcd", "--day", "someday"), "DAY=someday is not a time"),
        (("call",), "make call ID="),
        (("backfill-calls", "--since", "then"), "SINCE=then is not a time"),
        (("backfill-calls", "--account", "acme"), "not a Dash account id"),
    ],
)
def test_argument_that_is_invalid(
    arguments: tuple[str, ...], said: str, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused before AWS is asked, and the error says what works instead."""
    assert call(*arguments) == 1
    assert said in capsys.readouterr().err


def test_interruption(call: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends a command with the exit code that shells expect."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("devtools.schemas.write", interrupt)
    assert call("schemas") == program.INTERRUPTED
    assert capsys.readouterr().err.startswith("Interrupted")


def test_makefile_calls_commands_that_exist() -> None:
    """Each `$(LAPTOP) <command>` of the Makefile is a command."""
    words = [line.partition("$(LAPTOP) ")[2].split() for line in (ROOT / "Makefile").read_text().splitlines()]
    called = {word[0].strip(";") for word in words if word}
    assert called
    commands = app.registered_commands
    assert called <= {it.name or it.callback.__name__.replace("_", "-") for it in commands if it.callback}


def test_help_fits() -> None:
    """`make help` lists every target that has a description, users' first, within 80 columns."""
    command = ["make", "--no-print-directory", "help"]
    listed = run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603 - our own
    assert max(map(len, listed)) <= 80
    groups = [line for line in listed[1:] if line and not line.startswith(" ")]
    assert groups[0] == "Try it here"
    assert groups[1].startswith("A stack on AWS")
    described = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [line.split()[0] for line in listed if re.match(r"  [a-z]", line)] == described


def test_words_of_a_destination() -> None:
    """They are passed on whole, and count only on the command line; the address is no argument of a process."""
    words = ["ADD=sales", "NUMBERS=(555) 1, o'x", "URL=https://example.com/a?b=1&c='2'"]
    command = ["make", "--no-print-directory", "--dry-run", "destination", *words]
    elsewhere = os.environ | {"TEST": "1", "TYPE": "slack", "URL": "https://example.org"}
    said = run(command, cwd=ROOT, env=elsewhere, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own
    assert "--add 'sales'" in said
    assert "--numbers '(555) 1, o'\\''x'" in said
    assert "--test" not in said
    assert "--type" not in said
    assert "example" not in said
