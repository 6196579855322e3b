"""Settings of the functions behind the hooks."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self


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


class OutboxSettings(Protocol):
    """What functions that publish have in common."""

    @property
    def events_table(self) -> str:
        """The name of the table of events."""

    @property
    def publish_dead_letter_queue(self) -> str:
        """The URL of the queue for events that SNS did not take."""


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


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Settings of the console's function.

    Attributes:
        address: Where browsers find it, without a slash at the end (CONSOLE_ADDRESS).
        pool_address: Where browsers and the function find the user pool's pages (USER_POOL_ADDRESS).
        user_pool: The pool's id (USER_POOL_ID).
        client: The id of the pool's client (USER_POOL_CLIENT_ID).
        sessions_table: Name of the table of sessions (SESSIONS_TABLE).
        events_table: Name of the table of events (EVENTS_TABLE).
        destinations_table: Name of the table of destinations (DESTINATIONS_TABLE).
        account_id: The Dash account that this stack serves (DASH_ACCOUNT_ID).
        time_zone: The office's IANA time zone (BUSINESS_TIME_ZONE).
        stack: The stack's name (POWERTOOLS_SERVICE_NAME).
        region: The AWS Region (AWS_REGION, which Lambda sets).
        queues: The URL of each queue that health is about, by its name (QUEUE_URLS, as JSON).
    """

    address: str
    pool_address: str
    user_pool: str
    client: str
    sessions_table: str
    events_table: str
    destinations_table: str
    account_id: str
    time_zone: str
    stack: str
    region: str
    queues: Mapping[str, str]

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            address=env["CONSOLE_ADDRESS"],
            pool_address=env["USER_POOL_ADDRESS"],
            user_pool=env["USER_POOL_ID"],
            client=env["USER_POOL_CLIENT_ID"],
            sessions_table=env["SESSIONS_TABLE"],
            events_table=env["EVENTS_TABLE"],
            destinations_table=env["DESTINATIONS_TABLE"],
            account_id=env["DASH_ACCOUNT_ID"].lower(),
            time_zone=env["BUSINESS_TIME_ZONE"],
            stack=env["POWERTOOLS_SERVICE_NAME"],
            region=env["AWS_REGION"],
            queues=json.loads(env["QUEUE_URLS"]),
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


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """Settings of the reconcile function.

    Attributes:
        events_table: Name of the table of events (EVENTS_TABLE).
        account_id: The Dash account that this stack serves (DASH_ACCOUNT_ID).
        retention_days: Days that an item is kept; 0 keeps it forever (RETENTION_DAYS).
        webhooks_state: What the stack registers on Dash, as the custom resource wrote it down (DASH_WEBHOOKS).
        include_subaccounts: Whether descendants of that account are served, too (INCLUDE_SUBACCOUNTS).
        destinations_table: Name of the table of destinations (DESTINATIONS_TABLE).
        repairs_drift: Whether changes that somebody made to a webhook are undone (ON_DRIFT is `repair`).
    """

    events_table: str
    account_id: str
    retention_days: int
    webhooks_state: str
    include_subaccounts: bool
    destinations_table: str
    repairs_drift: bool

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            events_table=env["EVENTS_TABLE"],
            account_id=env["DASH_ACCOUNT_ID"].lower(),
            retention_days=int(env["RETENTION_DAYS"]),
            webhooks_state=env["DASH_WEBHOOKS"],
            include_subaccounts=env["INCLUDE_SUBACCOUNTS"] == "true",
            destinations_table=env["DESTINATIONS_TABLE"],
            repairs_drift=env["ON_DRIFT"] == "repair",
        )


@dataclass(frozen=True, slots=True)
class ProvisionSettings:
    """Settings of the provision function: all that its requests may not choose.

    Attributes:
        stack_id: ARN of the stack (STACK_ID).
        api_url: The base address of Dash's API (DASH_API_URL).
        credentials: ARN of the secret with the credentials for Dash (DASH_CREDENTIALS_ARN).
        callback_secret: ARN of the secret that the callback tokens derive from (CALLBACK_SECRET_ARN).
        callback_base_url: The address to register instead of the API's own; empty for that (CALLBACK_BASE_URL).
        stage: The API's stage (STAGE_NAME).
        url_suffix: The domain of AWS in this partition (URL_SUFFIX).
        ignores_failed_delete: Whether a deletion succeeds although webhooks may be left on Dash (ON_DELETE_FAILURE is
            `ignore`).
    """

    stack_id: str
    api_url: str
    credentials: str
    callback_secret: str
    callback_base_url: str
    stage: str
    url_suffix: str
    ignores_failed_delete: bool

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(
            stack_id=env["STACK_ID"],
            api_url=env["DASH_API_URL"],
            credentials=env["DASH_CREDENTIALS_ARN"],
            callback_secret=env["CALLBACK_SECRET_ARN"],
            callback_base_url=env["CALLBACK_BASE_URL"],
            stage=env["STAGE_NAME"],
            url_suffix=env["URL_SUFFIX"],
            ignores_failed_delete=env["ON_DELETE_FAILURE"] == "ignore",
        )


@dataclass(frozen=True, slots=True)
class RotateSettings:
    """Settings of the rotate function.

    Attributes:
        callback_secret: ARN of the secret that it rotates (CALLBACK_SECRET_ARN).
        webhooks_state: What the stack registers on Dash, as the custom resource wrote it down (DASH_WEBHOOKS).
    """

    callback_secret: str
    webhooks_state: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(env["CALLBACK_SECRET_ARN"], env["DASH_WEBHOOKS"])


@dataclass(frozen=True, slots=True)
class SilenceSettings:
    """Settings of the silence function.

    Attributes:
        namespace: Of the metrics in CloudWatch (POWERTOOLS_METRICS_NAMESPACE).
        service: The stack's name, a dimension of every metric (POWERTOOLS_SERVICE_NAME).
    """

    namespace: str
    service: str

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        env = os.environ
        return cls(env["POWERTOOLS_METRICS_NAMESPACE"], env["POWERTOOLS_SERVICE_NAME"])


@dataclass(frozen=True, slots=True)
class WaitSettings:
    """Waits that tests shorten; the template sets none.

    Attributes:
        dash_read: Seconds to wait for an answer of Dash, None for the default (DASH_READ_SECONDS).
        calls_settle: Seconds after the end of a call until its record is final, None for the default
            (CALLS_SETTLE_SECONDS).
        callback_settle: Seconds after a change of the callback secret until its tokens may be registered, None for the
            default (CALLBACK_SETTLE_SECONDS).
        console_refresh: Seconds after which the user pool is asked again who somebody is, None for the default
            (CONSOLE_REFRESH_SECONDS).
    """

    dash_read: float | None
    calls_settle: float | None
    callback_settle: float | None
    console_refresh: float | None

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        return cls(
            _seconds("DASH_READ_SECONDS"),
            _seconds("CALLS_SETTLE_SECONDS"),
            _seconds("CALLBACK_SETTLE_SECONDS"),
            _seconds("CONSOLE_REFRESH_SECONDS"),
        )


def _seconds(name: str) -> float | None:
    value = os.environ.get(name)
    return float(value) if value else None


def _listed(value: str) -> frozenset[str]:
    return frozenset(part.strip() for part in value.split(",") if part.strip())
