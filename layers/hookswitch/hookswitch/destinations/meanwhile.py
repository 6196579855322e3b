"""What a sender does while a destination keeps it waiting: it sees to others.

There are few senders, and an attempt at a destination that hangs takes 15 seconds. Many that begin to hang at the same
time, such as all that have their address at one provider, would hold all senders, and everybody else would wait. So a
sender that waits takes more messages from its queue by itself, and sees to each in a thread.

It has to stop in time to end what it has begun, and others wait until it has ended: for 15 seconds if the last one it
began hangs. So it goes on for minutes, and each sender for a time of its own: those that were kept waiting from the
same moment on do not all stop at the same moment.

Whoever is ended meanwhile leaves the messages in the queue, as with those that Lambda hands over.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from hookswitch.aws import clients
from hookswitch.aws.backoff import jittered
from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.observability.log import logger

PATIENCE = 0.5  # seconds that a message may take before others are seen to as well
MOST_MESSAGES = 16  # at the same time
MOST_RECEIVED = 10  # in one call (SQS, ReceiveMessage)
RECEIVING_SECONDS = 240.0  # after which, or half of it, no more are taken: one may need 60, and the function has 300
HIDDEN_SECONDS = 90  # what it took comes again if it is ended: longer than it sees to one message

# It would warn, and not as JSON, when threads have more connections than are kept.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class Meanwhile:
    """Sees to a message of Lambda's, and to others of the same queue for as long as it takes."""

    def __init__(self, carry_out: Callable[[SQSRecord], None], queue: str) -> None:
        """Prepare.

        Args:
            carry_out: Sees to a message; raises an error if the message has to stay in the queue.
            queue: URL of the queue that the message is from.
        """
        self._carry_out, self._queue = carry_out, queue

    def carry_out(self, record: SQSRecord) -> None:
        """See to a message, and raise what that raises."""
        ends = time.monotonic() + jittered(RECEIVING_SECONDS)
        with ThreadPoolExecutor(MOST_MESSAGES) as pool:
            first = pool.submit(self._carry_out, record)
            running: set[Future[None]] = {first}
            wait(running, PATIENCE)
            while (running := {each for each in running if not each.done()}) and time.monotonic() < ends:
                free = MOST_MESSAGES - len(running)
                if not free:
                    wait(running, PATIENCE, FIRST_COMPLETED)
                    continue
                try:
                    others = self._receive(record, min(free, MOST_RECEIVED))
                except CALL_ERRORS as error:
                    logger.warning("No messages could be taken meanwhile: %s", error_reason(error))
                    break
                running |= {pool.submit(self._see_to, other) for other in others}
        first.result()

    def _receive(self, record: SQSRecord, most: int) -> list[SQSRecord]:
        answer = clients.sqs(clients.POLL).receive_message(
            QueueUrl=self._queue,
            MaxNumberOfMessages=most,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            SQSRecord(
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message.get("Attributes", {}),
                    "eventSourceARN": record.event_source_arn,
                }
            )
            for message in answer.get("Messages", [])
        ]

    def _see_to(self, record: SQSRecord) -> None:
        """See to a message that Lambda does not know of, and delete it unless it has to stay."""
        try:
            self._carry_out(record)
        except Exception:  # noqa: BLE001 - it was logged; the message stays, and comes again when it is no longer hidden
            return
        try:
            clients.sqs().delete_message(QueueUrl=self._queue, ReceiptHandle=record.receipt_handle)
        except CALL_ERRORS as error:
            logger.warning("A message could not be deleted, and comes again: %s", error_reason(error))
