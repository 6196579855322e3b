"""Waits for what is about to be true, no longer than needed."""

import time
from collections.abc import Callable

from devtools.errors import LaptopError


class TooLateError(LaptopError):
    """What was waited for did not come."""


def wait_for[T](condition: Callable[[], T], what: str, limit: float = 15.0, interval: float = 0.05) -> T:
    """Call `condition` until its result is true, and return that result.

    Args:
        condition: Is called at least once.
        what: What is awaited, for the error: "the message is published".
        limit: Seconds to wait.
        interval: Seconds between two calls.

    Raises:
        TooLateError: It is not true at the limit; the message has the last result.
    """
    deadline = time.monotonic() + limit
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TooLateError(f"Waited {limit:g} seconds in vain until {what}; last seen: {result!r}")
        time.sleep(interval)
    return result
