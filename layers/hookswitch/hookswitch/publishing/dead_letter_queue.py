"""The publish dead-letter queue: which events are still owed to which destination."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hookswitch.aws.clients import CALL_ERRORS, error_code
from hookswitch.observability.log import logger
from hookswitch.receiving.requests import UnpublishedEvent

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

MAX_ENTRIES = 10  # per batch (SQS, SendMessageBatch)


def add(
    owed: Sequence[UnpublishedEvent], queue_url: str, stop_at: float, client: "SQSClient"
) -> list[UnpublishedEvent]:
    """Add one message per event, so that no event waits for another; return what the queue did not accept.

    Args:
        owed: What to add.
        queue_url: The queue's URL.
        stop_at: When to start no further call, in `time.monotonic` seconds. A failed call is the last one, too.
        client: An SQS client with the caller's time limits.
    """
    for start in range(0, len(owed), MAX_ENTRIES):
        chunk, rest = owed[start : start + MAX_ENTRIES], owed[start + MAX_ENTRIES :]
        refused, reason = set(range(len(chunk))), "too slow"
        if time.monotonic() < stop_at:
            refused, reason = _send(chunk, queue_url, client)
        if refused:
            logger.error("The publish dead-letter queue did not accept all events: %s", reason)
            return [*(chunk[number] for number in sorted(refused)), *rest]
    return []


def _send(chunk: Sequence[UnpublishedEvent], queue_url: str, client: "SQSClient") -> tuple[set[int], str]:
    """Return the indexes of the events that the queue did not accept, and why."""
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
