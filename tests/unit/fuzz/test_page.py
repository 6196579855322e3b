"""The page of the fuzzing says what was measured, also where that is bad news."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fuzz.page import written
from tests.fuzz.run import Fuzzing


def done(failures: Sequence[Mapping[str, Any]]) -> Fuzzing:
    """Return a run."""
    return Fuzzing(
        first_seeds=[5, 1_000_005],
        seconds=600.0,
        by_http=10_000,
        at_handlers=90_001,
        outcomes={"stored": 60_000, "403": 40_001},
        kinds={"empty": 100_001},
        looked_up=60_000,
        log_lines=300_000,
        failures=failures,
    )


def test_no_failure() -> None:
    """The sums, the seeds, and how to repeat it."""
    page = written(done([]))
    assert "**100,001 requests, no failure**, in 10 minutes" in page
    assert "`make fuzz SEED=5`" in page
    assert "| stored | 60,000 |" in page
    assert "what failed" not in page


def test_failures() -> None:
    """Failures of one kind are one line, whichever items they are about."""
    failures = [{"wrong": [f"quarantine-{number:032x} is quarantined without a reason."]} for number in range(3)]
    page = written(done([*failures, {"wrong": ["It was answered 500 instead of 403."]}]))
    assert "**100,001 requests, 4 failures**" in page
    assert "| An item is quarantined without a reason. | 3 |" in page
    assert "| It was answered 500 instead of 403. | 1 |" in page
