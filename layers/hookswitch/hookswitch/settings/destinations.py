"""Settings of the functions that send events to destinations."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """Settings of the route function.

    Attributes:
        destinations_table: Name of the table of destinations and what is owed to them (DESTINATIONS_TABLE).
        events_table: Name of the table of events (EVENTS_TABLE).
        events_queue: URL of the queue of events that are to be routed (DESTINATION_EVENTS_QUEUE_URL).
        send_queue: URL of the queue that wakes the sender (SEND_QUEUE_URL).
        retry_queue: URL of the same for destinations that fail or are slow (RETRY_QUEUE_URL).
    """

    destinations_table: str
    events_table: str
    events_queue: str
    send_queue: str
    retry_queue: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            destinations_table=env["DESTINATIONS_TABLE"],
            events_table=env["EVENTS_TABLE"],
            events_queue=env["DESTINATION_EVENTS_QUEUE_URL"],
            send_queue=env["SEND_QUEUE_URL"],
            retry_queue=env["RETRY_QUEUE_URL"],
        )


@dataclass(frozen=True, slots=True)
class SendSettings:
    """Settings of the send function.

    Attributes:
        destinations_table: Name of the table of destinations and what is owed to them (DESTINATIONS_TABLE).
        events_table: Name of the table of events (EVENTS_TABLE).
        send_queue: URL of the queue that wakes the sender (SEND_QUEUE_URL).
        retry_queue: URL of the same for destinations that fail or are slow (RETRY_QUEUE_URL).
        operations_topic: ARN of the SNS topic that operators are told on (OPERATIONS_TOPIC_ARN).
        key: ARN of the KMS key that addresses and signing secrets are encrypted with; empty while the stack has no
            destinations (DESTINATIONS_KEY_ARN).
        test_hosts: Each `host:port` that may be private and without TLS, for tests (DESTINATION_TEST_HOSTS).
        stack: The stack's name, for notices (STACK_NAME).
        account_id: The Dash account that this stack serves (DASH_ACCOUNT_ID).
    """

    destinations_table: str
    events_table: str
    send_queue: str
    retry_queue: str
    operations_topic: str
    key: str
    test_hosts: frozenset[str]
    stack: str
    account_id: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            destinations_table=env["DESTINATIONS_TABLE"],
            events_table=env["EVENTS_TABLE"],
            send_queue=env["SEND_QUEUE_URL"],
            retry_queue=env["RETRY_QUEUE_URL"],
            operations_topic=env["OPERATIONS_TOPIC_ARN"],
            key=env["DESTINATIONS_KEY_ARN"],
            test_hosts=_listed(env["DESTINATION_TEST_HOSTS"]),
            stack=env["STACK_NAME"],
            account_id=env["DASH_ACCOUNT_ID"].lower(),
        )


@dataclass(frozen=True, slots=True)
class DestinationsSettings:
    """Settings of the destinations function.

    Attributes:
        destinations_table: Name of the table of destinations and what is owed to them (DESTINATIONS_TABLE).
        events_table: Name of the table of events (EVENTS_TABLE).
        send_queue: URL of the queue that wakes the sender (SEND_QUEUE_URL).
        retry_queue: URL of the same for destinations that fail or are slow (RETRY_QUEUE_URL).
        refused_queue: URL of the queue of events that the queue of events refused (REFUSED_EVENTS_QUEUE_URL).
        key: ARN of the KMS key that addresses and signing secrets are encrypted with; empty while the stack has no
            destinations (DESTINATIONS_KEY_ARN).
        account_id: The Dash account that this stack serves (DASH_ACCOUNT_ID).
        time_zone: The IANA time zone of a destination that names none (BUSINESS_TIME_ZONE).
        test_hosts: Each `host:port` that may be private and without TLS, for tests (DESTINATION_TEST_HOSTS).
    """

    destinations_table: str
    events_table: str
    send_queue: str
    retry_queue: str
    refused_queue: str
    key: str
    account_id: str
    time_zone: str
    test_hosts: frozenset[str]

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            destinations_table=env["DESTINATIONS_TABLE"],
            events_table=env["EVENTS_TABLE"],
            send_queue=env["SEND_QUEUE_URL"],
            retry_queue=env["RETRY_QUEUE_URL"],
            refused_queue=env["REFUSED_EVENTS_QUEUE_URL"],
            key=env["DESTINATIONS_KEY_ARN"],
            account_id=env["DASH_ACCOUNT_ID"].lower(),
            time_zone=env["BUSINESS_TIME_ZONE"],
            test_hosts=_listed(env["DESTINATION_TEST_HOSTS"]),
        )


def _listed(value: str) -> frozenset[str]:
    return frozenset(part.strip() for part in value.split(",") if part.strip())
