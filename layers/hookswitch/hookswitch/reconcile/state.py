"""What reconcile remembers from run to run: an item of the table, which is also the lock of a run.

See docs/engineering/decisions/0030-backfill-and-watermark.md.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from hookswitch.aws import clients
from hookswitch.errors import StorageUnavailableError
from hookswitch.events.event import timestamp

KEY = "state-reconcile"
MOST_GAPS = 50  # more would make the item grow; nearby ones are then taken as one
NEAR = 60  # seconds between two gaps of one hook that are taken as one


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A range of time, in Unix seconds with both ends in it, whose failed deliveries are not all in.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        hook: The only hook that it is about, empty for all.
    """

    start: int
    end: int
    hook: str = ""


@dataclass(slots=True)
class Brought:
    """What was brought in of one hook and not yet told to anybody.

    Attributes:
        events: How many were new to the table, or are on their way into it.
        first: When Dash failed to deliver the oldest of them, in Unix seconds.
        reasons: What Dash met with.
    """

    events: int
    first: int
    reasons: list[str]


@dataclass(slots=True)
class News:
    """What is to be told to people, once.

    Attributes:
        id: From which the message's key is made: told again it is the same message.
        restored: Hook, and what was done to its webhook, and why.
        brought: By hook.
        noticed: Sentences on what is left to people.
    """

    id: str = field(default_factory=lambda: uuid4().hex)
    restored: list[tuple[str, str]] = field(default_factory=list)
    brought: dict[str, Brought] = field(default_factory=dict)
    noticed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """How far the attempt log has been read, what is missing before that, and what people know already.

    Attributes:
        read_until: Unix seconds; everything up to here is in, but for the gaps.
        gaps: Disjoint for each hook, the oldest first.
        looked_at: When the webhooks were last looked at, in Unix seconds; 0 for never.
        reported: What was reported by its key, with the Unix seconds of when it was last so.
        news: What is not told yet.
    """

    read_until: int
    gaps: list[Gap] = field(default_factory=list)
    looked_at: int = 0
    reported: dict[str, int] = field(default_factory=dict)
    news: News = field(default_factory=News)

    @property
    def watermark(self) -> int:
        """The second up to which everything is in."""
        return min([self.read_until, *(gap.start - 1 for gap in self.gaps)])

    def dumps(self) -> str:
        """Return the state as JSON text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> Self:
        """Return the state that `dumps` wrote."""
        values: dict[str, Any] = json.loads(text)
        news = values["news"]
        return cls(
            read_until=values["read_until"],
            gaps=[Gap(**gap) for gap in values["gaps"]],
            looked_at=values["looked_at"],
            reported=values["reported"],
            news=News(
                id=news["id"],
                restored=[(hook, what) for hook, what in news["restored"]],
                brought={hook: Brought(**brought) for hook, brought in news["brought"].items()},
                noticed=news["noticed"],
            ),
        )


def merged(gaps: Iterable[Gap], most: int = MOST_GAPS) -> list[Gap]:
    """Return gaps of which no two of one hook are near each other; they cover at least what they covered before."""
    found, near = sorted(gaps), NEAR
    while True:
        by_hook: dict[str, list[Gap]] = {}
        for gap in found:
            of_hook = by_hook.setdefault(gap.hook, [])
            if of_hook and gap.start <= of_hook[-1].end + near:
                of_hook[-1] = Gap(of_hook[-1].start, max(of_hook[-1].end, gap.end), gap.hook)
            else:
                of_hook.append(gap)
        found = sorted(gap for of_hook in by_hook.values() for gap in of_hook)
        if len(found) <= max(most, len(by_hook)):
            return found
        near *= 10


class Ledger:
    """The item that holds the state, for one run.

    A run takes a lease first, which nobody else gets until the run gives it back or the lease ends; a run that
    Lambda ended half-way blocks no later one for longer than its own time.
    """

    def __init__(self, table: str) -> None:
        """Prepare to use a table's item."""
        self._table = table
        self._me = uuid4().hex

    def look(self) -> State | None:
        """Return the state without taking the lease; None before the first run.

        Raises:
            StorageUnavailableError: DynamoDB does not tell.
        """
        try:
            answer = clients.dynamodb().get_item(
                TableName=self._table, Key={"event_id": {"S": KEY}}, ConsistentRead=True
            )
        except (ClientError, BotoCoreError) as error:
            raise _explained(error) from error
        return _state_in(answer.get("Item", {}))

    def take(self, seconds: float) -> tuple[bool, State | None]:
        """Take the lease for some seconds; return whether it was free, and the state, None before the first run.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        now = int(time.time())
        try:
            answer = clients.dynamodb().update_item(
                TableName=self._table,
                Key={"event_id": {"S": KEY}},
                UpdateExpression="SET kind = :kind, lease_owner = :me, lease_until = :until",
                ConditionExpression="attribute_not_exists(lease_until) OR lease_until < :now OR lease_owner = :me",
                ExpressionAttributeValues={
                    ":kind": {"S": "state"},
                    ":me": {"S": self._me},
                    ":until": {"N": str(now + int(seconds) + 1)},
                    ":now": {"N": str(now)},
                },
                ReturnValues="ALL_NEW",
            )
        except (ClientError, BotoCoreError) as error:
            if _code(error) == "ConditionalCheckFailedException":
                return False, None
            raise _explained(error) from error
        return True, _state_in(answer["Attributes"])

    def save(self, state: State, *, release: bool = False) -> None:
        """Write the state down, and give the lease back if asked to.

        Raises:
            StorageUnavailableError: DynamoDB did not take it, or another run has the lease.
        """
        try:
            clients.dynamodb().update_item(
                TableName=self._table,
                Key={"event_id": {"S": KEY}},
                UpdateExpression="SET progress = :progress, watermark = :watermark"
                + (", lease_until = :none" if release else ""),
                ConditionExpression="lease_owner = :me",
                ExpressionAttributeValues={
                    ":progress": {"S": state.dumps()},
                    ":watermark": {"S": iso(state.watermark)},
                    ":me": {"S": self._me},
                    **({":none": {"N": "0"}} if release else {}),
                },
            )
        except (ClientError, BotoCoreError) as error:
            raise _explained(error) from error


def iso(second: int) -> str:
    """Return Unix seconds as ISO 8601 in UTC."""
    return timestamp(datetime.fromtimestamp(second, UTC))


def _state_in(item: Any) -> State | None:
    return State.loads(item["progress"]["S"]) if "progress" in item else None


def _code(error: ClientError | BotoCoreError) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def _explained(error: ClientError | BotoCoreError) -> StorageUnavailableError:
    return StorageUnavailableError(f"The state of reconcile can't be read or written: DynamoDB says {_code(error)}.")
