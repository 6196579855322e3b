"""The webhook document (docs/dash-protocol.md, section 5). Validation belongs to the API."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from simulator.confidential import note_address

TOO_MANY_FAILURES = "too many failed attempts"
MIN_TRIES, MAX_TRIES = 1, 5
EDITABLE = (
    "name",
    "hook",
    "uri",
    "http_verb",
    "format",
    "retries",
    "enabled",
    "include_subaccounts",
    "include_internal_legs",
    "custom_data",
)
NOT_STORED = ("id", "disable_reason")


@dataclass(slots=True)
class Webhook:
    """A subscription to events. One object stays the same webhook through edits and auto-disable.

    `retries` is the count of tries in all, as registered: the sender clamps it. `include_subaccounts` is
    `None` when it was never given. `extra` keeps the fields that the API stores without knowing them.
    """

    id: str
    account_id: str
    name: str
    hook: str
    uri: str
    http_verb: str = "post"
    format: str | None = "form-data"
    retries: int = 2
    enabled: bool = True
    include_subaccounts: bool | None = None
    include_internal_legs: bool = True
    custom_data: Mapping[str, str] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    disable_reason: str | None = None
    revision: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    @classmethod
    def from_document(cls, account_id: str, document: Mapping[str, Any], *, legacy: bool = False) -> Self:
        """Return a new webhook with the document's own id, or a fresh one of 32 hex digits.

        Args:
            account_id: The owner.
            document: Registered fields; `name`, `hook` and `uri` must be there.
            legacy: An older system ignores `format` and sends form data.
        """
        webhook_id = str(document.get("id") or secrets.token_hex(16))
        return cls(webhook_id, account_id, **_fields(document, legacy=legacy))

    @property
    def tries(self) -> int:
        """How often one delivery is tried at most: `retries`, clamped to 1..5."""
        return max(MIN_TRIES, min(MAX_TRIES, self.retries))

    def document(self) -> dict[str, Any]:
        """Return the whole document as the API answers it: what was never given is absent."""
        known = {
            "id": self.id,
            "name": self.name,
            "hook": self.hook,
            "uri": self.uri,
            "http_verb": self.http_verb,
            "format": self.format,
            "retries": self.retries,
            "enabled": self.enabled,
            "include_subaccounts": self.include_subaccounts,
            "include_internal_legs": self.include_internal_legs,
            "custom_data": None if self.custom_data is None else dict(self.custom_data),
            "disable_reason": self.disable_reason,
        }
        return dict(self.extra) | {name: value for name, value in known.items() if value is not None}

    def summary(self) -> dict[str, Any]:
        """Return what the list shows: id, hook, name, uri, enabled, and disable_reason if there is one."""
        shown = ("id", "hook", "name", "uri", "enabled", "disable_reason")
        document = self.document()
        return {name: document[name] for name in shown if name in document}

    def rewrite(self, document: Mapping[str, Any], *, legacy: bool = False) -> None:
        """Replace every field; what the document leaves out returns to its default.

        A webhook that ends up enabled loses its `disable_reason`; one that stays off keeps it.
        """
        fresh = Webhook(self.id, self.account_id, **_fields(document, legacy=legacy))
        with self._lock:
            for name in (*EDITABLE, "extra"):
                setattr(self, name, getattr(fresh, name))
            self.disable_reason = None if self.enabled else self.disable_reason
            self.revision += 1

    def disable(self, reason: str = TOO_MANY_FAILURES) -> None:
        """Switch it off as the system does: it never comes back by itself."""
        with self._lock:
            self.enabled, self.disable_reason = False, reason
            self.revision += 1

    def enable(self) -> None:
        """Switch it on again."""
        with self._lock:
            self.enabled, self.disable_reason = True, None
            self.revision += 1

    def snapshot(self) -> "Webhook":
        """Return a copy that later edits don't reach: a delivery under way keeps its address and bytes."""
        with self._lock:
            return replace(self)


def _fields(document: Mapping[str, Any], *, legacy: bool) -> dict[str, Any]:
    known = {name: document[name] for name in EDITABLE if name in document}
    note_address(known.get("uri"))
    if legacy:
        known["format"] = None
    known["extra"] = {name: value for name, value in document.items() if name not in {*EDITABLE, *NOT_STORED}}
    return known
