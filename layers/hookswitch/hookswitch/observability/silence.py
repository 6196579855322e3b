"""Finds a quarter of an hour in which no delivery came, from the metrics that the hook functions count.

The schedule runs 13 minutes into each quarter of an hour of the business hours. The fifteen minutes that are looked at
ended two minutes before, so that their metrics have had time to arrive: each quarter of the clock gets one value, and
the first one of a day begins four minutes before the business hours. See docs/runbook.md#silence.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hookswitch.aws import clients
from hookswitch.settings.silence import SilenceSettings

WATCHED = "received"  # authentic deliveries, counted by the hook functions
QUARTER = timedelta(minutes=15)
METRICS_DELAY = timedelta(minutes=2)  # the time that metrics are given to arrive
MINUTE = 60  # seconds


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How many deliveries came in a period.

    Attributes:
        received: Their number.
        since: The first minute of the period, in UTC.
        until: The minute after its last one, in UTC.
    """

    received: int
    since: datetime
    until: datetime

    def report(self) -> dict[str, object]:
        """Return the attributes as JSON types."""
        return {"received": self.received, "since": self.since.isoformat(), "until": self.until.isoformat()}


def count_last_quarter() -> Deliveries:
    """Count the deliveries of the last fifteen minutes whose metrics have arrived.

    Raises:
        ClientError: CloudWatch refused. Nothing may be counted then: not knowing is not silence.
    """
    until = datetime.now(UTC).replace(second=0, microsecond=0) - METRICS_DELAY
    since = until - QUARTER
    settings = SilenceSettings.from_environment()
    answer = clients.cloudwatch().get_metric_statistics(
        Namespace=settings.namespace,
        MetricName=WATCHED,
        Dimensions=[{"Name": "service", "Value": settings.service}],
        StartTime=since,
        EndTime=until,
        Period=MINUTE,
        Statistics=["Sum"],
    )
    return Deliveries(int(sum(point["Sum"] for point in answer["Datapoints"])), since, until)
