"""Which webhooks on a Dash account a stack owns (docs/engineering/decisions/0010-webhook-ownership.md)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookswitch.dash.client import DashClient, Document
from hookswitch.dash.wire import redact
from hookswitch.errors import UnknownWebhookError
from hookswitch.webhooks.desired import Desired

_ANY_MARK = re.compile(r"\([^ ()]+ [0-9a-f]{8}\)$")


@dataclass(frozen=True, slots=True)
class Ownership:
    """Tells the webhooks of one stack from those of others.

    Attributes:
        mark: The end of the names that the stack gives its webhooks.
        addresses: The beginnings of the addresses that it registers.
    """

    mark: str
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, *desired: Desired) -> "Ownership":
        """Return what the given states of one stack own, the present one first."""
        addresses = dict.fromkeys(address for state in desired for address in state.addresses)
        return cls(desired[0].mark, tuple(addresses))

    def owns(self, webhook: Mapping[str, Any]) -> bool:
        """Tell whether the stack owns a webhook, given its document or its summary.

        The mark in its name decides; without one, its address does. A webhook that carries another stack's mark
        belongs to that stack, even if its address is one that both have used.
        """
        name = str(webhook.get("name", ""))
        if _ANY_MARK.search(name):
            return name.endswith(self.mark)
        return str(webhook.get("uri", "")).startswith(self.addresses)

    def display_name(self, webhook: Mapping[str, Any]) -> str:
        """Return the name of an owned webhook for logs and messages: somebody may have typed a number into it."""
        name = str(webhook.get("name"))
        return redact(name.removesuffix(self.mark)) + (self.mark if name.endswith(self.mark) else "")

    def find_hook(self, webhook: Mapping[str, Any]) -> str:
        """Return the hook that an owned webhook is for; empty if neither its address nor its name says."""
        uri, name = str(webhook.get("uri", "")), str(webhook.get("name", ""))
        for address in self.addresses:
            if uri.startswith(address):
                return uri.removeprefix(address).partition("/")[0]
        return name.removesuffix(self.mark).rpartition(" ")[0].rpartition(" ")[2]


def list_owned(client: DashClient, account_id: str, ownership: Ownership) -> list[Document]:
    """Return the whole documents of the webhooks that the stack owns, sorted by name.

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
            # Some systems say only in the list why a webhook is off.
            reason = document.get("disable_reason") or summary.get("disable_reason")
            owned.append({**document, "disable_reason": reason})
    return sorted(owned, key=lambda webhook: (str(webhook.get("name")), str(webhook["id"])))
