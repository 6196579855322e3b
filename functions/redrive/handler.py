"""Redelivers and republishes what the queues hold, and replays the quarantine by hand."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.receiving.hook_functions import HookFunctions
from hookswitch.receiving.redrive import redrive
from hookswitch.reconcile.quarantine import Quarantine
from hookswitch.reconcile.replay import Replayer, ReplayRequest
from hookswitch.settings.publishing import RedriveSettings

RESERVE = 30  # seconds of the function's time in which no replay begins: a hook function may take 28

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Redrive a batch of SQS messages, each of which fails alone; or carry out a ReplayRequest.

    Returns:
        The partial batch response of Lambda's queue mappings; for a replay what `Replayer.replay` returns.
    """
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    with MetricsRecorder() as metrics:
        if "quarantine" in event:
            settings = RedriveSettings.from_environment()
            functions = HookFunctions(settings.stack_id)
            replayer = Replayer(Quarantine(settings.events_table), functions, deadline - RESERVE, metrics)
            return replayer.replay(ReplayRequest.parse(event["quarantine"]))
        return process_partial_response(
            event=event, record_handler=partial(redrive, metrics), processor=_processor, context=context
        )
