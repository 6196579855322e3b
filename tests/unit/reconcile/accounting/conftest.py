"""A stack that has been there for some time, and a Dash that nobody waits for."""

import pytest

from hookswitch.dash import history
from tests.unit.reconcile.accounting.scene import HOUR
from tests.unit.reconcile.world import World


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RATE_LIMIT_SECONDS", 0)


@pytest.fixture
def old(world: World) -> World:
    """A world whose stack has been there for some time."""
    world.table.page_size = 100
    world.reconcile()
    world.now += HOUR
    return world
