"""Scans everything that the functions logged in a test run for confidential values.

A leak fails the run. `simulator.confidential` says which values to look for, and why nothing else can match them. The
lines come from the logger in this process, and from all log groups of each emulator that tests start, just before it
stops; at that time, its secrets are registered, too, with the callback tokens that derive from them.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from logging import LogRecord
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from devtools import aws
from devtools.emulator import Emulator, answers
from hookswitch.callback.token import token_for
from hookswitch.dash.hooks import HOOKS
from hookswitch.observability.log import logger
from simulator import confidential

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

_WORD = re.compile(r"[^\W_]+")
_CHARACTER = re.compile(r"\\+u([0-9a-fA-F]{4})")
_ESCAPE = re.compile(r"\\+[nrtbf\"/]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{64,}={0,2}")
# The id of a call is logged on purpose, whatever the sender puts into it.
_CALL_ID = re.compile(r'"call_id": ?"(?:[^"\\]|\\.)*"')
_BY_FORM = {
    confidential.NUMBER: "number",
    re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in confidential.NAMES)): "name",
    re.compile(re.escape(confidential.MARK)): "secret",
}
FOUND = "leaks"  # the key under which a process reports its results
_SHOWN = 400  # characters to show of a line with a leak


@dataclass(frozen=True, slots=True)
class Leak:
    """A confidential value in a log line.

    Attributes:
        kind: The kind of value.
        line: The line, with a mark in place of the value.
    """

    kind: str
    line: str


def leaks_in(lines: Iterable[str], credentials: Mapping[str, str]) -> Iterator[Leak]:
    """Yield the confidential values in some lines: in plain text, or encoded as JSON, in a URL, or as base64.

    Args:
        lines: Lines of a log.
        credentials: Values to look for in addition to personal data and secrets of events, and the kind of each. The
            scan looks for their longest words, so its duration does not grow with their number.
    """
    by_word: dict[str, list[str]] = {}
    for value in credentials:
        if words := _WORD.findall(value):
            by_word.setdefault(max(words, key=len), []).append(value)
    for line in lines:
        found: set[str] = set()
        for text in _readings(_CALL_ID.sub("", line)):
            for value, kind in _confidential(text, by_word, credentials):
                if value not in found:
                    found.add(value)
                    yield Leak(kind, _around(text, value, f"[{kind}]"))


def _confidential(
    text: str, by_word: Mapping[str, list[str]], credentials: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the confidential values in a text, and the kind of each."""
    for form, kind in _BY_FORM.items():
        for found in form.finditer(text):
            yield found[0], kind
    for word in by_word.keys() & set(_WORD.findall(text)):
        for value in by_word[word]:
            if value in text:
                yield value, credentials[value]


def _readings(line: str) -> Iterator[str]:
    """Yield a line as it is, and with its encodings decoded."""
    yield line
    if "\\" in line:
        yield _ESCAPE.sub(" ", _CHARACTER.sub(lambda found: chr(int(found[1], 16)), line))
    if "%" in line or "+" in line:
        yield unquote_plus(line)
    for encoded in _BASE64.findall(line):
        padded = encoded.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield base64.b64decode(padded + "=" * (-len(padded) % 4)).decode("utf-8", "replace")
        except ValueError:
            continue


