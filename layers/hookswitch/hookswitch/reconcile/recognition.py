"""What an entry of Dash's attempt log means to this stack (docs/dash-protocol.md, section 5)."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from hookswitch.dash.client import Document
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.deliveries.delivery import FORM, MAX_BODY, Delivery
from hookswitch.reconcile.attempt_log import attempted_at
from hookswitch.webhooks.ownership import Ownership

JSON = "application/json"
KEPT_HEADERS = frozenset({"x-hook-id", "x-account-id", "content-type"})

_HOOK = re.compile(r"/hooks/([a-z_]+)/[^/]*$")
_WORD = re.compile(r"[a-z_]{1,40}")  # what follows may repeat an address, and what is in it


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery to one of our webhooks that Dash gave up.

    Attributes:
        hook: The hook that it was for, by its address.
        at: When Dash last tried, in Unix seconds.
        reason: Why it failed, such as `answered 500` or `failed_connect`.
        delivery: The delivery as it would have arrived; None if the log does not have its body.
    """

    hook: str
    at: int
    reason: str
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Recognition:
    """Tells which attempts were deliveries to this stack.

    Attributes:
        ownership: Of the stack's webhooks; an address of theirs makes an attempt ours, whatever its token.
        webhook_ids: Ids of the stack's webhooks: what went to an address that they had before is ours too.
        account_id: The account whose attempts are read.
    """

    ownership: Ownership
    webhook_ids: Collection[str]
    account_id: str

    def failure(self, entry: Document, now: datetime) -> FailedDelivery | None:
        """Return the failed delivery that an entry is about; None if it is not ours, succeeded, or is tried again.

        Args:
            entry: As the log has it.
            now: What becomes the time of receipt.
        """
        hook = self._hook(entry)
        if not hook or not is_final(entry):
            return None
        at = attempted_at(entry)
        return FailedDelivery(hook, at, _reason(entry), self._delivery(entry, hook, at, now))

    def _hook(self, entry: Document) -> str:
        uri = str(entry.get("uri") or "")
        hook = self.ownership.find_hook({"uri": uri})
        if not hook and entry.get("hook_id") in self.webhook_ids and (found := _HOOK.search(uri)):
            hook = found[1]
        return hook if hook in CATALOGUE else ""

    def _delivery(self, entry: Document, hook: str, at: int, now: datetime) -> Delivery | None:
        body = str(entry.get("req_body") or "").encode("utf-8", "replace")
        if not body:
            return None
        sent = {str(name).lower(): str(value) for name, value in (entry.get("req_headers") or {}).items()}
        headers = {"x-account-id": self.account_id} | {n: value for n, value in sent.items() if n in KEPT_HEADERS}
        return Delivery(
            hook=hook,
            received_at=now,
            content_type=headers.get("content-type") or (JSON if body.lstrip().startswith(b"{") else FORM),
            headers=headers,
            body=body[:MAX_BODY],
            body_size=len(body),
            body_sha256=hashlib.sha256(body).hexdigest(),
            attempted_at=datetime.fromtimestamp(at, UTC),
        )


def is_final(entry: Document) -> bool:
    """Tell whether an attempt failed and is not going to be repeated.

    Dash repeats nothing that was answered, whatever `retries_left` says; without an answer that field is a number
    as long as tries are left.
    """
    if entry.get("result") == "success":
        return False
    if entry.get("resp_status_code"):
        return True
    left = str(entry.get("retries_left", ""))
    return not left.isdecimal() or int(left) == 0


def _reason(entry: Document) -> str:
    status = str(entry.get("resp_status_code") or "")
    if status.isdecimal():
        return f"answered {status}"
    error = _WORD.match(str(entry.get("client_error") or ""))
    return error[0] if error else "unknown"
