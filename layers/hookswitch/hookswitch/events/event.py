"""An event of a hook: what a delivery says, typed, with the key by which the same event is recognized again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from hookswitch.deliveries.delivery import Delivery
from hookswitch.deliveries.undecodable import distinct, is_usual, readable
from hookswitch.errors import UnusableError
from hookswitch.payloads.base import Identity, Payload
from hookswitch.settings.hooks import HookSettings


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a hook, ready to be stored.

    Attributes:
        payload: The typed payload.
        identity: What makes two deliveries the same event, from the exact bytes of its fields.
        fields: Everything that was received, typed where the payload type declares it.
        invalid_fields: Names of optional fields whose values did not fit their types and were kept as they came.
        account_id: The account of the event.
        received_at: When the delivery arrived, in UTC.
        attempted_at: When Dash tried to deliver it, in UTC, if it was read from Dash's attempt log; else None.
        correlation_id: The delivery's.
        source: `cdr` if it was made of one of Dash's records instead of a delivery, `import` if it is imported so; else
            empty.
        original: Body and content type of the delivery, if bytes that are not UTF-8 were replaced in `fields`.
    """

    payload: Payload
    identity: Identity
    fields: Mapping[str, Any]
    invalid_fields: tuple[str, ...]
    account_id: str
    received_at: datetime
    attempted_at: datetime | None = None
    correlation_id: str | None = None
    source: str = ""
    original: tuple[bytes, str] | None = None

    @classmethod
    def from_delivery(
        cls,
        payload_type: type[Payload],
        delivery: Delivery,
        fields: Mapping[str, Any],
        settings: HookSettings,
        source: str = "",
    ) -> Self:
        """Return the event in a delivery.

        Args:
            payload_type: The type of the hook's payloads.
            delivery: The delivery.
            fields: What `delivery.decode` returned, redacted.
            settings: Say which accounts this stack serves.
            source: `cdr` if the delivery was made of one of Dash's records.

        Raises:
            UnusableError: The fields are not an event of this hook, or of an account that this stack serves.
        """
        usual = is_usual(fields)
        shown = fields if usual else readable(fields)
        payload, invalid_fields = payload_type.parse(shown)
        account_id = _account(payload, delivery.headers, settings)
        told_apart = fields if usual else distinct(fields)
        exact = payload if told_apart is fields else payload_type.parse(told_apart)[0]
        try:
            identity = exact.identity()
        except ValueError as error:
            raise UnusableError(str(error)) from None
        return cls(
            payload=payload,
            identity=identity,
            fields={**shown, **payload.typed()},
            invalid_fields=invalid_fields,
            account_id=account_id,
            received_at=delivery.received_at,
            attempted_at=delivery.attempted_at,
            correlation_id=delivery.correlation_id,
            source=source,
            original=None if shown is fields else (delivery.body, delivery.content_type),
        )

    @property
    def occurred_at(self) -> datetime:
        """When it happened, in UTC: as the payload says, else when Dash delivered it, or tried to."""
        return self.payload.occurred_at() or self.attempted_at or self.received_at

    @property
    def is_recovered(self) -> bool:
        """Whether it comes from Dash's attempt log or records, and not from a delivery."""
        return bool(self.attempted_at or self.source)

    @property
    def alternative_keys(self) -> list[str]:
        """The keys that a delivery of it may have, its own first."""
        identities = [self.identity, *self.payload.alternatives()]
        return list(dict.fromkeys(event_key(self.payload.hook, *identity) for identity in identities))

    @property
    def key(self) -> str:
        """The item's key, derived from the event's natural identity: 32 hexadecimal digits.

        An event without an identity of its own has one key for each stretch of its retry window; `store_event` checks
        the neighbouring stretches too.
        """
        return self.key_at(0)

    def key_at(self, stretch: int) -> str:
        """Return the key that the same delivery would have had `stretch` retry windows later."""
        window = self.payload.retry_window
        parts = [*self.identity]
        if window:
            parts.append(str(int(self.occurred_at.timestamp()) // window + stretch))
        return event_key(self.payload.hook, *parts)


def event_key(hook: str, *identity: str | datetime | None) -> str:
    """Return the key of an identity: equal for equal identities, and only for them.

    The parts are joined as JSON, which no content of a part can imitate, and hashed (SHA-256, cut to 128 bits),
    which spreads the keys evenly over DynamoDB's partitions.
    """
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in identity]
    return hashlib.sha256(json.dumps([hook, *parts]).encode()).hexdigest()[:32]


def _account(payload: Payload, headers: Mapping[str, str], settings: HookSettings) -> str:
    """Return the event's account: the payload's, else the one that owns the webhook.

    A webhook that includes subaccounts delivers events of any of them, and only the webhook's owner vouches for those.
    """
    owner = headers.get("x-account-id", "").lower()
    account = (payload.account_id or "").lower() or owner or settings.account_id
    vouched = (owner or settings.account_id) if settings.include_subaccounts else account
    if vouched != settings.account_id:
        raise UnusableError(
            "account_id: This stack does not serve that account"
            + ("." if settings.include_subaccounts else ", and IncludeSubaccounts is false.")
        )
    return account
