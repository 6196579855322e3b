"""Routes the events that the queue of events refused.

SNS does not try again what a queue refuses, for example for want of a permission to use its key: it puts it into the
subscription's dead-letter queue (SNS, "Amazon SNS dead-letter queues"). Every few minutes, what is there is routed as
if it had come the usual way.
"""

import json
import time

from hookswitch.aws import clients
from hookswitch.destinations.route import Router

MOST_RECEIVED = 10  # in one call (SQS, ReceiveMessage)
SECONDS = 60.0  # of a sweep, after which the rest waits for the next one


def route_refused(queue: str, router: Router) -> None:
    """Route what is in a queue, and delete it from there.

    What is not an event stays, until the queue has handed it out too often.

    Args:
        queue: The queue's URL.
        router: Routes the events.

    Raises:
        NotTakenError: A service did not do its part; what is left comes again.
        ClientError, BotoCoreError: SQS does not accept a call.
    """
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        answer = clients.sqs(clients.POLL).receive_message(
            QueueUrl=queue, MaxNumberOfMessages=MOST_RECEIVED, WaitTimeSeconds=1
        )
        messages = answer.get("Messages", [])
        if not messages:
            return
        unreadable = router.route({message["MessageId"]: _event(message["Body"]) for message in messages})
        routed = [message for message in messages if message["MessageId"] not in unreadable]
        if routed:
            clients.sqs().delete_message_batch(
                QueueUrl=queue,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(routed)
                ],
            )


def _event(body: str) -> str:
    """Return the event in a message: alone, as the subscription has it, or in an envelope of SNS."""
    try:
        found = json.loads(body)
    except ValueError:
        return body
    is_wrapped = isinstance(found, dict) and found.get("Type") == "Notification"
    return str(found["Message"]) if is_wrapped else body
