"""Notes which destinations are owed an event, and wakes their senders."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.destinations.route import Router
from hookswitch.destinations.waking import fault_wait, hide
from hookswitch.errors import NotTakenError
from hookswitch.observability.log import logger
from hookswitch.settings.destinations import RouteSettings


@cache
def router() -> Router:
    """Return the router, which remembers the destinations from one invocation to the next."""
    return Router(RouteSettings.from_environment())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:  # noqa: ARG001 - Lambda passes it
    """Route a batch of messages of the events topic.

    Returns:
        The partial batch response of Lambda's queue mappings: the messages that are not events; all of them if a
        service did not do its part, and then they come again soon.
    """
    records = [SQSRecord(record) for record in event["Records"]]
    try:
        failed = router().route({record.message_id: record.body for record in records})
    except NotTakenError as error:
        logger.warning("%s", error)
        failed = {record.message_id for record in records}
        for record in records:
            hide(record, RouteSettings.from_environment().events_queue, fault_wait(record))
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
