"""A line of the functions' log as people read it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from hookswitch.payloads.text import one_line

LEVELS = {"WARNING": "WARN", "CRITICAL": "ERROR", "FATAL": "ERROR", "TRACE": "DEBUG"}
ID_DIGITS = 8
MAX_MESSAGE = 10_000  # characters
# What Lambda itself writes as text; as JSON, its lines have a type that begins with PLATFORM.
LAMBDAS_OWN = ("START ", "END ", "REPORT ", "INIT_", "RESTORE_", "XRAY ", "EXTENSION", "LOGS", "TELEMETRY")
PLATFORM = "platform."
SAYING = frozenset({"level", "message", "errorType", "errorMessage", "type"})  # a line of metrics has none of these


@dataclass(frozen=True)
class Line:
    """One line of the log.

    Attributes:
        moment: When it was written.
        level: `ERROR`, `WARN`, `INFO`, `DEBUG`, or empty.
        hook: The hook that it is about, if any.
        correlation_id: The delivery that it is about, if any.
        message: What it says, without a stack trace.
        raw: As it was written.
        is_routine: Whether it has only metrics, or is one of Lambda's own about starts, ends and billing.
    """

    moment: datetime
    level: str
    hook: str
    correlation_id: str
    message: str
    raw: str
    is_routine: bool

    @classmethod
    def of(cls, milliseconds: int, raw: str) -> Self:
        """Return a line that was written at a time, in Unix milliseconds."""
        moment, raw = datetime.fromtimestamp(milliseconds / 1000, UTC), raw.rstrip("\n")
        try:
            document = json.loads(raw)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            level = "ERROR" if raw.startswith(("[ERROR]", "Traceback", "Task timed out")) else ""
            routine = raw.startswith(LAMBDAS_OWN)
            return cls(moment, level, "", "", one_line(raw, MAX_MESSAGE), raw, routine)
        kind = str(document.get("type", ""))
        level = _text(document, "level").upper()
        return cls(
            moment=moment,
            level=LEVELS.get(level, level),
            hook=_text(document, "hook"),
            correlation_id=_text(document, "correlation_id"),
            message=one_line(_message(document), MAX_MESSAGE),
            raw=raw,
            is_routine=_has_only_metrics(document) or kind.startswith(PLATFORM),
        )

    @property
    def clock(self) -> str:
        """The time of the day on this machine."""
        return self.moment.astimezone().strftime("%H:%M:%S")

    @property
    def day(self) -> str:
        """The day on this machine, and the name of its time zone."""
        return self.moment.astimezone().strftime("%A, %B %d, %Y (%Z)")

    def __str__(self) -> str:
        """Return the line in columns: time, level, hook, correlation id, message."""
        return f"{self.clock} {self.level:5} {self.hook:18} {self.correlation_id[:ID_DIGITS]:8} {self.message}"


def _has_only_metrics(document: Mapping[str, Any]) -> bool:
    """Tell whether a line is one of metrics. Those that are not declared to CloudWatch lack `_aws`."""
    return "_aws" in document or not document.keys() & SAYING


def _message(document: Mapping[str, Any]) -> str:
    """Return what a line says. An exception is its type and message; a stack trace stays in the raw line."""
    message = document.get("message", document.get("errorMessage", ""))
    if _has_only_metrics(document):
        return "metrics"
    if not message and "type" in document:
        return str(document["type"])
    text = message if isinstance(message, str) else json.dumps(message)
    if "errorType" in document:  # as Lambda reports what a function raised
        return f"{document['errorType']}: {document.get('errorMessage', text)}"
    if "exception_name" in document:  # as the logger reports what a function caught
        last = str(document.get("exception", "")).strip().rpartition("\n")[2]
        return f"{text} ({last or document['exception_name']})"
    return text


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return one_line(value) if isinstance(value, str) else ""
