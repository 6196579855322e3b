"""A few hundred arbitrary requests; `make fuzz` sends 100,000 with the same code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.stack import Stack
from devtools.temporary import temporary_stack
from tests.fuzz.run import Amount, fuzz
from tests.integration.deployed import deploy


@pytest.fixture
def fuzzed(built: Path, tmp_path: Path, *, in_container: bool) -> Iterator[Stack]:
    """A stack for this test only."""
    if in_container:
        pytest.skip("The test reads the log file of the emulator, which a container does not have.")
    del built
    with temporary_stack(tmp_path / "emulator", deploy=deploy) as deployed:
        yield deployed


def test_any_request(fuzzed: Stack, tmp_path: Path) -> None:
    """Each response is as expected, stored events are in the table, and the log has no secrets and no errors."""
    done = fuzz(fuzzed, tmp_path, Amount(120, 2), Amount(100, 1), first_seed=1)
    assert not done.failures, done.failures[:3]
    assert done.by_http
    assert done.at_handlers
    assert done.looked_up
    assert done.outcomes.keys() >= {"stored", "quarantined", "403"}, "some pass the token check, and some do not"
