"""One run of all cells, for the tests of this folder."""

import pytest

from .lanes import run
from .results import Results


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, *, in_container: bool) -> Results:
    """What each cell showed."""
    if in_container:
        pytest.skip("A container's functions can't be led through the fault proxies.")
    return run(tmp_path_factory.mktemp("faults"))
