"""Tells whether deliveries came in the last quarter of an hour, as the metric `silent`: 1 if none did, else 0.

EventBridge Scheduler calls it in each quarter of an hour of the business hours, 13 minutes after the quarter began. It
looks at the fifteen minutes that ended two minutes before, so that metrics have had time to arrive: each quarter of the
clock has one value, and a day's first one begins four minutes before the business hours. See docs/runbook.md#silence.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder

WATCHED = "received"  # authentic deliveries, counted by the hook functions
QUARTER = timedelta(minutes=15)
ON_THEIR_WAY = timedelta(minutes=2)  # what metrics are given to arrive
MINUTE = 60  # seconds

_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def _cloudwatch() -> Any:
    return boto3.client("cloudwatch", config=_CONFIG)


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Look at one quarter of an hour. What the schedule sends is ignored.

    Returns:
        `received`, the number of deliveries, and `since` and `until`, the minutes that were looked at (UTC).

    Raises:
        ClientError: CloudWatch refused. Nothing is counted then: not to know is not silence.
    """
    del event, context
    until = datetime.now(UTC).replace(second=0, microsecond=0) - ON_THEIR_WAY
    since = until - QUARTER
    received = _received(since, until)
    with MetricsRecorder() as measures:
        measures.add("silent", int(not received))
    found = {"received": received, "since": since.isoformat(), "until": until.isoformat()}
    logger.info("Silence." if not received else "No silence.", extra=found)
    return found


def _received(since: datetime, until: datetime) -> int:
    answer = _cloudwatch().get_metric_statistics(
        Namespace=os.environ["POWERTOOLS_METRICS_NAMESPACE"],
        MetricName=WATCHED,
        Dimensions=[{"Name": "service", "Value": os.environ["POWERTOOLS_SERVICE_NAME"]}],
        StartTime=since,
        EndTime=until,
        Period=MINUTE,
        Statistics=["Sum"],
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))
