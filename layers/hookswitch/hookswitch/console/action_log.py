"""The record of what people did in the console: items of the kind `action` in the table of events.

Each is written before anything is done, so that nothing is done without one, and has the outcome written into it
afterwards. docs/engineering/decisions/0100-actions-of-the-console.md says why it is there and not elsewhere.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched, islice
from typing import Literal
from uuid import uuid4

from hookswitch.aws import clients
from hookswitch.calls.log import CallLog, Item
from hookswitch.console.feeds import newest
from hookswitch.console.scope import Scope
from hookswitch.console.users import User
from hookswitch.events.attributes import attribute, item
from hookswitch.events.items import expiry, timestamp
from hookswitch.events.kinds import ACTION
from hookswitch.settings.console import ConsoleSettings

FEED = "actions"
PREFIX = "action-"  # of the keys, which the function's role may write

SHOWN = 20
READ = 100  # of the newest, for those that a user may see
MOST_RESULT = 20_000  # characters of JSON that are kept of a result
DAYS = 90
LONGEST = timedelta(minutes=5)  # that a function takes: after that nobody knows any more

type Outcome = Literal["running", "done", "failed", "refused"]

_FIELDS = tuple(f"payload.{name}" for name in ("email", "verb", "target", "outcome", "accounts"))


@dataclass(frozen=True, slots=True)
class Record:
    """What somebody did.

    Attributes:
        at: When it began.
        user: Who.
        verb: What, such as `destination.pause`.
        target: Of what: a destination's name, or a hook; empty for the stack.
        arguments: What else was said.
        accounts: Whose that is; empty for the whole stack.
        summary: One line for people.
        outcome: `running` until it is known.
        result: What the function answered.
        message: What the user was told.
        id: The key of its item.
    """

    at: datetime
    user: User
    verb: str
    target: str
    arguments: Mapping[str, object]
    accounts: tuple[str, ...]
    summary: str
    outcome: Outcome = "running"
    result: Mapping[str, object] | None = None
    message: str = ""
    id: str = field(default_factory=lambda: PREFIX + uuid4().hex)

    def after(self, outcome: Outcome, result: Mapping[str, object] | None, message: str) -> "Record":
        """Return the record with what came of it."""
        return replace(self, outcome=outcome, result=result, message=message)

    def to_payload(self) -> dict[str, object]:
        """Return who did what, and what came of it."""
        result = json.dumps(self.result)
        is_short = len(result) <= MOST_RESULT
        return {
            "user": self.user.id,
            "email": self.user.email,
            "verb": self.verb,
            "target": self.target,
            "arguments": self.arguments,
            "accounts": self.accounts,
            "outcome": self.outcome,
            "result": json.loads(result, parse_float=Decimal) if is_short else {"omitted": True},
            "message": self.message,
        }

    def to_item(self, settings: ConsoleSettings) -> dict[str, object]:
        """Return the attributes of its item."""
        at = timestamp(self.at)
        return {
            "event_id": self.id,
            "kind": ACTION,
            "hook": self.verb,
            "account_id": self.accounts[0] if len(self.accounts) == 1 else settings.account_id,
            "occurred_at": at,
            "received_at": at,
            "summary": f"{self.user.email or self.user.id}: {self.summary}",
            "payload": self.to_payload(),
            "expires_at": expiry(self.at, settings.retention_days),
            "timeline_key": at,
            "feed": FEED,
        }


class ActionLog:
    """The record in one table. Its methods raise ClientError or BotoCoreError if DynamoDB does not accept a call."""

    def __init__(self, settings: ConsoleSettings) -> None:
        """Use the table of a stack."""
        self._settings = settings

    def begin(self, record: Record) -> None:
        """Write what somebody is about to do."""
        written = item(record.to_item(self._settings))
        clients.dynamodb().put_item(TableName=self._settings.events_table, Item=written)

    def finish(self, record: Record) -> None:
        """Write what came of it."""
        clients.dynamodb().update_item(
            TableName=self._settings.events_table,
            Key={"event_id": {"S": record.id}},
            UpdateExpression="SET payload = :payload",
            ConditionExpression="attribute_exists(event_id)",
            ExpressionAttributeValues={":payload": attribute(record.to_payload())},
        )

    def newest(self, scope: Scope, now: datetime) -> list[dict[str, object]]:
        """Return the newest actions of the last 90 days that are about accounts which a user sees."""
        entries = newest(self._settings.events_table, FEED, now - timedelta(days=DAYS), SHOWN)
        several = batched(islice(entries, READ), SHOWN, strict=False)
        seen = (_shown(entry, payload, now) for some in several for entry, payload in self._whole(some))
        return [*islice((said for said, accounts in seen if scope.has_all(accounts)), SHOWN)]

    def _whole(self, entries: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
        """Yield entries of the index, each with what its item says more; an item that is gone is left out."""
        keys = [str(entry["event_id"]) for entry in entries]
        found = CallLog(clients.dynamodb(), self._settings.events_table, "").items(keys, _FIELDS)
        payloads = {str(item["event_id"]): item["payload"] for item in found}
        yield from ((entry, payloads[key]) for key, entry in zip(keys, entries, strict=True) if key in payloads)


def _shown(entry: Item, payload: Item, now: datetime) -> tuple[dict[str, object], list[str]]:
    """Return an action as the API has it, and whose it is."""
    outcome = payload.get("outcome", "running")
    if outcome == "running" and now - datetime.fromisoformat(str(entry["occurred_at"])) > LONGEST:
        outcome = "unknown"
    said = {
        "at": entry["occurred_at"],
        "email": payload.get("email", ""),
        "verb": entry["hook"],
        "target": payload.get("target", ""),
        "outcome": outcome,
        "summary": entry["summary"],
    }
    return said, list(payload.get("accounts", ()))
