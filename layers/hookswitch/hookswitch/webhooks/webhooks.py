"""The webhooks of a stack on its Dash account: which are ours, what differs from what is wanted, and the repair.

Provisioning and everything that looks after the webhooks later work with the same three steps: `compare` only
looks, `carry_out` does what it is given, `remove` takes everything away.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hookswitch.dash.client import DashClient, Document
from hookswitch.dash.errors import masked
from hookswitch.errors import DashError, LeftBehindError, UnknownWebhookError
from hookswitch.webhooks.desired import Desired

ROUNDS = 8  # of looking at what is left, in `remove`
DEFAULTS = {  # what Dash takes a field for that a document leaves out (docs/dash-protocol.md, section 5)
    "http_verb": "post",
    "retries": 2,
    "enabled": True,
    "include_subaccounts": False,
    "include_internal_legs": True,
    "custom_data": {},
}
NOT_SENT = ("id", "disable_reason")

_MARK = re.compile(r"\([^ ()]+ [0-9a-f]{8}\)$")


class Action(StrEnum):
    """What a change does."""

    CREATE = "create"
    EDIT = "edit"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between what is registered and what is wanted.

    Attributes:
        action: What removes it.
        hook: The hook, empty for a webhook that is for none.
        name: The webhook's name.
        document: The whole document to be there afterwards, with its token; empty to remove.
        webhook_id: Of the webhook that is there.
        fields: The fields that differ.
        disable_reason: Why Dash switched it off, where `enabled` is among the fields; None if somebody did.
    """

    action: Action
    hook: str
    name: str
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    webhook_id: str = ""
    fields: tuple[str, ...] = ()
    disable_reason: str | None = None

    def __str__(self) -> str:
        """Return the change in a line, without its token."""
        return f"{self.action} {self.name}" + (f": {', '.join(self.fields)}" if self.fields else "")


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which webhooks are ours (docs/engineering/decisions/0010-webhook-ownership.md).

    Attributes:
        mark: What the names of ours end with.
        addresses: What the uris of ours begin with.
    """

    mark: str
    addresses: tuple[str, ...]

    @classmethod
    def of(cls, *desired: Desired) -> "Ownership":
        """Return what the given states of one stack own, the present one first."""
        addresses = dict.fromkeys(address for state in desired for address in state.addresses)
        return cls(desired[0].mark, tuple(addresses))

    def owns(self, webhook: Mapping[str, Any]) -> bool:
        """Tell whether a webhook, or its summary, is ours: by its name, or else by its address.

        One that bears the mark of another stack is that stack's, even on an address that both have had.
        """
        name = str(webhook.get("name", ""))
        if _MARK.search(name):
            return name.endswith(self.mark)
        return str(webhook.get("uri", "")).startswith(self.addresses)

    def shown(self, webhook: Mapping[str, Any]) -> str:
        """Return the name of one of ours for logs and messages: somebody may have written a number into it."""
        name = str(webhook.get("name"))
        return masked(name.removesuffix(self.mark)) + (self.mark if name.endswith(self.mark) else "")

    def hook_of(self, webhook: Mapping[str, Any]) -> str:
        """Return the hook that one of ours is for, empty if neither its address nor its name tells."""
        uri, name = str(webhook.get("uri", "")), str(webhook.get("name", ""))
        for address in self.addresses:
            if uri.startswith(address):
                return uri.removeprefix(address).partition("/")[0]
        return name.removesuffix(self.mark).rpartition(" ")[0].rpartition(" ")[2]


def ours(client: DashClient, account_id: str, ownership: Ownership) -> list[Document]:
    """Return the whole documents of our webhooks, by name."""
    found = []
    for summary in client.webhooks(account_id):
        if ownership.owns(summary):
            try:
                document = client.webhook(account_id, str(summary["id"]))
            except UnknownWebhookError:
                continue  # removed since the list was read
            # Not every system says in the document why a webhook is off.
            reason = document.get("disable_reason") or summary.get("disable_reason")
            found.append({**document, "disable_reason": reason})
    return sorted(found, key=lambda webhook: (str(webhook.get("name")), str(webhook["id"])))


def differences(webhook: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields in which a webhook is not as wanted.

    A missing `format` is no difference: an older Dash does not know the field, and drops it at every edit.
    """
    actual = {**DEFAULTS, "format": wanted["format"], **{k: v for k, v in webhook.items() if v is not None}}
    return tuple(name for name, value in {**DEFAULTS, **wanted}.items() if actual.get(name) != value)


