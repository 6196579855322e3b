"""Which of a stack's alarms are on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

NEW = "Unchecked: Initial alarm creation"  # CloudWatch's reason for the state of an alarm that never had a value


def is_on(alarm: "MetricAlarmTypeDef") -> bool:
    """Tell whether an alarm reports a fault.

    An alarm that reports missing values is on without them, too, unless it is new
    (docs/engineering/decisions/0078-notices-of-new-alarms.md).
    """
    state = alarm.get("StateValue")
    stopped = state == "INSUFFICIENT_DATA" and alarm.get("StateReason") != NEW
    return state == "ALARM" or (stopped and bool(alarm.get("InsufficientDataActions")))
