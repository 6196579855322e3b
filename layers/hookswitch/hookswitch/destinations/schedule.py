"""When a delivery that failed is tried again. It is the schedule of Svix, with one more attempt after a minute."""

from collections.abc import Callable
from random import random as uniform

WAITS = (0, 5, 60, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
"""Seconds before each attempt, counted from the one before; from then on it is the last of them again and again."""

REFUSED_ATTEMPTS = len(WAITS)
"""How many attempts a delivery gets that is refused for itself; then it becomes a dead letter."""

JITTER = 0.1  # of the wait, in both directions: those that failed together do not try again together


def retry_at(failures: int, now: int, retry_after: float | None = None, random: Callable[[], float] = uniform) -> int:
    """Return when to try again, in Unix milliseconds, which is never before `now`.

    Args:
        failures: How many attempts have failed so far; 0 for the first attempt.
        now: Unix milliseconds.
        retry_after: How many seconds the receiver asks to be left alone: the attempt is not before that.
        random: Returns a number from 0 to 1.
    """
    wait = WAITS[min(failures, len(WAITS) - 1)]
    shift = JITTER * (2 * random() - 1)
    asked = (retry_after or 0.0) * (1 + abs(shift))
    return now + max(round(1000 * wait * (1 + shift)), -int(-1000 * asked // 1))
