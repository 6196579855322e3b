"""What may be in no line of the log, whatever was sent."""

import re
from collections.abc import Iterable

from tests.fuzz.requests import WRONG_MARK
from tests.leaks import leaks_in

_UNHANDLED = re.compile(
    r"Traceback \(most recent call last\)|\"errorType\"|Task timed out|Runtime\.[A-Z]\w+"
    r"|\"level\": ?\"(?:ERROR|CRITICAL)\""
)


class LogScan:
    """Looks at lines of the log for what must not be there.

    Attributes:
        lines: How many were looked at.
        bytes: How long they are in all, in UTF-8.
        failures: What was found, a sentence each, without the secret itself.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = dict.fromkeys(secrets, "token or secret") | {WRONG_MARK: "made-up token"}
        self.lines = self.bytes = 0
        self.failures: list[str] = []

    def look(self, lines: Iterable[str]) -> None:
        """Look at some more lines."""
        for line in lines:
            self.lines += 1
            self.bytes += len(line.encode("utf-8", "replace"))
            leaks = list(leaks_in([line], self._secrets))
            self.failures += [f"A {leak.kind} is in the log: {leak.line}" for leak in leaks]
            if _UNHANDLED.search(line):
                shown = leaks[0].line if leaks else line[:1000]
                self.failures.append(f"An exception or error is in the log: {shown}")
