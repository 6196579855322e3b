"""What can go wrong on Dash's API, in sentences that may go into logs and CloudFormation events as they are."""

import re
from collections.abc import Mapping
from typing import Any

from hookswitch.errors import HookswitchError

LATER = "Try again in a few minutes."

# Text that Dash wrote may repeat an address with its token, a key, or a number.
_TELLING = re.compile(r"\S*://\S*|\S*[\w-]{20,}\S*|\S*\d{5,}\S*")


class DashError(HookswitchError):
    """Base of all errors of the API."""


class CredentialsError(DashError):
    """Dash refuses the credentials, or they can't be read: no call but a login was made with them."""


class AccountError(DashError):
    """There is no such account, or the credentials do not open it."""


class InvalidWebhookError(DashError):
    """Dash does not accept a webhook as it is described."""


class UnknownWebhookError(DashError):
    """There is no webhook of this id (any more)."""


class ConflictError(DashError):
    """There is a document of this id already."""


class UnavailableError(DashError):
    """Dash can't be reached, is out of order, or takes no more calls for now: the same may succeed later."""


class LostAnswerError(UnavailableError):
    """A call was sent and no usable answer came: nobody knows whether it was carried out."""


class DeadlineError(UnavailableError):
    """The time that was given for the work is used up."""


class LeftBehindError(DashError):
    """Webhooks of this stack could not be removed; the text names them."""


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
