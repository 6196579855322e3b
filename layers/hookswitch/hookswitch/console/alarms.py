"""The stack's alarms, as CloudWatch has them."""

import re
from typing import TYPE_CHECKING

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, QUICK, error_code
from hookswitch.calls.log import rfc3339
from hookswitch.observability.log import logger

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


def alarms(stack: str) -> list[dict[str, object]] | None:
    """Return all alarms of a stack, those that report a fault first, then by name; None if CloudWatch does not tell."""
    pages = clients.cloudwatch(QUICK).get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack}-")
    try:
        found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    except CALL_ERRORS as error:
        logger.warning("The alarms are unknown: %s", error_code(error))
        return None
    # CloudFormation calls an alarm <stack>-<logical id>-<random>; the name of another stack may begin like this one's.
    named = re.compile(rf"{re.escape(stack)}-(?P<id>[A-Za-z0-9]+)-[A-Za-z0-9]+")
    shown = [_alarm(match["id"], alarm) for alarm in found if (match := named.fullmatch(alarm["AlarmName"]))]
    return sorted(shown, key=lambda alarm: (not alarm["on"], alarm["state"] != "ALARM", str(alarm["name"])))


def _alarm(logical_id: str, alarm: "MetricAlarmTypeDef") -> dict[str, object]:
    """Return an alarm as the API has it. Its description begins with the stack's name, and ends with what to read."""
    text, _, runbook = alarm.get("AlarmDescription", "").rpartition(" See ")
    since = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
    return {
        "name": logical_id.removesuffix("Alarm"),
        "state": alarm.get("StateValue", "INSUFFICIENT_DATA"),
        "on": is_on(alarm),
        "since": rfc3339(since) if since else None,
        "description": text.partition(": ")[2],
        "runbook": runbook,
    }
