"""Which alarms report a fault: `make doctor`, `make status` and the console go by it."""

import pytest

from hookswitch.console.alarms import NEW, is_on

NO_DATA = "Insufficient Data: 3 datapoints were unknown."


@pytest.mark.parametrize(
    ("state", "reason", "reports_missing_values", "expected"),
    [
        ("ALARM", "Threshold Crossed", False, True),
        ("OK", "Threshold Crossed", True, False),
        ("INSUFFICIENT_DATA", NEW, True, False),
        ("INSUFFICIENT_DATA", NO_DATA, True, True),
        ("INSUFFICIENT_DATA", NO_DATA, False, False),
    ],
)
def test_is_on(state: str, reason: str, *, reports_missing_values: bool, expected: bool) -> None:
    """An alarm is on in ALARM; one that reports missing values also without them, unless it never had one."""
    actions = ["arn:aws:sns:us-east-1:123456789012:operations"] if reports_missing_values else []
    alarm = {"StateValue": state, "StateReason": reason, "InsufficientDataActions": actions}
    assert is_on(alarm) is expected  # type: ignore[arg-type]
