"""One run of all cells, for the tests of this folder."""

from pathlib import Path

import pytest

from tests.integration.faults.partitions import FIRST, PARTITIONS, run
from tests.integration.faults.results import Results


@pytest.fixture(scope="session")
def all_faults(pytestconfig: pytest.Config) -> bool:
    """Whether all cells are run (`--all-faults`), or those of an event on its way, which are those of `make test`."""
    return bool(pytestconfig.getoption("--all-faults"))


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, built: Path, *, in_container: bool, all_faults: bool) -> Results:
    """What each cell showed."""
    if in_container:
        pytest.skip("A container's functions can't be led through the fault proxies.")
    del built
    return run(tmp_path_factory.mktemp("faults"), PARTITIONS if all_faults else FIRST)
