"""When a service that a function needs fails: what the sender is told, where the event is, how it comes back."""

import pytest

from .ground import DEDICATED, function_of
from .matrix import MATRIX, USES, Cell
from .results import Results

pytestmark = pytest.mark.timeout(900)  # the first test waits for all cells

OUTSIDE = {"dash", "answer"}  # no service of AWS, so no proxy records their calls


@pytest.mark.parametrize("cell", MATRIX, ids=" ".join)
def test_cell(cell: Cell, results: Results) -> None:
    """It comes as the matrix says."""
    assert cell not in results.errors, results.errors[cell]
    assert results.seen.get(cell) == MATRIX[cell], results.lanes


def test_no_dependency_is_forgotten(results: Results) -> None:
    """Each service that a function called in all of this has its row, and each row's service was called."""
    called: dict[str, set[str]] = {}
    for function, services in results.services.items():
        hook = function in map(function_of, DEDICATED)
        called.setdefault("a hook" if hook else function.lower(), set()).update(services)
    assert called == {
        function: services.keys() - OUTSIDE for function, services in USES.items() if function != "parking"
    }
