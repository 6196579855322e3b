"""The time, as the table of destinations has it."""

import time


def now() -> int:
    """Return the time in Unix milliseconds."""
    return time.time_ns() // 1_000_000
