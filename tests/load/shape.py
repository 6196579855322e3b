"""How busy each hour of the day is, and when things happen.

The shape is that of a business day as call centres publish it: calls arrive as a Poisson process whose rate follows the
hour (Brown, Zhao, Shen, Mandelbaum: Multifactor Poisson and Gamma-Poisson Models for Call Center Arrival Times, 2004),
with a peak after ten, fewer at noon, and a second peak in the afternoon. The weights themselves are an assumption.
"""

import itertools
import random
from bisect import bisect

HOUR, DAY = 3600, 86_400  # seconds
WEIGHTS = (1, 1, 1, 1, 1, 2, 6, 20, 55, 85, 100, 95, 60, 65, 85, 90, 80, 60, 35, 20, 12, 8, 4, 2)  # of the 24 hours
_SUMS = list(itertools.accumulate(WEIGHTS, initial=0))


def share(hour: int) -> float:
    """Return how much of the day's events happens in this hour."""
    return WEIGHTS[hour] / _SUMS[-1]


def moment(rng: random.Random) -> float:
    """Draw when something happens, in seconds since midnight."""
    drawn = rng.random() * _SUMS[-1]
    hour = bisect(_SUMS, drawn) - 1
    return (hour + (drawn - _SUMS[hour]) / WEIGHTS[hour]) * HOUR


def senders(hour: int, most: int) -> int:
    """Return how many deliveries Dash has under way at once in an hour, of at most so many."""
    return max(1, round(most * WEIGHTS[hour] / max(WEIGHTS)))
