"""Sends destinations what they are owed, and samples when somebody wants to try one."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.destinations.requests import Test, parse
from hookswitch.destinations.send import Sender
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import SendSettings

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """See to the destinations that a batch of messages names; or send a sample (`{"test": {"name": ...}}`).

    Returns:
        The partial batch response of Lambda's queue mappings; for a sample what it met, as `requests.Tested`.
    """
    with MetricsRecorder() as metrics:
        sender = Sender(SendSettings.from_environment(), metrics)
        if Test.verb in event:
            return sender.test(parse(Test, event[Test.verb])).model_dump()
        return process_partial_response(
            event=event, record_handler=sender.carry_out_several, processor=_processor, context=context
        )
