"""A stack and its Dash in this process."""

from collections.abc import Iterator

import pytest

from tests.unit.reconcile.world import World, running


@pytest.fixture
def world() -> Iterator[World]:
    """A world without faults."""
    with running() as world:
        yield world
