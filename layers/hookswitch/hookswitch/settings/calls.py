"""Settings of the calls function."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class CallsSettings:
    """Settings of the calls function.

    Attributes:
        events_table: Name of the table of events (EVENTS_TABLE).
        events_topic: ARN of the SNS topic of events (EVENTS_TOPIC_ARN).
        publish_dead_letter_queue: URL of the queue for events that SNS did not take (PUBLISH_DEAD_LETTER_QUEUE_URL).
        calls_queue: URL of the queue of calls to look at again (CALLS_QUEUE_URL).
        retention_days: Days that an item is kept; 0 keeps it forever (RETENTION_DAYS).
    """

    events_table: str
    events_topic: str
    publish_dead_letter_queue: str
    calls_queue: str
    retention_days: int

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            events_table=env["EVENTS_TABLE"],
            events_topic=env["EVENTS_TOPIC_ARN"],
            publish_dead_letter_queue=env["PUBLISH_DEAD_LETTER_QUEUE_URL"],
            calls_queue=env["CALLS_QUEUE_URL"],
            retention_days=int(env["RETENTION_DAYS"]),
        )
