"""The whole day of a reseller: what happens in each of its accounts, and what goes wrong on the way."""

import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tests.load.calls import Happening, PlayedCall, call, registration
from tests.load.shape import DAY, moment

MIDNIGHT = 1_795_392_000  # Unix seconds: 2026-11-23, a Monday
DAYS_AGO = 3  # when a day is that is sent: whatever lacks its end is over, and parking, which has no time, is near
TWICE = 0.02  # of the events are delivered twice, as by two webhooks that match, or a notification that is republished
BROKEN = 0.01  # of the deliveries lose their first connection


class Break(StrEnum):
    """How a connection breaks."""

    NO = "no"
    BEFORE = "before the request is whole"
    AFTER = "after it, before the answer"


@dataclass(frozen=True)
class Size:
    """How much happens.

    Attributes:
        accounts: The reseller's subaccounts.
        calls: Of all of them on this day.
        seconds: How long the day takes in fast motion.
        senders: Deliveries under way at once in the busiest hour.
        seed: Makes the same day again.
        midnight: When the day begins, in Unix seconds.
    """

    accounts: int
    calls: int
    seconds: float
    senders: int
    seed: int = 1
    midnight: int = MIDNIGHT

    def recent(self) -> "Size":
        """Return the same of a day that was a few days ago."""
        today = int(time.time()) // DAY * DAY
        return replace(self, midnight=today - DAYS_AGO * DAY)


@dataclass(frozen=True)
class Delivery:
    """One event, and how it is delivered.

    Attributes:
        happening: The event.
        breaks: What happens to its first connection.
        twice: Whether it is delivered a second time.
    """

    happening: Happening
    breaks: Break
    twice: bool


@dataclass(frozen=True)
class Day:
    """A day.

    Attributes:
        deliveries: All that is delivered, in the order of time.
        calls: All calls that happen.
    """

    deliveries: Sequence[Delivery]
    calls: Sequence[PlayedCall]


def accounts(size: Size) -> list[str]:
    """Return the ids of the reseller's accounts."""
    return [hashlib.sha256(f"account {number}".encode()).hexdigest()[:32] for number in range(size.accounts)]


def day(size: Size) -> Day:
    """Return a day: the same for the same size."""
    rng = random.Random(size.seed)
    names = accounts(size)
    calls = [call(rng, rng.choice(names), moment(rng), size.midnight) for _ in range(size.calls)]
    phones = [registration(rng, account, moment(rng), size.midnight) for account in names]
    happenings = [*(one for played in calls for one in played.happenings), *(one for phone in phones for one in phone)]
    happenings.sort(key=lambda one: one.at)
    return Day([Delivery(one, _breaks(rng), rng.random() < TWICE) for one in happenings], calls)


def _breaks(rng: random.Random) -> Break:
    return rng.choice((Break.BEFORE, Break.AFTER)) if rng.random() < BROKEN else Break.NO
