"""Settings of the functions that publish and redrive events."""

import os
from dataclasses import dataclass
from typing import Protocol, Self


class OutboxSettings(Protocol):
    """What functions that publish have in common."""

    @property
    def events_table(self) -> str:
        """The name of the table of events."""

    @property
    def publish_dead_letter_queue(self) -> str:
        """The URL of the queue for events that SNS did not take."""


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """Settings of the publish function.

    Attributes:
        events_table: Name of the table of events (EVENTS_TABLE).
        events_topic: ARN of the SNS topic of events (EVENTS_TOPIC_ARN).
        test_topic: ARN of the SNS topic of test deliveries (TEST_TOPIC_ARN).
        publish_dead_letter_queue: URL of the queue for events that SNS did not take (PUBLISH_DEAD_LETTER_QUEUE_URL).
    """

    events_table: str
    events_topic: str
    test_topic: str
    publish_dead_letter_queue: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            events_table=env["EVENTS_TABLE"],
            events_topic=env["EVENTS_TOPIC_ARN"],
            test_topic=env["TEST_TOPIC_ARN"],
            publish_dead_letter_queue=env["PUBLISH_DEAD_LETTER_QUEUE_URL"],
        )


@dataclass(frozen=True, slots=True)
class RedriveSettings:
    """Settings of the redrive function.

    Attributes:
        events_table: Name of the table of events (EVENTS_TABLE).
        redrive_queue: URL of the queue for deliveries that DynamoDB did not take (REDRIVE_QUEUE_URL).
        publish_dead_letter_queue: URL of the queue for events that SNS did not take (PUBLISH_DEAD_LETTER_QUEUE_URL).
        publish_function: Name of the publish function (PUBLISH_FUNCTION).
        stack_id: ARN of the stack (STACK_ID).
    """

    events_table: str
    redrive_queue: str
    publish_dead_letter_queue: str
    publish_function: str
    stack_id: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            events_table=env["EVENTS_TABLE"],
            redrive_queue=env["REDRIVE_QUEUE_URL"],
            publish_dead_letter_queue=env["PUBLISH_DEAD_LETTER_QUEUE_URL"],
            publish_function=env["PUBLISH_FUNCTION"],
            stack_id=env["STACK_ID"],
        )
