"""Which attempts were deliveries to this stack, and what they contain."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from hookswitch.dash.hooks import CATALOGUE
from hookswitch.deliveries.delivery import FORM, MAX_BODY, Delivery
from hookswitch.reconcile.attempt import Attempt
from hookswitch.webhooks.ownership import Ownership

JSON = "application/json"
KEPT_HEADERS = frozenset({"x-hook-id", "x-account-id", "content-type"})

_HOOK = re.compile(r"/hooks/([a-z_]+)/[^/]*$")


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery to one of our webhooks that failed for good.

    Attributes:
        hook: The hook that its address names.
        at: When Dash last attempted it, in Unix seconds.
        reason: Why it failed, such as `answered 500` or `failed_connect`.
        delivery: The delivery as it would have arrived; None if the log lacks its body.
    """

    hook: str
    at: int
    reason: str
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Recognition:
    """Recognizes the deliveries to this stack.

    Attributes:
        account_id: The account whose attempts are read.
        ownership: Knows the addresses of the stack's webhooks; an attempt at one of them is ours, whatever its token.
        webhook_ids: Ids of webhooks that the stack has or had: an attempt at one of their former addresses is ours too.
        knows_all: Whether these are all ids; False while Dash does not list its webhooks.
        clock_ahead: By how many seconds Dash's clock, which the log's times are of, is ahead of ours.
    """

    account_id: str
    ownership: Ownership
    webhook_ids: Collection[str]
    knows_all: bool = True
    clock_ahead: float = 0.0

    def find_hook(self, attempt: Attempt) -> str:
        """Return the hook of a delivery to this stack; empty if the attempt is not ours or can't be recognized."""
        hook = self.ownership.find_hook({"uri": attempt.uri})
        if not hook and attempt.hook_id in self.webhook_ids:
            hook = _hook_in(attempt)
        return hook if hook in CATALOGUE else ""

    def find_doubtful_hook(self, attempt: Attempt) -> str:
        """Return the hook of an attempt that may be ours, as only the list of webhooks can tell; otherwise empty."""
        if self.knows_all or not attempt.hook_id or self.find_hook(attempt):
            return ""
        hook = _hook_in(attempt)
        return hook if hook in CATALOGUE else ""

    def failed_delivery(self, attempt: Attempt, hook: str, now: datetime) -> FailedDelivery:
        """Return the failed delivery that an attempt at one of our hooks describes.

        Args:
            attempt: The last attempt of the delivery.
            hook: As `find_hook` returns it.
            now: The time of receipt to record.
        """
        return FailedDelivery(hook, attempt.at, attempt.reason, self._delivery(attempt, hook, now))

    def _delivery(self, attempt: Attempt, hook: str, now: datetime) -> Delivery | None:
        body = attempt.body
        if body is None:
            return None
        headers = {name: value for name, value in attempt.headers.items() if name in KEPT_HEADERS}
        headers.setdefault("x-account-id", self.account_id)
        return Delivery(
            hook=hook,
            received_at=now,
            content_type=headers.get("content-type") or (JSON if body.lstrip().startswith(b"{") else FORM),
            headers=headers,
            body=body[:MAX_BODY],
            body_size=len(body),
            body_sha256=hashlib.sha256(body).hexdigest(),
            attempted_at=datetime.fromtimestamp(attempt.at - self.clock_ahead, UTC),
        )


def _hook_in(attempt: Attempt) -> str:
    found = _HOOK.search(attempt.uri)
    return found[1] if found else ""
