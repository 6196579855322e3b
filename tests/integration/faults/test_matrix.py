"""When a service that a function needs fails: what the sender is told, where the event is, how it comes back."""

import pytest

from tests.integration.faults.environment import DEDICATED, function_of
from tests.integration.faults.matrix import MATRIX, USES, Cell, cells
from tests.integration.faults.results import Results

pytestmark = pytest.mark.timeout(900)  # the first test waits for all cells

OUTSIDE = {"dash", "list", "answer"}  # no service of AWS, so no proxy records their calls


# What the other partitions have is longer: `make faults` runs it, and so does --all-faults.
FIRST = {*cells("a hook"), *cells("parking"), *cells("publish"), *cells("redrive", "lambda", "dynamodbstreams")}
LATER = "`make faults` runs it."


@pytest.mark.parametrize("cell", MATRIX, ids=" ".join)
def test_cell(cell: Cell, results: Results, *, all_faults: bool) -> None:
    """It comes as the matrix says."""
    if cell not in FIRST and not all_faults:
        pytest.skip(LATER)
    assert cell not in results.errors, results.errors[cell]
    assert results.seen.get(cell) == MATRIX[cell], results.partitions


def test_no_dependency_is_forgotten(results: Results, *, all_faults: bool) -> None:
    """Each service that a function called in all of this has its row, and each row's service was called."""
    if not all_faults:
        pytest.skip(LATER)
    called: dict[str, set[str]] = {}
    for function, services in results.services.items():
        hook = function in map(function_of, DEDICATED)
        called.setdefault("a hook" if hook else function.lower(), set()).update(services)
    assert called == {
        function: services.keys() - OUTSIDE for function, services in USES.items() if function != "parking"
    }
