"""Waits until something is true, no longer than needed."""

import time
from collections.abc import Callable

from devtools.errors import LaptopError

# Each look takes processor time from what is waited for, so they become fewer.
GROWTH, LONGEST = 1.5, 0.5


class TooLateError(LaptopError):
    """The condition was not true in time."""


def wait_for[T](condition: Callable[[], T], what: str, limit: float = 60.0, interval: float = 0.05) -> T:
    """Call `condition` until its result is true, and return that result.

    Args:
        condition: Called at least once.
        what: What the condition says, for the error: "the message is published".
        limit: Seconds to wait.
        interval: Seconds between the first two calls; later ones are further apart.

    Raises:
        TooLateError: It is not true in time; the message has the last result.
    """
    deadline = time.monotonic() + limit
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TooLateError(f"Timed out after {limit:g} seconds waiting until {what}; last seen: {result!r}")
        time.sleep(interval)
        interval = max(interval, min(interval * GROWTH, LONGEST))
    return result
