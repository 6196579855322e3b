"""The publish dead-letter queue: which event is still owed to which destination."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hookswitch.aws.clients import CALL_ERRORS, error_code
from hookswitch.observability.log import logger
from hookswitch.receiving.requests import UnpublishedEvent

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

MAX_ENTRIES = 10  # of one batch (SQS, SendMessageBatch)


def add(
    owed: Sequence[UnpublishedEvent], queue_url: str, stop_at: float, client: "SQSClient"
) -> list[UnpublishedEvent]:
    """Add one message for each event, so that none waits for another; return what the queue did not take.

    Args:
        owed: What to add.
        queue_url: The queue's URL.
        stop_at: When to begin no other call, in seconds of `time.monotonic`. None begins after one that failed, either.
        client: Its limits are those of the caller.
    """
    for start in range(0, len(owed), MAX_ENTRIES):
        chunk, rest = owed[start : start + MAX_ENTRIES], owed[start + MAX_ENTRIES :]
        refused, reason = set(range(len(chunk))), "too slow"
        if time.monotonic() < stop_at:
            refused, reason = _send(chunk, queue_url, client)
        if refused:
            logger.error("The publish dead-letter queue did not take all events: %s", reason)
            return [*(chunk[number] for number in sorted(refused)), *rest]
    return []


def _send(chunk: Sequence[UnpublishedEvent], queue_url: str, client: "SQSClient") -> tuple[set[int], str]:
    """Return which of the events the queue did not take, by their places, and why."""
    try:
        response = client.send_message_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(number), "MessageBody": json.dumps(event.to_message())} for number, event in enumerate(chunk)
            ],
        )
    except CALL_ERRORS as error:
        return set(range(len(chunk))), error_code(error)
    failed = response.get("Failed", [])
    return {int(failure["Id"]) for failure in failed}, ", ".join(sorted({failure["Code"] for failure in failed}))
