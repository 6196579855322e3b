"""The page on faults is what the matrix says, and the matrix leaves nothing out."""

import pytest

from devtools.local import ROOT
from tests.integration.faults.matrix import PROOFS, SERVICES, USES, Kind
from tests.integration.faults.page import PAGE, render, without_measurements
from tests.integration.faults.partitions import PARTITIONS


def test_page() -> None:
    """What is committed is what `make faults` would write, but for what it measures."""
    assert without_measurements(PAGE.read_text()) == without_measurements(render({}))


@pytest.mark.parametrize("function", USES)
def test_every_way_to_fail(function: str) -> None:
    """Each use fails in each way; only what reads has no answer that can be lost, and S3 has one way to say no."""
    for service, use in USES[function].items():
        missing = set(Kind) - use.seen.keys()
        assert missing <= ({Kind.THROTTLE} if service == "answer" else {Kind.LOST})
        assert service in SERVICES
        assert use.proof in PROOFS


def test_every_function() -> None:
    """Each folder of functions/ is a hook, has rows of its own, or carries no event."""
    hooks = set(PARTITIONS["hooks"].hooks) | {"notifications", "silence", "unknown"}
    assert {path.parent.name for path in (ROOT / "functions").rglob("handler.py")} - hooks == USES.keys() - {
        "a hook",
        "parking",
    }
