"""The sender of webhooks: what it sends, and how it judges the response.

See docs/dash-protocol.md, section 1 (the request), section 2 (the verdict) and section 3 (encodings).
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.attempts import Attempt, AttemptLog, FailureWindow, gregorian
from simulator.encoding import UnsendableError, encode_form, encode_json, form_pieces, get_url
from simulator.transport import ClientError, Request, Response, Transport, elapsed_ms
from simulator.webhooks import Webhook

CLUSTER_ID = "9cf1eb3c2b1f4f5a8d3c0a6b7e8f9a01"
RETRY_INTERVAL = 2.0
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
OK, CREATED = 200, 201
STRIPPED = ("type", "action")


@dataclass(kw_only=True)
class Sender:
    """Delivers events to webhooks. Thread-safe.

    Attributes:
        transport: Address resolution and timeouts.
        legacy: Behave as an older system (4.3): custom_data keeps `type` and `action`, 201 for PUT is a failure,
            all bodies are form data, and a GET sends URLs that newer systems reject.
        retry_interval: Seconds between the attempts of one delivery.
        clock: Returns Unix seconds, for timestamps and for auto-disable.
        cluster_id: Added last to every payload, unless it is `None`.
        failures: Decides when to disable webhooks.
        log: Stores attempts.
        on_disabled: Called with each webhook that was disabled.
        interrupt_after: Attempts after which a delivery ends although some are left, as when the system restarts
            between two of them; `None` for never.
    """

    transport: Transport = field(default_factory=Transport)
    legacy: bool = False
    retry_interval: float = RETRY_INTERVAL
    clock: Callable[[], float] = time.time
    cluster_id: str | None = CLUSTER_ID
    failures: FailureWindow = field(default_factory=FailureWindow)
    log: AttemptLog = field(default_factory=AttemptLog)
    on_disabled: Callable[[Webhook], object] | None = None
    interrupt_after: int | None = None
    _closed: threading.Event = field(default_factory=threading.Event, init=False, repr=False)

    def deliver(self, webhook: Webhook, payload: Mapping[str, Any]) -> list[Attempt]:
        """Deliver one event and return its attempts; the last one is decisive.

        This does not check whether the webhook is enabled, which is decided when the event happens: a webhook
        disabled in the meantime still gets the remaining attempts. An event that can't be sent with GET counts as a
        client error.
        """
        live, webhook = webhook, webhook.snapshot()
        event = self.event(webhook, payload)
        request, error = self._request(webhook, event)
        pieces = form_pieces(event) if request and self._sends_form(webhook) else None
        event_id = secrets.token_hex(5)
        attempts: list[Attempt] = []
        for tries_left in range(webhook.tries, 0, -1):
            started = time.monotonic()
            response = None
            if request:
                try:
                    response, error = self.transport.send(request), None
                except ClientError as failure:
                    error = str(failure)
            attempt = Attempt(
                account_id=webhook.account_id,
                hook_id=webhook.id,
                hook=webhook.hook,
                event_id=event_id,
                uri=webhook.uri,
                method=webhook.http_verb,
                req_headers=dict(request.headers) if request else _own_headers(webhook),
                req_body=request.body if request else b"",
                timestamp=gregorian(self.clock()),
                tries_left=tries_left,
                delivered=response is not None and self._succeeded(webhook, response),
                duration_ms=elapsed_ms(started),
                status=response.status if response else None,
                resp_headers=response.headers if response else None,
                resp_body=response.body if response else b"",
                client_error=error,
                req_pieces=pieces,
            )
            attempts.append(attempt)
            self._conclude(live, attempt)
            if response or attempt.last or len(attempts) == self.interrupt_after:
                break
            if self._closed.wait(self.retry_interval):
                break
        return attempts

    def event(self, webhook: Webhook, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return the event for this webhook: custom_data overrides its fields, then the cluster's id is added."""
        custom = dict(webhook.custom_data or {})
        if not self.legacy:
            custom = {name: value for name, value in custom.items() if name not in STRIPPED}
        return dict(payload) | custom | ({"cluster_id": self.cluster_id} if self.cluster_id else {})

    def disable(self, webhook: Webhook) -> None:
        """Disable a webhook as after too many failures."""
        webhook.disable()
        if self.on_disabled:
            self.on_disabled(webhook)

    def close(self) -> None:
        """Stop waiting between attempts: deliveries in progress end with their current attempt."""
        self._closed.set()

    def _request(self, webhook: Webhook, event: Mapping[str, Any]) -> tuple[Request | None, str | None]:
        own = _own_headers(webhook)
        verb = webhook.http_verb.upper()
        if verb == "GET":
            try:
                return Request(verb, get_url(webhook.uri, event, lenient=self.legacy), own), None
            except UnsendableError:
                return None, f"malformed_url: {get_url(webhook.uri, event, lenient=True)}"
        if self._sends_form(webhook):
            return Request(verb, webhook.uri, {"content-type": FORM} | own, encode_form(event)), None
        return Request(verb, webhook.uri, {"content-type": JSON} | own, encode_json(event)), None

    def _sends_form(self, webhook: Webhook) -> bool:
        return webhook.http_verb != "get" and (webhook.format != "json" or self.legacy)

    def _succeeded(self, webhook: Webhook, response: Response) -> bool:
        created = webhook.http_verb == "put" and not self.legacy
        return response.status == OK or (created and response.status == CREATED)

    def _conclude(self, webhook: Webhook, attempt: Attempt) -> None:
        self.log.add(attempt)
        if not attempt.delivered:
            self.failures.note(webhook.id, self.clock(), lambda: self.disable(webhook))


def _own_headers(webhook: Webhook) -> dict[str, str]:
    return {"x-hook-id": webhook.id, "x-account-id": webhook.account_id}