def compare(
    webhooks: Sequence[Document], documents: Mapping[str, Mapping[str, Any]], ownership: Ownership
) -> list[Change]:
    """Return what has to be done so that our webhooks are as wanted: new before old, so that none is missed.

    Args:
        webhooks: Our webhooks as they are; see `ours`.
        documents: Our webhooks as they should be, by hook; see `Desired.documents`.
        ownership: Of this stack.
    """
    candidates: dict[str, list[Document]] = {hook: [] for hook in documents}
    surplus: list[Document] = []
    for webhook in webhooks:
        candidates.get(ownership.hook_of(webhook), surplus).append(webhook)
    creations, edits = [], []
    for hook, wanted in documents.items():
        if not candidates[hook]:
            creations.append(Change(Action.CREATE, hook, str(wanted["name"]), wanted))
            continue
        best, *doubles = sorted(candidates[hook], key=lambda webhook: len(differences(webhook, wanted)))
        surplus += doubles
        if fields := differences(best, wanted):
            edits.append(_edit(hook, best, wanted, fields))
    removals = [
        Change(Action.REMOVE, ownership.hook_of(webhook), ownership.shown(webhook), webhook_id=str(webhook["id"]))
        for webhook in surplus
    ]
    return creations + edits + removals


def carry_out(client: DashClient, account_id: str, changes: Iterable[Change], done: list[Change]) -> None:
    """Make changes, in the order given; what is done is added to `done`, also when an error ends it.

    Raises:
        DashError: A change failed; those after it are not made.
    """
    for change in changes:
        match change.action:
            case Action.CREATE:
                client.create(account_id, change.document)
            case Action.EDIT:
                document = {name: value for name, value in change.document.items() if name not in NOT_SENT}
                try:
                    client.edit(account_id, change.webhook_id, document)
                except UnknownWebhookError:  # removed since we looked
                    client.create(account_id, document)
            case Action.REMOVE:
                client.delete(account_id, change.webhook_id, change.name)
        done.append(change)


def remove(
    client: DashClient,
    account_id: str,
    ownership: Ownership,
    *,
    spare: frozenset[str] = frozenset(),
    settle: Callable[[], None] | None = None,
) -> list[str]:
    """Remove our webhooks and return their names. It looks again afterwards, and returns when none is left.

    Args:
        client: Of the account's Dash.
        account_id: The account.
        ownership: Of this stack.
        spare: Ids of webhooks that stay.
        settle: Waits for creations whose answers were lost: they may still come into being. It is called until
            nothing came.

    Raises:
        LeftBehindError: Some could not be removed; the text names them and says why.
        DashError: The account could not be looked at.
    """
    removed: list[str] = []
    reason = "Dash shows them again after they were deleted."
    settled = settle is None
    for _ in range(ROUNDS):
        left = [it for it in client.webhooks(account_id) if ownership.owns(it) and it["id"] not in spare]
        if not left:
            if settled or settle is None:
                return removed
            settle()
            settled = True
            continue
        settled, before = settle is None, len(removed)
        for webhook in left:
            name = ownership.shown(webhook)
            try:
                client.delete(account_id, str(webhook["id"]), name)
                removed.append(name)
            except DashError as error:
                reason = str(error)
        if len(removed) == before:
            break
    names = ", ".join(sorted(ownership.shown(webhook) for webhook in left))
    raise LeftBehindError(f"These webhooks are left on the Dash account {account_id}: {names}. {reason}")


def _edit(hook: str, webhook: Document, wanted: Mapping[str, Any], fields: tuple[str, ...]) -> Change:
    # An edit replaces the whole document: what others have added to it stays.
    kept = {name: value for name, value in webhook.items() if name != "custom_data"}
    reason = webhook.get("disable_reason") if "enabled" in fields else None
    return Change(
        Action.EDIT, hook, str(wanted["name"]), {**kept, **wanted}, str(webhook["id"]), fields, disable_reason=reason
    )
