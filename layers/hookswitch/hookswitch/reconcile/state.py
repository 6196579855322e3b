"""What reconcile remembers from run to run: how far it has read, what is missing, what people know already.

See docs/engineering/decisions/0030-backfill-and-watermark.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from hookswitch.events.items import timestamp

MAX_GAPS = 50  # more would make the item grow; gaps that are close to each other are then merged
MERGE_DISTANCE = 60  # seconds between two gaps of one hook that are merged in any case


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A range of time whose failed deliveries have not all been recovered.

    Attributes:
        start: Its first second, in Unix seconds.
        end: Its last second.
        hook: The only hook that it is about, empty for all.
    """

    start: int
    end: int
    hook: str = ""


class Recovered(BaseModel):
    """What was recovered of one hook and has not been announced yet.

    Attributes:
        events: How many events were new to the table, or are on their way into it.
        first: When Dash failed to deliver the oldest of them, in Unix seconds.
        reasons: Why Dash could not deliver them.
    """

    events: int
    first: int
    reasons: list[str]


class News(BaseModel):
    """What is to be announced, once.

    Attributes:
        id: What the announcement's key is made from: announced again, it is the same message.
        restored: Each hook, and what was done to its webhook and why.
        recovered: By hook.
        noticed: Sentences on what is left to people.
    """

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    id: str = Field(default_factory=lambda: uuid4().hex)
    restored: list[tuple[str, str]] = []
    recovered: dict[str, Recovered] = Field(default={}, alias="brought")  # as earlier versions wrote it
    noticed: list[str] = []

    def __bool__(self) -> bool:
        """Tell whether there is anything to announce."""
        return bool(self.restored or self.recovered or self.noticed)


class State(BaseModel):
    """How far the attempt log has been read, what is missing before that, and what people know already.

    Attributes:
        read_until: Unix seconds; everything up to here has been recovered, except in the gaps.
        gaps: Disjoint for each hook, the oldest first.
        overflowed: Seconds in gaps of which Dash does not show all attempts, and how many of them have been recovered.
        webhook_ids: Ids of the webhooks that the stack has or had, and when each was last seen, in Unix seconds.
        looked_at: When the webhooks were last compared, in Unix seconds; 0 for never.
        reported: When each thing that is left to people was last seen, in Unix seconds, by its key.
        news: What has not been announced yet.
    """

    read_until: int
    gaps: list[Gap] = []
    overflowed: dict[int, int] = {}
    webhook_ids: dict[str, int] = {}
    looked_at: int = 0
    reported: dict[str, int] = {}
    news: News = Field(default_factory=News)

    @property
    def watermark(self) -> int:
        """The Unix second up to which everything has been recovered."""
        return min([self.read_until, *(gap.start - 1 for gap in self.gaps)])

    def to_json(self) -> str:
        """Return the state as JSON text."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the state that `to_json` wrote, in this version or an earlier one."""
        return cls.model_validate_json(text)


def merge_gaps(gaps: Iterable[Gap], limit: int = MAX_GAPS) -> list[Gap]:
    """Return gaps that cover at least what the given ones cover, no two of one hook close to each other.

    There are at most `limit` of them, or one for each hook.
    """
    merged, distance = sorted(gaps), MERGE_DISTANCE
    while True:
        by_hook: dict[str, list[Gap]] = {}
        for gap in merged:
            gaps_of_hook = by_hook.setdefault(gap.hook, [])
            if gaps_of_hook and gap.start <= gaps_of_hook[-1].end + distance:
                last = gaps_of_hook.pop()
                gap = Gap(last.start, max(last.end, gap.end), gap.hook)  # noqa: PLW2901 - the two become one
            gaps_of_hook.append(gap)
        merged = sorted(gap for gaps_of_hook in by_hook.values() for gap in gaps_of_hook)
        if len(merged) <= max(limit, len(by_hook)):
            return merged
        distance *= 10


def iso(second: int) -> str:
    """Return Unix seconds as ISO 8601 in UTC."""
    return timestamp(datetime.fromtimestamp(second, UTC))
