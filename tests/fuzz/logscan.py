"""What may be in no line of the log, whatever was sent."""

import re
from collections.abc import Iterable

from tests.fuzz.bodies import SECRET_MARK
from tests.fuzz.requests import WRONG_MARK

# All numbers that are sent are of this range. Ids are hexadecimal and may hold such digits, between others.
_PHONE = re.compile(r"(?<![0-9a-fA-F])\+?1555\d{7}(?![0-9a-fA-F])")
# The id of a call is whatever the sender calls it, also where fuzzing has put a number into that field.
_CALL_ID = re.compile(r'"call_id": ?"(?:[^"\\]|\\.)*"')
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
        self._secrets = [*secrets, WRONG_MARK, SECRET_MARK]
        self.lines = self.bytes = 0
        self.failures: list[str] = []

    def look(self, lines: Iterable[str]) -> None:
        """Look at some more lines."""
        for line in lines:
            self.lines += 1
            self.bytes += len(line.encode("utf-8", "replace"))
            if any(secret in line for secret in self._secrets):
                self.failures.append(f"A token or secret is in the log: {self._masked(line)}")
            if _PHONE.search(_CALL_ID.sub("", line)):
                self.failures.append(f"A phone number is in the log: {self._masked(line)}")
            if _UNHANDLED.search(line):
                self.failures.append(f"An exception or error is in the log: {self._masked(line)}")

    def _masked(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return _PHONE.sub("[number]", line)[:1000]