def _around(text: str, value: str, mark: str) -> str:
    masked = text.replace(value, mark)
    at = masked.index(mark)
    return masked[max(0, at - _SHOWN // 2) : at + _SHOWN // 2]


def note_secrets(endpoint: str) -> None:
    """Register all secrets of an emulator, and the tokens of all hooks that derive from them."""
    client = aws.SESSION.client("secretsmanager", endpoint_url=endpoint, config=aws.CONFIG)
    for page in client.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            versions = client.list_secret_version_ids(SecretId=secret["ARN"], IncludeDeprecated=True)["Versions"]
            for version in versions:
                answer = client.get_secret_value(SecretId=secret["ARN"], VersionId=version["VersionId"])
                _note_secret(answer["SecretString"])


def _note_secret(text: str) -> None:
    try:
        values = json.loads(text)
    except ValueError:
        confidential.note(text, "callback secret")
        for hook in HOOKS:
            confidential.note(token_for(text, hook), "token")
    else:
        for name, value in values.items():
            if name not in {"account_name", "username"}:
                confidential.note(str(value), name)


def lines_of(endpoint: str) -> list[str]:
    """Return all lines of all log groups of an emulator."""
    client = aws.SESSION.client("logs", endpoint_url=endpoint, config=aws.CONFIG)
    groups = [
        group["logGroupName"]
        for page in client.get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
    ]
    return [line for group in groups for line in _lines_of_group(client, group)]


def _lines_of_group(client: "CloudWatchLogsClient", group: str) -> Iterable[str]:
    """Return the lines of a group. The emulator returns ten thousand at a time, without telling if there are more."""
    lines: set[tuple[int, str]] = set()
    since, before = 0, -1
    while len(lines) > before:
        before = len(lines)
        for page in client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                lines.add((event["timestamp"], event["message"]))
                since = max(since, event["timestamp"])
    return [line for _, line in sorted(lines)]


class Watch:
    """The plugin.

    If several processes share the tests, each scans what its own tests logged, and the first one collects the
    results.

    Attributes:
        lines: The lines logged in this process.
        leaks: The leaks in these lines, or those of all processes.
        looked: The numbers of scanned lines and of confidential values.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.leaks: list[Leak] = []
        self.looked = (0, 0)
        self._undo: list[Callable[[], None]] = []

    def pytest_sessionstart(self) -> None:
        """Listen to the logger and to emulators."""
        self._replace(logger.registered_handler, "format", self._noting(logger.registered_handler.format))
        self._replace(Emulator, "stop", self._looking(Emulator.stop))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Scan all lines. By now, all emulators have stopped, and all confidential values are known."""
        for undo in self._undo:
            undo()
        self.leaks += dict.fromkeys(leaks_in(self.lines, confidential.NOTED))
        self._looked(len(self.lines), len(confidential.NOTED))
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[FOUND] = {"leaks": [(leak.kind, leak.line) for leak in self.leaks], "looked": self.looked}
        elif self.leaks:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)  # pytest-xdist's
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the results of another process."""
        found = getattr(node, "workeroutput", {}).get(FOUND, {"leaks": [], "looked": (0, 0)})
        self.leaks += [Leak(kind, line) for kind, line in found["leaks"]]
        self._looked(*found["looked"])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the results."""
        looked = "{} lines of logs, {} confidential values".format(*self.looked)
        if not self.leaks:
            terminalreporter.write_line(f"No leak: {looked}.")
            return
        terminalreporter.section("leaks", red=True)
        for leak in self.leaks[:20]:
            terminalreporter.write_line(f"{leak.kind}: {leak.line}")
        terminalreporter.write_line(f"{len(self.leaks)} leaks: {looked}.", red=True)

    def _looked(self, lines: int, values: int) -> None:
        self.looked = (self.looked[0] + lines, self.looked[1] + values)

    def _noting(self, formatted: Callable[[LogRecord], str]) -> Callable[[LogRecord], str]:
        def noting(record: LogRecord) -> str:
            line = formatted(record)
            self.lines.append(line)
            return line

        return noting

    def _looking(self, stop: Callable[[Emulator], None]) -> Callable[[Emulator], None]:
        def looking(emulator: Emulator) -> None:
            try:
                if answers(emulator.port, emulator.reach.here):
                    note_secrets(emulator.endpoint)
                    self.lines += lines_of(emulator.endpoint)
            finally:
                stop(emulator)

        return looking

    def _replace(self, target: Any, name: str, new: Any) -> None:
        before = vars(target).get(name)
        setattr(target, name, new)
        self._undo.append(lambda: setattr(target, name, before) if before else delattr(target, name))
