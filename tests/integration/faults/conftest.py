"""One run of all cells, for the tests of this folder."""

from pathlib import Path

import pytest

from tests.integration.faults.partitions import FIRST, PARTITIONS, run
from tests.integration.faults.results import Results


@pytest.fixture(scope="session")
def all_faults(pytestconfig: pytest.Config) -> bool:
    """Whether to run all cells (`--all-faults`), or only those on an event's path, as `make test` does."""
    return bool(pytestconfig.getoption("--all-faults"))


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, built: Path, *, in_container: bool, all_faults: bool) -> Results:
    """The results of all cells."""
    if in_container:
        pytest.skip("A container's functions can't use the fault proxies.")
    del built
    return run(tmp_path_factory.mktemp("faults"), PARTITIONS if all_faults else FIRST)
