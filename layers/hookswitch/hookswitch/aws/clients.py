"""All botocore clients of the stack, with time limits for each use.

A hook imports this module only when it has to, because botocore would take most of its cold start. See
docs/engineering/decisions/0020-cold-start.md.
"""

from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError

from hookswitch.aws.protocol import CONNECT_SECONDS, DYNAMODB, READ_SECONDS, SECRETS_MANAGER, SHORT_READ_SECONDS
from hookswitch.errors import reason

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodbstreams.client import DynamoDBStreamsClient
    from types_boto3_events.client import EventBridgeClient
    from types_boto3_kms.client import KMSClient
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_secretsmanager.client import SecretsManagerClient
    from types_boto3_sns.client import SNSClient
    from types_boto3_sqs.client import SQSClient

CALL_ERRORS: Final = (ClientError, BotoCoreError)
"""Everything that a client raises when a call fails; `error_code` names the reason."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The timeouts and attempts of a client.

    Attributes:
        connect_seconds: The connection timeout.
        read_seconds: The response timeout.
        tries: The number of attempts per call; the SDK decides which errors to retry.
        connections: How many calls can run at the same time.
    """

    connect_seconds: float
    read_seconds: float
    tries: int
    connections: int = 10

    @property
    def seconds(self) -> float:
        """The longest duration of a call, back-off included."""
        return self.tries * (self.connect_seconds + self.read_seconds) + 2 * (self.tries > 1)


QUICK = Limits(CONNECT_SECONDS, READ_SECONDS, tries=2)
"""For calls that a sender waits for, or that are soon repeated anyway."""

PATIENT = Limits(2, 15, tries=2)
"""For SNS and its dead-letter queue. SNS has no idempotency token: retrying a call after a slow response publishes a
message twice. So SNS gets a long time to respond, and one retry."""

PATIENT_ONCE = replace(PATIENT, tries=1)
"""For SNS when redrive does the retries."""

INVOKE_HOOK = Limits(2, 28, tries=1, connections=5)
"""A hook function takes at most 25 s, and may start cold. Invoking it twice is harmless but useless. Five at a time,
because Dash's own deliveries need concurrency, too."""

INVOKE_ANY = Limits(2, 34, tries=1)
"""For redrive, which invokes hook functions (25 s) and publish (at most 30 s for these requests)."""

CONTROL = Limits(2, 5, tries=3)
"""For reading about the stack: CloudFormation and CloudWatch."""

STREAM = Limits(2, 3, tries=1)
"""For the table's stream; if it can't be read, the pointer to it stays in its queue."""

POLL = Limits(2, 10, tries=1)
"""For messages of a queue. What an answer names that does not arrive is hidden from everybody for as long as was asked
for, so the answer gets time."""

DESTINATION = Limits(2, 5, tries=1)
"""For a queue or a bus of somebody else's: the schedule of attempts is the retry."""

_session_lock = Lock()  # creating clients from one botocore session is not thread-safe


@cache
def dynamodb(*, short: bool = False) -> "DynamoDBClient":
    """Return the client for the table of events, or its variant for short calls; see `protocol.CircuitBreaker`."""
    usual = Limits(CONNECT_SECONDS, READ_SECONDS, DYNAMODB.tries)
    client: DynamoDBClient = _client("dynamodb", Limits(CONNECT_SECONDS, SHORT_READ_SECONDS, 1) if short else usual)
    return client


@cache
def secrets_manager() -> "SecretsManagerClient":
    """Return the client for the callback secret and the Dash credentials."""
    client: SecretsManagerClient = _client(
        "secretsmanager", Limits(CONNECT_SECONDS, READ_SECONDS, SECRETS_MANAGER.tries)
    )
    return client


@cache
def sqs(limits: Limits = QUICK) -> "SQSClient":
    """Return the client for the redrive queue and the publish dead-letter queue."""
    client: SQSClient = _client("sqs", limits)
    return client


@cache
def sns(limits: Limits = PATIENT) -> "SNSClient":
    """Return the client for the topic of events."""
    client: SNSClient = _client("sns", limits)
    return client


@cache
def lambda_(limits: Limits) -> "LambdaClient":
    """Return the client that invokes functions of the stack, with INVOKE_HOOK or INVOKE_ANY as limits."""
    client: LambdaClient = _client("lambda", limits)
    return client


@cache
def dynamodb_streams() -> "DynamoDBStreamsClient":
    """Return the client for the table's stream."""
    client: DynamoDBStreamsClient = _client("dynamodbstreams", STREAM)
    return client


@cache
def sqs_in(region: str) -> "SQSClient":
    """Return the client for a destination's queue, which may be in another Region."""
    client: SQSClient = _client("sqs", DESTINATION, region)
    return client


@cache
def events_in(region: str) -> "EventBridgeClient":
    """Return the client for a destination's event bus, which may be in another Region."""
    client: EventBridgeClient = _client("events", DESTINATION, region)
    return client


@cache
def kms() -> "KMSClient":
    """Return the client that encrypts and decrypts the addresses of destinations."""
    client: KMSClient = _client("kms", QUICK)
    return client


@cache
def cloudformation() -> "CloudFormationClient":
    """Return the client that reads the stack's description."""
    client: CloudFormationClient = _client("cloudformation", CONTROL)
    return client


@cache
def cloudwatch(limits: Limits = CONTROL) -> Any:
    """Return the client that reads metrics and alarms."""
    return _client("cloudwatch", limits)


@cache
def cognito() -> Any:
    """Return the client that reads the console's client of its user pool."""
    return _client("cognito-idp", CONTROL)


def error_code(error: ClientError | BotoCoreError) -> str:
    """Return the service's error code for a failed call, or the SDK's error name if there was no response."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def request_id(error: ClientError | BotoCoreError) -> str:
    """Return the id of the last response to a failed call; empty if there was none, or if it had no id."""
    response = error.response if isinstance(error, ClientError) else {}
    return str(response.get("ResponseMetadata", {}).get("RequestId", ""))


def error_reason(error: ClientError | BotoCoreError) -> str:
    """Return why a call failed: its code, and the id of the last response, which AWS Support asks for."""
    return reason(error_code(error), request_id(error))


def credentials() -> ReadOnlyCredentials | None:
    """Return the credentials that a client would sign with now, or None if there are none.

    Raises:
        BotoCoreError: The credentials endpoint fails.
    """
    found = _session().get_credentials()
    return found.get_frozen_credentials() if found else None


def prime() -> None:
    """Load everything that clients and calls need, without reading credentials or making a call."""
    "localhost".encode("idna")  # the codec that a first connection needs
    for service in ("dynamodb", "secretsmanager", "sqs"):
        # With explicit keys, a client does not look for the function's.
        _session().create_client(service, aws_access_key_id="none", aws_secret_access_key="none").close()  # noqa: S106


@cache
def _session() -> botocore.session.Session:
    # boto3 would slow down the start with its resources, which nothing here uses.
    return botocore.session.get_session()


def _client(service: str, limits: Limits, region: str | None = None) -> Any:
    config = Config(
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.read_seconds,
        max_pool_connections=limits.connections,
        retries={"mode": "standard", "total_max_attempts": limits.tries},
        # All parameters come from this repository; validating them takes a twentieth of a batch's time.
        parameter_validation=False,
    )
    with _session_lock:
        return _session().create_client(service, region_name=region, config=config)
