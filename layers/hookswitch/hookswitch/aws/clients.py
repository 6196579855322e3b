"""AWS clients with bounded waits: a delivery has to be answered before API Gateway gives up at 29 s."""

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_secretsmanager.client import SecretsManagerClient
    from types_boto3_sqs.client import SQSClient

# One try takes three seconds at most. DynamoDB's three tries and then SQS's two end within 20 s, back-off
# included, which leaves a hook function (25 s) the time to answer.
CONNECT_SECONDS = 1
READ_SECONDS = 2


@cache
def _session() -> botocore.session.Session:
    # boto3 would add its resources to the cold start, and nothing here uses them.
    return botocore.session.get_session()


def _client(service: str, tries: int) -> Any:
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": tries},
        parameter_validation=False,
    )
    return _session().create_client(service, config=config)


def credentials() -> ReadOnlyCredentials | None:
    """Return the credentials that a client would sign with now; None if there are none."""
    found = _session().get_credentials()
    return found.get_frozen_credentials() if found else None


def prime() -> None:
    """Load all that clients and their calls are made of, without asking for credentials or calling anything."""
    "localhost".encode("idna")  # the codec of every first connection
    for service in ("dynamodb", "secretsmanager", "sqs"):
        # With keys of its own a client does not look for the function's.
        _session().create_client(service, aws_access_key_id="none", aws_secret_access_key="none").close()  # noqa: S106


@cache
def dynamodb() -> "DynamoDBClient":
    """Return the client for the table of events: three tries, 9 s and back-off in all."""
    client: DynamoDBClient = _client("dynamodb", tries=3)
    return client


@cache
def secrets_manager() -> "SecretsManagerClient":
    """Return the client for the callback secret: two tries, 6 s and back-off in all."""
    client: SecretsManagerClient = _client("secretsmanager", tries=2)
    return client


@cache
def sqs() -> "SQSClient":
    """Return the client for the redrive queue: two tries, 6 s and back-off in all."""
    client: SQSClient = _client("sqs", tries=2)
    return client
