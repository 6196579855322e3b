"""When reconcile runs, according to the template."""

from typing import Any

import pytest

from devtools.template import ASKED, expanded, parsed, resources
from hookswitch.dash.hooks import DISABLED


@pytest.mark.parametrize(
    ("rate", "state"), [("rate(5 minutes)", "ENABLED"), ("rate(1 minute)", "ENABLED"), ("off", "DISABLED")]
)
def test_schedule(rate: str, state: str) -> None:
    """Reconcile runs at ReconcileRate, or only on demand."""
    given = ASKED | {"ReconcileRate": rate}
    made: dict[str, Any] = resources(expanded(**given), **given)
    rule = made["ReconcileSchedule"]["Properties"]
    assert rule["State"] == state
    assert rule["ScheduleExpression"] == (rate if state == "ENABLED" else "rate(5 minutes)")


def test_notification_starts_a_run() -> None:
    """Of all that is published, only Dash's notification of a disabled webhook invokes the function."""
    made: dict[str, Any] = resources(expanded(**ASKED), **ASKED)
    subscribed = {
        name: it["Properties"]
        for name, it in made.items()
        if it["Type"] == "AWS::SNS::Subscription" and it["Properties"]["Protocol"] == "lambda"
    }
    assert subscribed.keys() == {"ReconcileDisabled"}
    assert subscribed["ReconcileDisabled"]["FilterPolicy"] == {"hook": [DISABLED]}
    permission = made["ReconcileDisabledPermission"]["Properties"]
    assert permission["Principal"] == "sns.amazonaws.com"
    assert permission["SourceArn"] == subscribed["ReconcileDisabled"]["TopicArn"]


def test_failed_run_is_repeated() -> None:
    """Lambda repeats a run after one minute, and after two more: an event may be older than that by a run."""
    made: dict[str, Any] = resources(expanded(**ASKED), **ASKED)
    config = made["ReconcileEventInvokeConfig"]["Properties"]
    assert config["MaximumRetryAttempts"] == 2
    assert 60 + 120 + 60 <= config["MaximumEventAgeInSeconds"] <= 300


def test_run_ends_before_the_next() -> None:
    """A run times out before the next one starts by default."""
    assert parsed()["Resources"]["Reconcile"]["Properties"]["Timeout"] < 300
