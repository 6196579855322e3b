"""A short day of a reseller in fast motion; `make load` sends a longer one with the same code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.stack import Stack
from devtools.temporary import temporary_stack
from tests.integration.deployed import IMPATIENT, deploy
from tests.load.__main__ import QUICK
from tests.load.run import OVERRIDES, run_day


@pytest.fixture
def reseller(built: Path, tmp_path: Path, *, in_container: bool) -> Iterator[Stack]:
    """A stack for this test only, which serves subaccounts."""
    if in_container:
        pytest.skip("The senders of the load test reach an emulator on this machine only, not one in a container.")
    del built
    with temporary_stack(tmp_path / "emulator", OVERRIDES, IMPATIENT, deploy=deploy) as deployed:
        yield deployed


def test_totals_of_a_day(reseller: Stack, tmp_path: Path) -> None:
    """Every event is stored and published once, although some are delivered twice and some connections break.

    Each call has one record, which is the expected one, and each of its revisions is published once.
    """
    done = run_day(reseller, tmp_path, QUICK)
    assert done.totals.problems == ()
    assert done.totals.events == done.totals.stored == done.totals.published
    assert done.totals.deliveries > done.totals.events, "some events are delivered twice"
    assert done.totals.connections > done.totals.deliveries, "some connections break"
    assert done.calls.problems == ()
    assert done.calls.records == done.calls.calls
    assert done.calls.right == done.calls.kinds
