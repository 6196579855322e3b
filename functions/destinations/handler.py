"""Adds, shows, changes and removes destinations, and looks after all of them every few minutes."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.destinations.manage import Manager
from hookswitch.destinations.requests import read_request
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import DestinationsSettings


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:  # noqa: ARG001 - Lambda passes it
    """Carry out a request; `hookswitch.destinations.requests` has them all, and their answers.

    Raises:
        HookswitchError: What is asked for can't be done; the text says what can.
    """
    with MetricsRecorder() as metrics:
        manager = Manager(DestinationsSettings.from_environment(), metrics)
        return manager.carry_out(read_request(event)).model_dump(mode="json")
