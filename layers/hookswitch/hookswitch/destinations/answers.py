"""What a destination answered, what that means for the delivery, and what to do about it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

type Meaning = Literal["taken", "retry", "refused", "gone"]
"""What an answer means for a delivery and its destination.

* taken: it has arrived.
* retry: the destination is out of order or wants a pause, so its other deliveries wait with this one.
* refused: this one is not wanted. It is tried again on the schedule, and others may go on meanwhile.
* gone: the destination wants no more of any.
"""

RETRIED = frozenset({408, 409, 425, 429})
"""Statuses below 500 that speak of the moment and not of the message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt.

    Attributes:
        status: The HTTP status; 0 if there was none.
        reason: Why there was none, as a sentence without its full stop; empty if there was one.
        retry_after: How many seconds the receiver asks to be left alone; None if it does not.
        excerpt: The beginning of the answer, printable and without secrets.
        seconds: How long the attempt took.
        is_unsendable: Whether the message itself can't be sent, such as one that is too large. Nothing was sent.
    """

    status: int = 0
    reason: str = ""
    retry_after: float | None = None
    excerpt: str = ""
    seconds: float = 0.0
    is_unsendable: bool = False

    @property
    def meaning(self) -> Meaning:
        """What the answer means."""
        if self.is_unsendable:
            return "refused"
        if self.status == HTTPStatus.GONE:
            return "gone"
        if HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES:
            return "taken"
        is_of_message = HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR
        return "refused" if is_of_message and self.status not in RETRIED else "retry"

    def __str__(self) -> str:
        """Return the answer in words, such as `404 Not Found: no_service`."""
        if self.reason:
            return self.reason
        status = f"{self.status} {_phrase(self.status)}".rstrip()
        return f"{status}: {self.excerpt}" if self.excerpt else status


@dataclass(frozen=True, slots=True)
class Documented:
    """An answer that a service is known to give.

    Attributes:
        type: The destination's type.
        status: The HTTP status.
        code: What the answer's text has in it; empty for any text.
        meaning: What it means.
        advice: What to do about it; empty if there is nothing to do.
    """

    type: str
    status: int
    code: str
    meaning: Meaning
    advice: str = ""


_NEW_SLACK = "In Slack, create the webhook again, and give the destination its new address."
_NEW_TEAMS = "In Teams, open the workflow or create it again, and give the destination its address."
_FAULT = "This is a fault in hookswitch: please report it with this answer."

# Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, "Handling errors", and
# https://docs.slack.dev/apis/web-api/rate-limits. Teams: a workflow's address is a Request trigger
# (https://learn.microsoft.com/azure/connectors/connectors-native-reqres), which accepts first and works afterwards.
DOCUMENTED = (
    Documented("slack", 200, "ok", "taken"),
    Documented("slack", 400, "invalid_payload", "refused", _FAULT),
    Documented("slack", 400, "invalid_blocks", "refused", _FAULT),
    Documented("slack", 400, "no_text", "refused", _FAULT),
    Documented("slack", 403, "invalid_token", "refused", f"The webhook is not valid any more. {_NEW_SLACK}"),
    Documented(
        "slack",
        403,
        "action_prohibited",
        "refused",
        "Slack's administrators do not let this webhook post. Ask them to.",
    ),
    Documented("slack", 404, "channel_not_found", "refused", f"The webhook's channel does not exist. {_NEW_SLACK}"),
    Documented("slack", 404, "no_service", "refused", f"The webhook is disabled or was removed. {_NEW_SLACK}"),
    Documented("slack", 404, "no_team", "refused", f"The webhook's workspace does not exist. {_NEW_SLACK}"),
    Documented(
        "slack",
        410,
        "channel_is_archived",
        "gone",
        "The webhook's channel is archived. Unarchive it, or choose another.",
    ),
    Documented("slack", 429, "", "retry"),
    Documented("slack", 500, "rollup_error", "retry"),
    Documented("teams", 202, "", "taken"),
    Documented(
        "teams", 400, "TriggerInputSchemaMismatch", "refused", f"This workflow is not one for cards. {_NEW_TEAMS}"
    ),
    Documented(
        "teams", 400, "WorkflowTriggerIsNotEnabled", "refused", f"The workflow is switched off or deleted. {_NEW_TEAMS}"
    ),
    Documented(
        "teams",
        401,
        "",
        "refused",
        "The address lets nobody in. In the workflow's trigger, let anyone trigger it, and copy the address again: "
        "it then has a signature at its end.",
    ),
    Documented("teams", 404, "", "refused", f"The workflow does not exist any more. {_NEW_TEAMS}"),
    Documented("teams", 429, "", "retry"),
    Documented("teams", 502, "", "retry"),
)


def advice(type_: str, answer: Answer) -> str:
    """Return what to do about an answer, as sentences; empty if nothing better is known than to wait.

    Args:
        type_: The destination's type.
        answer: What came of the attempt.
    """
    for known in DOCUMENTED:
        if (known.type, known.status) == (type_, answer.status) and known.code in answer.excerpt:
            return known.advice
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        return "Redirects are not followed. Give the destination the address that this one leads to."
    return ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
