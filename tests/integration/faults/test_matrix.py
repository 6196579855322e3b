"""When a service fails: what the caller gets, where the event is, and what recovers it."""

import pytest

from tests.integration.faults import sending
from tests.integration.faults.environment import DEDICATED, function_of
from tests.integration.faults.matrix import MATRIX, USES, Cell, cells
from tests.integration.faults.results import Results

pytestmark = pytest.mark.timeout(900)  # the first test runs all cells

OUTSIDE = {"dash", "list", "records", "answer", "receiver"}  # not AWS services, so no proxy records their calls


# The other partitions take longer: `make faults` and --all-faults run them.
FIRST = {
    *cells("a hook"),
    *cells("parking"),
    *cells("publish"),
    *cells("redrive", "lambda", "dynamodbstreams"),
    *sending.FEW,
}
LATER = "Takes minutes with the cells of its partition: `make faults` runs it."


@pytest.mark.parametrize("cell", MATRIX, ids=" ".join)
def test_cell(cell: Cell, results: Results, *, all_faults: bool) -> None:
    """The cell behaves as the matrix says."""
    if cell not in FIRST and not all_faults:
        pytest.skip(LATER)
    assert cell not in results.errors, results.errors[cell]
    assert results.seen.get(cell) == MATRIX[cell], results.partitions


def test_no_dependency_is_forgotten(results: Results, *, all_faults: bool) -> None:
    """The services that each function called are exactly those in the matrix."""
    if not all_faults:
        pytest.skip(LATER)
    called: dict[str, set[str]] = {}
    for function, services in results.services.items():
        hook = function in map(function_of, DEDICATED)
        called.setdefault("a hook" if hook else function.lower(), set()).update(services)
    assert called == {
        function: services.keys() - OUTSIDE for function, services in USES.items() if function != "parking"
    }
