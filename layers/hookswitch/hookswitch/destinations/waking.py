"""The messages that wake a sender: look what a destination is owed.

They say nothing of what is owed, which the table knows. So any of them may be lost or come twice.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.destinations.record import Destination, Health
from hookswitch.errors import QueueUnavailableError
from hookswitch.observability.log import logger

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MOST_ENTRIES = 10  # of a batch (SQS, SendMessageBatch)
LONGEST_WAIT = 43_200  # seconds that a message can be hidden (SQS, ChangeMessageVisibility): 12 hours
FAULT_WAIT = 5  # seconds, when a service did not do its part; it doubles with each receive of the message
LONGEST_FAULT_WAIT = 300


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A message to a sender.

    Attributes:
        name: The destination's name.
        destination_id: Its id.
        at: When what it is about was in the table, in Unix milliseconds.
    """

    name: str
    destination_id: str
    at: int

    def to_body(self) -> str:
        """Return the message's body."""
        return json.dumps({"name": self.name, "id": self.destination_id, "at": self.at})

    @classmethod
    def from_body(cls, body: str) -> Self:
        """Return the wake-up in a message's body.

        Raises:
            LookupError, TypeError, ValueError: It is none.
        """
        values: Mapping[str, Any] = json.loads(body)
        return cls(str(values["name"]), str(values["id"]), int(values["at"]))


def is_prompt(health: Health) -> bool:
    """Tell whether a destination has shown that it answers quickly, so that it may share senders with others."""
    return health.last_success > 0 and not health.failures and not health.is_slow


def wake(destinations: Iterable[Destination], at: int, send_queue: str, retry_queue: str) -> None:
    """Wake a sender for each destination: the quick ones by one queue, the others by another.

    Raises:
        QueueUnavailableError: SQS did not take all messages.
        ClientError, BotoCoreError: SQS does not accept the call.
    """
    several = [*destinations]
    send(send_queue, [each for each in several if is_prompt(each.health)], at)
    send(retry_queue, [each for each in several if not is_prompt(each.health)], at)


def send(queue: str, destinations: Sequence[Destination], at: int) -> None:
    """Send a message about each destination to a queue.

    A message's group is its destination: SQS shares its readers out fairly among groups (SQS, "Fair queues").

    Raises:
        QueueUnavailableError: SQS did not take all messages.
        ClientError, BotoCoreError: SQS does not accept the call.
    """
    for start in range(0, len(destinations), MOST_ENTRIES):
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(number),
                "MessageBody": WakeUp(destination.name, destination.id, at).to_body(),
                "MessageGroupId": destination.id,
            }
            for number, destination in enumerate(destinations[start : start + MOST_ENTRIES])
        ]
        if clients.sqs().send_message_batch(QueueUrl=queue, Entries=entries).get("Failed"):
            raise QueueUnavailableError("SQS did not take all messages to senders.")


def hide(record: SQSRecord, queue: str, seconds: int) -> None:
    """Hide a message for some seconds. Where that fails, it comes again after the queue's own time."""
    try:
        clients.sqs().change_message_visibility(
            QueueUrl=queue,
            ReceiptHandle=record.receipt_handle,
            VisibilityTimeout=min(max(seconds, 0), LONGEST_WAIT),
        )
    except CALL_ERRORS as error:
        logger.warning("A message could not be hidden: %s", error_reason(error))


def fault_wait(record: SQSRecord) -> int:
    """Return for how many seconds a message is hidden after a service did not do its part."""
    receives = int(record.attributes.approximate_receive_count or 1)
    return min(LONGEST_FAULT_WAIT, FAULT_WAIT << min(receives - 1, 10))
