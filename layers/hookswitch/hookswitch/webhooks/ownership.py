"""Which webhooks on a Dash account a stack owns (docs/engineering/decisions/0010-webhook-ownership.md)."""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hookswitch.callback.token import token_for
from hookswitch.dash.client import DashClient, Document
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.dash.wire import redact
from hookswitch.errors import UnknownWebhookError
from hookswitch.webhooks.desired import Desired

_ANY_MARK = re.compile(r"\([^ ()]+ [0-9a-f]{8}\)$")


@dataclass(frozen=True, slots=True)
class Ownership:
    """Distinguishes the webhooks of one stack from all others.

    Attributes:
        mark: The suffix of the names that the stack gives its webhooks.
        addresses: The prefixes of the addresses that it registers.
    """

    mark: str
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, *desired: Desired) -> "Ownership":
        """Return what the given states of one stack own; the current state comes first."""
        addresses = dict.fromkeys(address for state in desired for address in state.addresses)
        return cls(desired[0].mark, tuple(addresses))

    def with_former(self, addresses: Iterable[str], webhooks: Iterable[Mapping[str, Any]], secret: str) -> "Ownership":
        """Return the ownership that also covers those of the given addresses that are former addresses of the stack.

        An address is the stack's if a webhook at it has the stack's mark or one of its tokens. Nobody else has these,
        so a request can't claim other webhooks by naming their address.

        Args:
            addresses: Prefixes of addresses, as in `addresses`.
            webhooks: The summaries of all webhooks of the account.
            secret: The current version of the callback secret.
        """
        proven = {
            address
            for webhook in webhooks
            for address in addresses
            if (uri := str(webhook.get("uri", ""))).startswith(address)
            and (self.owns(webhook) or _has_token(uri.removeprefix(address), secret))
        }
        return replace(self, addresses=(*self.addresses, *sorted(proven - set(self.addresses))))

    def owns(self, webhook: Mapping[str, Any]) -> bool:
        """Tell whether the stack owns a webhook, given its document or its summary.

        The mark in its name decides, or its address if there is no mark. A webhook with another stack's mark belongs
        to that stack, even if both have used its address.
        """
        name = str(webhook.get("name", ""))
        if _ANY_MARK.search(name):
            return name.endswith(self.mark)
        return str(webhook.get("uri", "")).startswith(self.addresses)

    def display_name(self, webhook: Mapping[str, Any]) -> str:
        """Return the name of an owned webhook, fit for logs and messages: it may contain a phone number."""
        name = str(webhook.get("name"))
        return redact(name.removesuffix(self.mark)) + (self.mark if name.endswith(self.mark) else "")

    def find_hook(self, webhook: Mapping[str, Any]) -> str:
        """Return the hook of an owned webhook; empty if neither its address nor its name tells."""
        uri, name = str(webhook.get("uri", "")), str(webhook.get("name", ""))
        for address in self.addresses:
            if uri.startswith(address):
                return uri.removeprefix(address).partition("/")[0]
        return name.removesuffix(self.mark).rpartition(" ")[0].rpartition(" ")[2]


def _has_token(path: str, secret: str) -> bool:
    hook, _, token = path.partition("/")
    return hook in CATALOGUE and hmac.compare_digest(token.encode(), token_for(secret, hook).encode())


def list_owned(client: DashClient, account_id: str, ownership: Ownership) -> list[Document]:
    """Return the full documents of the webhooks that the stack owns, sorted by name.

    Raises:
        DashError: The account could not be read.
    """
    owned = []
    for summary in client.webhooks(account_id):
        if ownership.owns(summary):
            try:
                document = client.webhook(account_id, str(summary["id"]))
            except UnknownWebhookError:
                continue  # deleted since the list was read
            # On some systems, only the list tells why a webhook is disabled.
            reason = document.get("disable_reason") or summary.get("disable_reason")
            owned.append({**document, "disable_reason": reason})
    return sorted(owned, key=lambda webhook: (str(webhook.get("name")), str(webhook["id"])))
