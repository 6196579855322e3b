"""The page on faults matches the matrix, and the matrix is complete."""

import pytest

from devtools.local import ROOT
from hookswitch.dash.hooks import HOOKS
from tests.integration.faults.matrix import PROOFS, SERVICES, USES, Kind
from tests.integration.faults.page import PAGE, render, without_measurements


def test_page() -> None:
    """The committed page is what `make faults` would write, except for the measurements."""
    assert without_measurements(PAGE.read_text()) == without_measurements(render({}))


@pytest.mark.parametrize("function", USES)
def test_every_way_to_fail(function: str) -> None:
    """Each use fails in each way. Only reads have no lost answer, and S3 rejects calls in one way only."""
    for service, use in USES[function].items():
        missing = set(Kind) - use.seen.keys()
        assert missing <= ({Kind.THROTTLE} if service == "answer" else {Kind.LOST})
        assert service in SERVICES
        assert use.proof in PROOFS


def test_every_function() -> None:
    """Each folder of functions/ is a hook, has its own rows, or stores, publishes and sends no events."""
    others = {*HOOKS, "silence", "unknown", "destinations", "console"}
    assert {path.parent.name for path in (ROOT / "functions").rglob("handler.py")} - others == USES.keys() - {
        "a hook",
        "parking",
    }
