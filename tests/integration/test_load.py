"""A small day of a reseller in fast motion: `make load` sends a larger one by the same code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.stack import Stack
from devtools.temporary import temporary_stack
from tests.load.__main__ import QUICK
from tests.load.run import OVERRIDES, run_day


@pytest.fixture
def reseller(built: Path, tmp_path: Path, *, in_container: bool) -> Iterator[Stack]:
    """A stack that serves subaccounts and that nothing else uses."""
    if in_container:
        pytest.skip("The senders reach the emulator only.")
    del built
    with temporary_stack(tmp_path / "emulator", OVERRIDES) as deployed:
        yield deployed


def test_totals_of_a_day(reseller: Stack, tmp_path: Path) -> None:
    """Sent = stored = published and none twice, with events delivered twice and connections that break."""
    done = run_day(reseller, tmp_path, QUICK)
    assert done.totals.problems == ()
    assert done.totals.events == done.totals.stored == done.totals.published
    assert done.totals.deliveries > done.totals.events, "some events are delivered twice"
    assert done.totals.connections > done.totals.deliveries, "some connections break"
