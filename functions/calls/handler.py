"""Folds stored events into calls: one record for each call, published whenever it changes."""

import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.calls.requests import BackfillRequest, QueueBatch, SweepRequest, read_request
from hookswitch.calls.run import Calls
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.calls import CallsSettings

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Fold a batch of the stream, check calls that the queue names, sweep, or backfill.

    Returns:
        The partial batch response of Lambda's stream and queue mappings; else how much was done.
    """
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    request = read_request(event)
    with MetricsRecorder() as metrics:
        calls = Calls(CallsSettings.from_environment(), metrics, deadline)
        match request:
            case QueueBatch():
                return process_partial_response(
                    event=event, record_handler=calls.carry_out, processor=_processor, context=context
                )
            case SweepRequest():
                return calls.sweep()
            case BackfillRequest():
                return calls.backfill(request)
            case _:
                return calls.fold_batch(request).to_message()
