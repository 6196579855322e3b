"""The whole day of a reseller: what happens in each of its accounts, and what goes wrong on the way."""

import hashlib
import random
from dataclasses import dataclass
from enum import StrEnum

from tests.load.calls import CALLS, OTHERS, Happening, Story
from tests.load.shape import moment

MIDNIGHT = 1_795_392_000  # Unix seconds: 2026-11-23, a Monday
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
    """

    accounts: int
    calls: int
    seconds: float
    senders: int
    seed: int = 1


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


def accounts(size: Size) -> list[str]:
    """Return the ids of the reseller's accounts."""
    return [hashlib.sha256(f"account {number}".encode()).hexdigest()[:32] for number in range(size.accounts)]


def day(size: Size) -> list[Delivery]:
    """Return all that is delivered on a day, in the order of time: the same for the same size."""
    rng = random.Random(size.seed)
    names = accounts(size)
    stories: list[Story] = []
    for _ in range(size.calls):
        make = rng.choices(list(CALLS), list(CALLS.values()))[0]
        stories.append(Story(rng, rng.choice(names), moment(rng), MIDNIGHT))
        make(stories[-1])
    for account in names:
        for make, often in OTHERS.items():
            if rng.random() < often:
                stories.append(Story(rng, account, moment(rng), MIDNIGHT))
                make(stories[-1])
    happenings = sorted((one for story in stories for one in story.happenings), key=lambda one: one.at)
    return [Delivery(one, _breaks(rng), rng.random() < TWICE) for one in happenings]


def _breaks(rng: random.Random) -> Break:
    return rng.choice((Break.BEFORE, Break.AFTER)) if rng.random() < BROKEN else Break.NO
