"""Calls for Dash's records stay below its rate limit, and leave room for other calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.dash.client import DashClient
from hookswitch.dash.history import DashHistory
from hookswitch.dash.pace import BURST, Pace
from hookswitch.errors import NotOpenError
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.payloads import DEFAULT_ACCOUNT_ID

LIMIT, REFILL = 100, 10  # Dash's bucket, and what it gets each second


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@given(st.lists(st.floats(min_value=0, max_value=20), max_size=300))
def test_below_the_limit(pauses: list[float]) -> None:
    """However calls come, Dash's bucket never runs dry, and a third of it is left to others."""
    clock = Clock()
    pace = Pace(clock, clock.sleep)
    bucket, at = float(LIMIT), 0.0
    for pause in pauses:
        clock.sleep(pause)
        pace.wait()
        bucket, at = min(LIMIT, bucket + (clock.now - at) * REFILL) - 1, clock.now
        assert bucket >= LIMIT - BURST - 1


def test_as_fast_as_allowed() -> None:
    """A thousand calls take two minutes."""
    clock = Clock()
    pace = Pace(clock, clock.sleep)
    for _ in range(1_000):
        pace.wait()
    assert 110 < clock.now < 125


def test_slowing_down() -> None:
    """After a 429, the bucket is empty."""
    clock = Clock()
    pace = Pace(clock, clock.sleep)
    pace.slow_down(5)
    pace.wait()
    assert clock.now == pytest.approx(5.125)


def test_not_open(dash: Dash, api: DashApi, dash_client: DashClient) -> None:
    """What the API does not open is an error of its own; an account that is not ours is none of that either."""
    history = DashHistory(dash_client)
    assert history.page("cdrs", DEFAULT_ACCOUNT_ID, 0, 60, size=10) == ([], "")
    dash.records.closed["cdrs"] = 403
    with pytest.raises(NotOpenError):
        history.page("cdrs", DEFAULT_ACCOUNT_ID, 0, 60, size=10)
    assert history.document("cdrs", DEFAULT_ACCOUNT_ID, "202611-a") is None
    assert history.legs(DEFAULT_ACCOUNT_ID, "63962035200-abcdef01") == []
    assert history.calls == len([call for call in api.calls if "/cdrs" in call.path])
