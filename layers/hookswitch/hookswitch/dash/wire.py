"""Answers of Dash's API: their envelope, and the errors that they mean.

The errors are sentences that may go into logs and CloudFormation events as they are.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from hookswitch.errors import (
    AccountError,
    ConflictError,
    DashError,
    InvalidWebhookError,
    LostAnswerError,
    RateLimitedError,
    UnknownWebhookError,
)

TRY_LATER = "Try again in a few minutes."

# Text that Dash wrote may repeat an address with its token, a key, or a number.
_SENSITIVE = re.compile(r"\S*://\S*|\S*[\w-]{20,}\S*|\S*\d{5,}\S*")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API.

    Attributes:
        status: The HTTP status.
        envelope: The JSON object around the data; empty if the body is none.
    """

    status: int
    envelope: Mapping[str, Any]

    @classmethod
    def parse(cls, status: int, body: bytes) -> "Answer":
        """Return the answer with this status and body."""
        try:
            envelope = json.loads(body)
        except (ValueError, RecursionError):
            envelope = {}
        return cls(status, envelope if isinstance(envelope, dict) else {})

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return self.status in {200, 201} and self.envelope.get("status", "success") == "success"

    def error(self, action: str) -> DashError:  # noqa: PLR0911 - one for each status
        """Return the error that a failed call means.

        Args:
            action: What was attempted, as "creating the webhook x".
        """
        match self.status:
            case 400:
                return InvalidWebhookError(f"Dash refused {action}: {_invalid_fields(self.envelope)}.")
            case 403:
                return AccountError(
                    f"Dash refused {action}: these credentials do not open the account. Check that DashAccountId and "
                    "the API key belong together."
                )
            case 404:
                return UnknownWebhookError(f"Dash refused {action}: it knows no such account or webhook.")
            case 409:
                return ConflictError(f"Dash refused {action}: a document with this id exists already.")
            case 429:
                return RateLimitedError(f"Dash is rate limiting us (429), at {action}. {TRY_LATER}")
            case _ if self.status >= 500:  # noqa: PLR2004 - the class of server errors
                return LostAnswerError(f"Dash is out of order: it answered {self.status} to {action}. {TRY_LATER}")
            case _:
                return DashError(
                    f"Dash answered {self.status} to {action}, which its API never does. Check that DashApiUrl is the "
                    "address of the API, with its version."
                )


def clock_ahead(date: str, asked_at: float, answered_at: float) -> float:
    """Return by how many seconds a server's clock is ahead of ours, at least; negative if it is behind.

    Args:
        date: The Date header of its response, in whole seconds (RFC 9110, section 6.6.1); 0 is returned without one.
        asked_at: When the request was sent, in Unix seconds.
        answered_at: When the response arrived.
    """
    try:
        at = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return 0.0
    return max(at - answered_at, 0.0) or min(at + 1 - asked_at, 0.0)


def redact(text: str) -> str:
    """Return text that Dash or one of its users wrote, without addresses, keys and numbers."""
    return _SENSITIVE.sub("[…]", text)


def _invalid_fields(envelope: Mapping[str, Any]) -> str:
    """Return what a validation error says, field by field, as `retries (Value must be at most 4)`."""
    data = envelope.get("data")
    if not isinstance(data, dict) or not data:
        return redact(str(envelope.get("message") or "it does not say why"))
    return ", ".join(f"{redact(str(name))} ({_broken_rules(rules)})" for name, rules in sorted(data.items()))


def _broken_rules(rules: object) -> str:
    if not isinstance(rules, dict):
        return redact(str(rules))
    messages = [rule.get("message", name) if isinstance(rule, dict) else name for name, rule in rules.items()]
    return "; ".join(redact(str(message)) for message in messages)
