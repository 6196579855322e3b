"""All botocore clients of the stack, each with the time limits of its use.

A hook does not import this module unless it has to: botocore would be most of its cold start. See
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

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_dynamodbstreams.client import DynamoDBStreamsClient
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_secretsmanager.client import SecretsManagerClient
    from types_boto3_sns.client import SNSClient
    from types_boto3_sqs.client import SQSClient

CALL_ERRORS: Final = (ClientError, BotoCoreError)
"""Everything that a client raises when a call fails; `error_code` names the reason."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a client waits, and how often it tries.

    Attributes:
        connect_seconds: For a connection.
        read_seconds: For a response.
        tries: How often a call is tried; the SDK decides what is worth a retry.
        connections: How many calls may run at the same time.
    """

    connect_seconds: float
    read_seconds: float
    tries: int
    connections: int = 10

    @property
    def seconds(self) -> float:
        """The longest that a call takes, back-off included."""
        return self.tries * (self.connect_seconds + self.read_seconds) + 2 * (self.tries > 1)


QUICK = Limits(CONNECT_SECONDS, READ_SECONDS, tries=2)
"""For what a sender waits for, or what is soon repeated anyway."""

PATIENT = Limits(2, 15, tries=2)
"""For SNS and its dead-letter queue. SNS has no idempotency token: a call that is repeated because its response was
slow is a message that arrives twice. So SNS gets long to respond, and one more try."""

PATIENT_ONCE = replace(PATIENT, tries=1)
"""For SNS when redrive is what tries again."""

INVOKE_HOOK = Limits(2, 28, tries=1, connections=5)
"""A hook function takes 25 s at most, and may start cold. To invoke one twice does no harm, but no good either. Five
at a time, since Dash's own deliveries need concurrency too."""

INVOKE_ANY = Limits(2, 34, tries=1)
"""For redrive, which invokes hook functions (25 s) and publish (30 s for what it is asked here)."""

CONTROL = Limits(2, 5, tries=3)
"""For reading about the stack: CloudFormation and CloudWatch."""

STREAM = Limits(2, 3, tries=1)
"""For the table's stream; a pointer into it that can't be read stays in its queue."""

_session_lock = Lock()  # botocore's sessions are not safe to make clients in several threads


@cache
def dynamodb(*, short: bool = False) -> "DynamoDBClient":
    """Return the client for the table of events, or the one for short calls; see `protocol.CircuitBreaker`."""
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
    """Return the client that invokes functions of the stack: INVOKE_HOOK or INVOKE_ANY."""
    client: LambdaClient = _client("lambda", limits)
    return client


@cache
def dynamodb_streams() -> "DynamoDBStreamsClient":
    """Return the client for the table's stream."""
    client: DynamoDBStreamsClient = _client("dynamodbstreams", STREAM)
    return client


@cache
def cloudformation() -> "CloudFormationClient":
    """Return the client that reads about the stack."""
    client: CloudFormationClient = _client("cloudformation", CONTROL)
    return client


@cache
def cloudwatch() -> Any:
    """Return the client that reads metrics."""
    return _client("cloudwatch", CONTROL)


def error_code(error: ClientError | BotoCoreError) -> str:
    """Return the service's code for a failed call, or the SDK's name for how no response came."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def credentials() -> ReadOnlyCredentials | None:
    """Return the credentials that a client would sign with now, or None if there are none.

    Raises:
        BotoCoreError: The endpoint that hands them out does not.
    """
    found = _session().get_credentials()
    return found.get_frozen_credentials() if found else None


def prime() -> None:
    """Load all that clients and calls consist of, without asking for credentials or calling anything."""
    "localhost".encode("idna")  # the codec of every first connection
    for service in ("dynamodb", "secretsmanager", "sqs"):
        # With keys of its own a client does not look for the function's.
        _session().create_client(service, aws_access_key_id="none", aws_secret_access_key="none").close()  # noqa: S106


@cache
def _session() -> botocore.session.Session:
    # boto3 would add its resources to the start, and nothing here uses them.
    return botocore.session.get_session()


def _client(service: str, limits: Limits) -> Any:
    config = Config(
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.read_seconds,
        max_pool_connections=limits.connections,
        retries={"mode": "standard", "total_max_attempts": limits.tries},
        # All parameters are made in this repository; to check them takes a twentieth of a batch's time.
        parameter_validation=False,
    )
    with _session_lock:
        return _session().create_client(service, config=config)
