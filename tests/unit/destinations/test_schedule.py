"""When deliveries are tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.destinations.schedule import REFUSED_ATTEMPTS, WAITS, retry_at

NOW = 1_790_000_000_000


def middle() -> float:
    """Return what makes no jitter."""
    return 0.5


def test_schedule() -> None:
    """At once, 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h, then every 10 h."""
    waits = [(retry_at(failures, NOW, random=middle) - NOW) // 1000 for failures in range(11)]
    assert waits == [0, 5, 60, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 36_000, 36_000]
    assert REFUSED_ATTEMPTS == 9


@given(st.integers(0, 1000), st.floats(0, 1), st.none() | st.floats(0, 86_400))
def test_jitter(failures: int, drawn: float, asked: float | None) -> None:
    """An attempt is within a tenth of its time, and never before the receiver wants one, nor long after that."""
    at = retry_at(failures, NOW, asked, lambda: drawn)
    wait = WAITS[min(failures, len(WAITS) - 1)] * 1000
    asked_ms = (asked or 0) * 1000
    assert at >= NOW + asked_ms
    assert NOW + 0.9 * wait <= at <= NOW + max(1.1 * wait, 1.1 * asked_ms) + 1


@pytest.mark.parametrize(("asked", "expected"), [(3.0, 5_000), (7.5, 7_500), (None, 5_000), (0.0, 5_000)])
def test_retry_after(asked: float | None, expected: int) -> None:
    """A receiver can ask for more time, but not for less than the schedule has."""
    assert retry_at(1, NOW, asked, middle) - NOW == expected
