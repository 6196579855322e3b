"""How fast Dash's API may be asked (docs/dash-protocol.md, section 5): a bucket of 100 calls, 10 more each second."""

import time
from collections.abc import Callable

BURST = 60.0  # calls at once; the rest of Dash's bucket is for the other calls of a run, and for other programs
PER_SECOND = 8.0


class Pace:
    """Spaces calls out, so that they and the other calls of a run stay below Dash's limit."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """Begin with a full bucket.

        Args:
            clock: Returns seconds.
            sleep: Waits so many seconds.
        """
        self._clock, self._sleep = clock, sleep
        self._tokens, self._at = BURST, clock()

    def wait(self) -> None:
        """Wait until the next call may be made."""
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._at) * PER_SECOND) - 1
        self._at = now
        if self._tokens < 0:
            self._sleep(-self._tokens / PER_SECOND)

    def slow_down(self, seconds: float) -> None:
        """Wait because Dash says that there were too many calls, and begin again with an empty bucket."""
        self._sleep(seconds)
        self._tokens, self._at = 0.0, self._clock()
