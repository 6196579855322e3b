"""When reconcile runs, according to the template."""

from typing import Any

import pytest

from devtools.template import ASKED, expanded, parsed, resources


@pytest.mark.parametrize(
    ("rate", "state"), [("rate(5 minutes)", "ENABLED"), ("rate(1 minute)", "ENABLED"), ("off", "DISABLED")]
)
def test_schedule(rate: str, state: str) -> None:
    """Reconcile runs at ReconcileRate, or only on demand; Lambda does not retry a failed run."""
    given = ASKED | {"ReconcileRate": rate}
    made: dict[str, Any] = resources(expanded(**given), **given)
    rule = made["ReconcileSchedule"]["Properties"]
    assert rule["State"] == state
    assert rule["ScheduleExpression"] == (rate if state == "ENABLED" else "rate(5 minutes)")
    assert made["ReconcileEventInvokeConfig"]["Properties"]["MaximumRetryAttempts"] == 0


def test_run_ends_before_the_next() -> None:
    """A run times out before the next one starts by default."""
    assert parsed()["Resources"]["Reconcile"]["Properties"]["Timeout"] < 300
