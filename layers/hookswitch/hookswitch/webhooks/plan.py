"""The plan that brings the webhooks on Dash to the desired state: values to inspect before they are applied."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hookswitch.callback.token import token_for
from hookswitch.dash.client import Document
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.webhooks.ownership import Ownership

DEFAULTS = {  # Dash's default for a field that a document lacks (docs/dash-protocol.md, section 5)
    "http_verb": "post",
    "retries": 2,
    "enabled": True,
    "include_subaccounts": False,
    "include_internal_legs": True,
    "custom_data": {},
}


@dataclass(frozen=True, slots=True)
class Create:
    """Register a missing webhook.

    Attributes:
        hook: Its hook.
        document: The full document, token included.
    """

    hook: str
    document: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """The webhook's name."""
        return str(self.document["name"])

    @property
    def registers_token(self) -> bool:
        """Whether this gives Dash a new token."""
        return True

    def __str__(self) -> str:
        """Return the change for the log, without its token."""
        return f"create {self.name}"


@dataclass(frozen=True, slots=True)
class Update:
    """Replace the document of a webhook that differs.

    Attributes:
        hook: Its hook.
        name: Its name, fit for logs.
        webhook_id: Its id.
        document: The full new document, token included.
        fields: The fields that differ.
        disable_reason: Why Dash disabled it, if `enabled` differs; None if an operator did.
    """

    hook: str
    name: str
    webhook_id: str
    document: Mapping[str, Any] = field(repr=False)
    fields: tuple[str, ...]
    disable_reason: str | None = None

    @property
    def registers_token(self) -> bool:
        """Whether this gives Dash a new token."""
        return "uri" in self.fields

    def __str__(self) -> str:
        """Return the change for the log, without its token."""
        return f"update {self.name}: {', '.join(self.fields)}"


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a surplus webhook.

    Attributes:
        hook: Its hook; empty if unknown.
        name: Its name, fit for logs.
        webhook_id: Its id.
    """

    hook: str
    name: str
    webhook_id: str

    @property
    def registers_token(self) -> bool:
        """Whether this gives Dash a new token."""
        return False

    def __str__(self) -> str:
        """Return the change for the log."""
        return f"delete {self.name}"


type Change = Create | Update | Delete


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes in the order to apply: new webhooks are created before old ones are deleted, so no event is missed."""

    changes: tuple[Change, ...] = ()

    def __iter__(self) -> Iterator[Change]:
        """Iterate over the changes."""
        return iter(self.changes)

    def __len__(self) -> int:
        """Return the number of changes."""
        return len(self.changes)

    @property
    def registers_tokens(self) -> bool:
        """Whether this gives Dash a new token."""
        return any(change.registers_token for change in self.changes)

    @classmethod
    def between(
        cls, owned: Sequence[Document], wanted: Mapping[str, Mapping[str, Any]], ownership: Ownership
    ) -> "Plan":
        """Return the plan that brings the owned webhooks to the desired state.

        Args:
            owned: The stack's webhooks as they are (`list_owned`).
            wanted: The desired documents, by hook (`Desired.documents`).
            ownership: Tells which webhooks belong to the stack.
        """
        candidates: dict[str, list[Document]] = {hook: [] for hook in wanted}
        surplus: list[Document] = []
        for webhook in owned:
            candidates.get(ownership.find_hook(webhook), surplus).append(webhook)
        creations: list[Create] = []
        updates: list[Update] = []
        for hook, document in wanted.items():
            if not candidates[hook]:
                creations.append(Create(hook, document))
                continue
            closest, *duplicates = sorted(
                candidates[hook], key=lambda webhook: len(differing_fields(webhook, document))
            )
            surplus += duplicates
            if fields := differing_fields(closest, document):
                updates.append(_update(hook, closest, document, fields))
        deletions = [
            Delete(ownership.find_hook(webhook), ownership.display_name(webhook), str(webhook["id"]))
            for webhook in surplus
        ]
        return cls((*creations, *updates, *deletions))


def differing_fields(webhook: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields of a webhook that differ from the desired ones.

    A missing `format` is not a difference: older Dash releases drop the field.
    """
    actual = {**DEFAULTS, "format": wanted["format"], **{k: v for k, v in webhook.items() if v is not None}}
    return tuple(name for name, value in {**DEFAULTS, **wanted}.items() if actual.get(name) != value)


def outdated_tokens(owned: Iterable[Document], ownership: Ownership, secret: str) -> Plan:
    """Return the updates that only give webhooks the token of `secret`.

    Args:
        owned: The stack's webhooks as they are (`list_owned`).
        ownership: Tells which webhooks belong to the stack.
        secret: The current version of the callback secret.
    """
    updates = []
    for webhook in owned:
        hook, uri = ownership.find_hook(webhook), str(webhook["uri"])
        address = next((address for address in ownership.addresses if uri.startswith(address)), "")
        if hook not in CATALOGUE or not address:
            continue
        current = f"{address}{hook}/{token_for(secret, hook)}"
        if uri != current:
            document = {**webhook, "uri": current}
            name = ownership.display_name(webhook)
            updates.append(Update(hook, name, str(webhook["id"]), document, ("uri",)))
    return Plan(tuple(updates))


def _update(hook: str, webhook: Document, wanted: Mapping[str, Any], fields: tuple[str, ...]) -> Update:
    # An update replaces the whole document, so it has to include fields that others have added.
    added = {name: value for name, value in webhook.items() if name != "custom_data"}
    reason = webhook.get("disable_reason") if "enabled" in fields else None
    return Update(hook, str(wanted["name"]), str(webhook["id"]), {**added, **wanted}, fields, disable_reason=reason)
