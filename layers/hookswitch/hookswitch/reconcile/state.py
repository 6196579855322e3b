"""What reconcile remembers between runs: how far it has read, what is missing, and what it has reported.

See docs/engineering/decisions/0030-backfill-and-watermark.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from hookswitch.events.items import timestamp

MAX_GAPS = 50  # more would make the item too large; beyond this, gaps close to each other are merged
MERGE_DISTANCE = 60  # seconds; two gaps of one hook that are closer are always merged


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A range of time whose failed deliveries have not all been recovered.

    Attributes:
        start: Its first second, in Unix seconds.
        end: Its last second.
        hook: The only hook it applies to; empty for all hooks.
    """

    start: int
    end: int
    hook: str = ""


class Recovered(BaseModel):
    """Recovered events of one hook that have not been announced yet.

    Attributes:
        events: How many events were added to the table, or are queued for it.
        first: When Dash failed to deliver the oldest one, in Unix seconds.
        reasons: Why Dash could not deliver them.
    """

    events: int
    first: int
    reasons: list[str]


class News(BaseModel):
    """What to announce, once.

    Attributes:
        id: The source of the announcement's key: the same news announced again is the same message.
        restored: Each hook, and what was done to its webhook and why.
        recovered: By hook.
        noticed: Sentences on findings that need an operator.
    """

    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    id: str = Field(default_factory=lambda: uuid4().hex)
    restored: list[tuple[str, str]] = []
    recovered: dict[str, Recovered] = Field(default={}, alias="brought")  # as written by earlier versions
    noticed: list[str] = []

    def add_recovered(self, hook: str, at: int, reason: str) -> None:
        """Note a recovered event: when Dash failed to deliver it, in Unix seconds, and why."""
        recovered = self.recovered.setdefault(hook, Recovered(events=0, first=at, reasons=[]))
        recovered.events += 1
        recovered.first = min(recovered.first, at)
        if reason not in recovered.reasons:
            recovered.reasons.append(reason)

    def __bool__(self) -> bool:
        """Tell whether there is anything to announce."""
        return bool(self.restored or self.recovered or self.noticed)


class State(BaseModel):
    """How far the attempt log has been read, what is missing before that, and what has been reported.

    Attributes:
        read_until: Unix seconds; everything up to here has been recovered, except in the gaps.
        gaps: Disjoint for each hook, oldest first.
        overflowed: Seconds in gaps for which Dash does not show all attempts, and how many have been recovered.
        webhook_ids: Ids of the webhooks that the stack has or had, and when each was last seen, in Unix seconds.
        looked_at: When the webhooks were last compared, in Unix seconds; 0 for never.
        enabled_at: When each webhook that Dash had disabled was enabled again, in Unix seconds, by its id.
        held_back: When each webhook that waits to be enabled again is due, in Unix seconds, by its hook.
        reported: When each finding that needs an operator was last seen, in Unix seconds, by its key.
        news: What has not been announced yet.
    """

    read_until: int
    gaps: list[Gap] = []
    overflowed: dict[int, int] = {}
    webhook_ids: dict[str, int] = {}
    looked_at: int = 0
    enabled_at: dict[str, list[int]] = {}
    held_back: dict[str, int] = {}
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
    """Return gaps that cover at least the given ones, with no two of one hook close to each other.

    They are at most `limit`, or one for each hook.
    """
    merged, distance = sorted(gaps), MERGE_DISTANCE
    while True:
        by_hook: dict[str, list[Gap]] = {}
        for gap in merged:
            gaps_of_hook = by_hook.setdefault(gap.hook, [])
            if gaps_of_hook and gap.start <= gaps_of_hook[-1].end + distance:
                last = gaps_of_hook.pop()
                gap = Gap(last.start, max(last.end, gap.end), gap.hook)  # noqa: PLW2901 - merges the two
            gaps_of_hook.append(gap)
        merged = sorted(gap for gaps_of_hook in by_hook.values() for gap in gaps_of_hook)
        if len(merged) <= max(limit, len(by_hook)):
            return merged
        distance *= 10


def iso(second: int) -> str:
    """Return Unix seconds as ISO 8601 in UTC."""
    return timestamp(datetime.fromtimestamp(second, UTC))
