"""Records whether deliveries came in the last quarter of an hour, as the metric `silent`: 1 if none did, else 0."""

from collections.abc import Mapping
from typing import Any

from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.observability.silence import count_last_quarter


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> dict[str, object]:
    """Look at one quarter of an hour. The schedule's event is ignored.

    Returns:
        `received`, the number of deliveries, and `since` and `until`, the minutes that were checked (UTC).

    Raises:
        ClientError: CloudWatch refused, and nothing is recorded.
    """
    del event, context
    found = count_last_quarter()
    with MetricsRecorder() as metrics:
        metrics.add("silent", int(not found.received))
    report = found.report()
    logger.info("Deliveries came." if found.received else "No delivery came.", extra=report)
    return report
