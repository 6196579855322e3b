"""What can go wrong on Dash's API, in sentences that may go into logs and CloudFormation events as they are."""

import re
from collections.abc import Mapping
from typing import Any

from hookswitch.errors import (
    AccountError,
    ConflictError,
    DashError,
    InvalidWebhookError,
    LostAnswerError,
    UnavailableError,
    UnknownWebhookError,
)

LATER = "Try again in a few minutes."

# Text that Dash wrote may repeat an address with its token, a key, or a number.
_TELLING = re.compile(r"\S*://\S*|\S*[\w-]{20,}\S*|\S*\d{5,}\S*")


def masked(text: str) -> str:
    """Return text that Dash wrote without addresses, keys and numbers."""
    return _TELLING.sub("[…]", text)


def error_of(status: int, envelope: Mapping[str, Any], action: str) -> DashError:  # noqa: PLR0911 - one a status
    """Return the error for an answer that is none of success.

    Args:
        status: The HTTP status.
        envelope: The answer's envelope, empty if it had none.
        action: What was attempted, as "creating the webhook x".
    """
    match status:
        case 400:
            return InvalidWebhookError(f"Dash refused {action}: {_invalid_fields(envelope)}.")
        case 403:
            return AccountError(
                f"Dash refused {action}: these credentials do not open the account. Check that DashAccountId and "
                "the API key belong together."
            )
        case 404:
            return UnknownWebhookError(f"Dash refused {action}: it knows no such account or webhook.")
        case 409:
            return ConflictError(f"Dash refused {action}: there is a document of this id already.")
        case 429:
            return UnavailableError(f"Dash takes no more calls for now (429), at {action}. {LATER}")
        case _ if status >= 500:  # noqa: PLR2004 - the class of server errors
            return LostAnswerError(f"Dash is out of order: it answered {status} to {action}. {LATER}")
        case _:
            return DashError(
                f"Dash answered {status} to {action}, which its API does not do. Check that DashApiUrl is the "
                "address of the API, with its version."
            )


def _invalid_fields(envelope: Mapping[str, Any]) -> str:
    """Return what a validation error says, field by field, as `retries (Value must be at most 4)`."""
    data = envelope.get("data")
    if not isinstance(data, dict) or not data:
        return masked(str(envelope.get("message") or "it does not say why"))
    return ", ".join(f"{masked(str(name))} ({_rules(rules)})" for name, rules in sorted(data.items()))


def _rules(rules: object) -> str:
    if not isinstance(rules, dict):
        return masked(str(rules))
    said = [rule.get("message", name) if isinstance(rule, dict) else name for name, rule in rules.items()]
    return "; ".join(masked(str(text)) for text in said)
