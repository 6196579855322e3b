"""A queue that is subscribed to the events topic, as a subscriber's would be."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from devtools.waiting import wait_for
from hookswitch.events.envelope import TYPE_PREFIX
from hookswitch.events.kinds import CALL

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Message:
    """A published event as a subscriber sees it.

    Attributes:
        event: The CloudEvent.
        attributes: The message attributes that subscribers filter by, as they arrive: name to Type and Value.
        arrived_at: When it came into the queue, in Unix seconds.
    """

    event: Mapping[str, Any]
    attributes: Mapping[str, Mapping[str, str]]
    arrived_at: float = 0.0

    @property
    def id(self) -> str:
        """The event's id."""
        return str(self.event["id"])


def subscribers_policy(queue_arn: str, topic_arn: str) -> str:
    """Return the policy that lets SNS put a topic's messages into a queue."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Inbox:
    """Collects what the topic publishes during the `with` block."""

    def __init__(
        self,
        sns: "SNSClient",
        sqs: "SQSClient",
        topic_arn: str,
        filter_policy: Mapping[str, Any] | None = None,
    ) -> None:
        self._sns, self._sqs, self._topic_arn, self._filter = sns, sqs, topic_arn, filter_policy
        self._url = ""
        self._subscription = ""
        self.messages: list[Message] = []

    def __enter__(self) -> Self:
        """Create the queue and subscribe it."""
        self._url = self._sqs.create_queue(QueueName=f"inbox-{uuid.uuid4().hex}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        policy = subscribers_policy(attributes["QueueArn"], self._topic_arn)
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        self._subscription = self._sns.subscribe(
            TopicArn=self._topic_arn,
            Protocol="sqs",
            Endpoint=attributes["QueueArn"],
            Attributes={"FilterPolicy": json.dumps(self._filter)} if self._filter else {},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unsubscribe the queue and delete it."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._url)

    def read(self) -> list[Message]:
        """Receive what has arrived, and return all messages since the start."""
        asked: Any = {"QueueUrl": self._url, "MaxNumberOfMessages": 10, "AttributeNames": ["SentTimestamp"]}
        while batch := self._sqs.receive_message(**asked).get("Messages"):
            for message in batch:
                envelope = json.loads(message["Body"])
                attributes = envelope.get("MessageAttributes", {})
                arrived_at = int(message["Attributes"]["SentTimestamp"]) / 1000
                self.messages.append(Message(json.loads(envelope["Message"]), attributes, arrived_at))
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(batch)
                ],
            )
        return self.messages

    def events(self) -> list[Message]:
        """Receive what has arrived, and return the messages about events, without those about calls."""
        return [message for message in self.read() if message.event["type"] != f"{TYPE_PREFIX}{CALL}"]

    def counts(self) -> Counter[str]:
        """Return how often each event id has arrived so far."""
        self.read()
        return self.counts_so_far()

    def counts_so_far(self) -> Counter[str]:
        """Return how often each event id had arrived when the queue was last read."""
        return Counter(message.id for message in self.messages)

    def wait_for(self, event_id: str, limit: float = 60.0) -> Message:
        """Return the message of an event as soon as it is there."""
        found = wait_for(
            lambda: [message for message in self.read() if message.id == event_id],
            f"event {event_id} is published",
            limit,
        )
        return found[0]

    def wait_for_all(self, event_ids: Iterable[str], limit: float = 60.0) -> Counter[str]:
        """Return how often each event arrived, once all of these have arrived, or at the limit."""
        wanted = set(event_ids)
        wait_for(lambda: wanted <= self.counts().keys(), "all events are published", limit)
        return self.counts()
