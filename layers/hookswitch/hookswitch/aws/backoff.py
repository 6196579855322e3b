"""Random waits before a retry, so that functions that failed together do not try again together."""

import random


def jittered(seconds: float, least: float = 0.5) -> float:
    """Return a random wait between `least` (a share of 1) of some seconds and all of them."""
    return seconds * (least + (1 - least) * random.random())  # noqa: S311 - not for cryptography
