"""The one logger, and the count of what became of each delivery."""

import os

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Hookswitch"

logger = Logger(service=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "hookswitch"))


def count(name: str, hook: str, value: int = 1) -> None:
    """Count deliveries of a hook, by default one, as a CloudWatch metric in the embedded metric format."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE) as metric:
        metric.add_dimension("hook", hook)
