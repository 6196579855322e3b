"""What the tests of the simulator share."""

from collections.abc import Iterator

import pytest

from simulator.api import DashApi
from simulator.dash import Dash
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.tests.client import BELOW, Client, Clock
from simulator.tests.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 200 unless a test changes that."""
    with Receiver() as listening:
        yield listening


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


@pytest.fixture
def api(clock: Clock) -> Iterator[DashApi]:
    """The API of a system with a subaccount."""
    dash = Dash(retry_interval=0, clock=clock)
    dash.add_account(BELOW, parent=DEFAULT_ACCOUNT_ID)
    with DashApi(dash) as serving:
        yield serving


@pytest.fixture
def call(api: DashApi) -> Client:
    """A client that is logged in."""
    return Client(api)


@pytest.fixture
def older() -> Iterator[Client]:
    """A client of an older system, logged in."""
    with DashApi(Dash(legacy=True)) as serving:
        yield Client(serving)
