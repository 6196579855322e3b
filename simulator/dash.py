"""Dash as one object: accounts, their webhooks, and the events that fire them (docs/dash-protocol.md)."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hookswitch.dash.hooks import CATALOGUE, DISABLED, EVERYTHING, NOTIFICATIONS, Hook
from simulator.attempts import Attempt, AttemptLog, FailureWindow
from simulator.confidential import note
from simulator.identity import Identity
from simulator.notification_payloads import notification
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.records import Records
from simulator.sender import CLUSTER_ID, RETRY_INTERVAL, Sender
from simulator.steps import LegFacts
from simulator.transport import Resolver, Transport, default_resolver
from simulator.webhooks import Webhook

DEFAULT_API_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
EVERY_EVENT = "all"  # the `hook` of a webhook that gets all events


class DuplicateWebhookError(Exception):
    """A webhook with this id already exists, in this account or in another."""


@dataclass(slots=True)
class Account:
    """An account. `credentials` are the MD5 sums of the "user:password" pairs that can log in."""

    id: str
    api_key: str
    name: str
    parent: str | None = None
    credentials: set[str] = field(default_factory=set)

    def add_user(self, user: str, password: str) -> None:
        """Allow a user to log in with `PUT /user_auth`."""
        note(password, "password")
        self.credentials.add(note(credentials_of(user, password), "credentials"))


@dataclass(frozen=True, slots=True)
class Firing:
    """One event delivered to one webhook, with all attempts; the last one is decisive."""

    webhook: Webhook
    attempts: list[Attempt]

    @property
    def delivered(self) -> bool:
        """Whether the sender accepted the response."""
        return self.attempts[-1].delivered

    @property
    def encoding(self) -> str:
        """How it was sent: `post json`, `post form`, `put json`, `put form` or `get`."""
        last = self.attempts[-1]
        if last.method == "get":
            return "get"
        return f"{last.method} {'json' if 'json' in last.req_headers['content-type'] else 'form'}"


@dataclass(kw_only=True)
class Dash:
    """A Dash system. Thread-safe.

    It starts with one account, `DEFAULT_ACCOUNT_ID`, whose API key is `DEFAULT_API_KEY`.

    Attributes:
        resolver: Maps an address to the one to connect to.
        legacy: Behave as an older system (4.3), here and in the API.
        retry_interval: Seconds between the attempts of one delivery.
        clock: Returns Unix seconds, for everything except durations.
        connect_timeout: Seconds.
        response_timeout: Seconds; the real sender waits without a limit.
        failure_limit: The number of failed attempts that disables a webhook.
        failure_window: The seconds within which they count.
        keep_successes: Whether the attempt log also keeps successes.
        page_limit: The maximum number of entries per page of the API, whatever a request asks for.
        cluster_id: Added last to every payload, unless it is `None`.
        records: What it remembers of calls, and how.
        announced: The notifications of disabled webhooks, one for each webhook that got one.
        callflows: The documents of an account's callflows; none by default, and None if the API does not open them.
    """

    resolver: Resolver = default_resolver
    legacy: bool = False
    retry_interval: float = RETRY_INTERVAL
    clock: Callable[[], float] = time.time
    connect_timeout: float = 10.0
    response_timeout: float | None = None
    failure_limit: int = 6
    failure_window: float = 60.0
    keep_successes: bool = False
    page_limit: int | None = None
    cluster_id: str | None = CLUSTER_ID
    accounts: dict[str, Account] = field(default_factory=dict, init=False)
    records: Records = field(default_factory=Records)
    announced: list[Firing] = field(default_factory=list, init=False)
    callflows: dict[str, list[dict[str, Any]] | None] = field(default_factory=dict, init=False)
    sender: Sender = field(init=False)
    _webhooks: dict[str, Webhook] = field(default_factory=dict, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def __post_init__(self) -> None:
        """Create the sender and the first account."""
        self.sender = Sender(
            transport=Transport(self.resolver, self.connect_timeout, self.response_timeout),
            legacy=self.legacy,
            retry_interval=self.retry_interval,
            clock=self.clock,
            cluster_id=self.cluster_id,
            failures=FailureWindow(self.failure_limit, self.failure_window),
            log=AttemptLog(keep_successes=self.keep_successes),
            on_disabled=self._announce,
        )
        self.records.legacy = self.legacy
        self.add_account(DEFAULT_ACCOUNT_ID, api_key=DEFAULT_API_KEY)

    def add_account(self, account_id: str, *, api_key: str | None = None, parent: str | None = None) -> Account:
        """Add an account, below `parent` if given. Its name is the start of its id; its key has 64 hex digits."""
        key = api_key or hashlib.sha256(account_id.encode()).hexdigest()
        account = Account(account_id, note(key, "API key"), name=f"account-{account_id[:8]}", parent=parent)
        self.accounts[account_id] = account
        return account

    def lineage(self, account_id: str) -> Iterator[str]:
        """Yield the account itself, its parent, and so on up to the top."""
        current: str | None = account_id
        while current is not None:
            yield current
            current = self.accounts[current].parent if current in self.accounts else None

    def webhooks(self, account_id: str = DEFAULT_ACCOUNT_ID) -> list[Webhook]:
        """Return an account's webhooks, by id."""
        with self._lock:
            own = [webhook for webhook in self._webhooks.values() if webhook.account_id == account_id]
        return sorted(own, key=lambda webhook: webhook.id)

    def webhook(self, account_id: str, webhook_id: str) -> Webhook | None:
        """Return the webhook of an account with this id, if it exists."""
        webhook = self._webhooks.get(webhook_id)
        return webhook if webhook and webhook.account_id == account_id else None

    def register(self, account_id: str, document: Mapping[str, Any]) -> Webhook:
        """Add a webhook without the API's validation.

        Raises:
            DuplicateWebhookError: The document has an `id` that is in use.
        """
        webhook = Webhook.from_document(account_id, document, legacy=self.legacy)
        with self._lock:
            if webhook.id in self._webhooks:
                raise DuplicateWebhookError(webhook.id)
            self._webhooks[webhook.id] = webhook
        return webhook

    def remove(self, webhook_id: str) -> None:
        """Delete a webhook; its attempts stay in the log."""
        with self._lock:
            self._webhooks.pop(webhook_id, None)

    def reenable(self, account_id: str) -> None:
        """Re-enable an account's auto-disabled webhooks."""
        for webhook in self.webhooks(account_id):
            if webhook.disable_reason is not None:
                self.sender.failures.forget(webhook.id)
                webhook.enable()

    def fire(self, account_id: str, hook: str, payload: Mapping[str, Any], leg: LegFacts | None = None) -> list[Firing]:
        """Fire an event of an account, and return its delivery to each matching webhook.

        Whether a webhook matches or not, `records` notes what Dash remembers of the event, such as the CDR of a leg.

        Args:
            account_id: The account that the event belongs to.
            hook: The hook's name; for notifications, the payload's `event_name` decides which webhooks match.
            payload: The event, such as one from `payloads.payload`.
            leg: What Dash's records tell of its leg and the event doesn't: `Step.leg`.

        Raises:
            ValueError: The hook does not exist.
        """
        if hook not in CATALOGUE:
            raise ValueError(f"Dash has no hook {hook!r}.")
        self.records.note(account_id, hook, payload, leg, self.clock())
        return self._send(self._matching(account_id, CATALOGUE[hook], payload), payload)

    def disable(self, webhook_id: str) -> None:
        """Disable a webhook as the system does after too many failures, and notify whoever listens."""
        self.sender.disable(self._webhooks[webhook_id])

    def close(self) -> None:
        """Let deliveries in progress end with their current attempt."""
        self.sender.close()

    def _announce(self, webhook: Webhook) -> None:
        """Notify whoever listens that a webhook was disabled. It is off by now, so it is not notified of itself."""
        account_id = webhook.account_id
        payload = notification(DISABLED, Identity(now=self.clock()), account_id) | {"hook_id": webhook.id}
        self.announced += self._send(self._matching(account_id, CATALOGUE[DISABLED], payload), payload)

    def _send(self, matching: Iterable[Webhook], payload: Mapping[str, Any]) -> list[Firing]:
        enabled = [webhook for webhook in matching if webhook.enabled]
        return [Firing(webhook, self.sender.deliver(webhook, payload)) for webhook in enabled]

    def _matching(self, account_id: str, hook: Hook, payload: Mapping[str, Any]) -> list[Webhook]:
        internal = hook.is_channel and payload.get("is_internal_leg") is True
        return [
            webhook
            for owner in self.lineage(account_id)
            for webhook in self.webhooks(owner)
            if (owner == account_id or webhook.include_subaccounts)
            and _listens(webhook, hook, str(payload.get("event_name", hook.name)))
            and (webhook.include_internal_legs or not internal)
        ]


def credentials_of(user: str, password: str) -> str:
    """Return the credentials that `PUT /user_auth` accepts."""
    return hashlib.md5(f"{user}:{password}".encode(), usedforsecurity=False).hexdigest()


def _listens(webhook: Webhook, hook: Hook, event_name: str) -> bool:
    if webhook.hook == EVERY_EVENT:
        return True
    if webhook.hook != hook.registered_as:
        return False
    if hook.registered_as != NOTIFICATIONS:
        return True
    return webhook.custom_data is None or webhook.custom_data.get("type") in {event_name, EVERYTHING}
