"""AWS clients for the emulator."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from devtools.local import ACCESS_KEY, REGION, SECRET_KEY

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

SESSION = boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION)
# Connections to this machine must not go through a proxy.
CONFIG = Config(proxies={}, retries={"total_max_attempts": 3}, connect_timeout=5, read_timeout=30)


def cloudformation(endpoint: str) -> "CloudFormationClient":
    """Return a CloudFormation client for the emulator at this address."""
    return SESSION.client("cloudformation", endpoint_url=endpoint, config=CONFIG)


def cognito(endpoint: str) -> Any:
    """Return a client of Cognito's user pools for the emulator at this address."""
    return SESSION.client("cognito-idp", endpoint_url=endpoint, config=CONFIG)


def dynamodb(endpoint: str) -> "DynamoDBClient":
    """Return a DynamoDB client for the emulator at this address."""
    return SESSION.client("dynamodb", endpoint_url=endpoint, config=CONFIG)


def lambda_(endpoint: str) -> "LambdaClient":
    """Return a Lambda client for the emulator at this address."""
    return SESSION.client("lambda", endpoint_url=endpoint, config=CONFIG)


def logs(endpoint: str) -> "CloudWatchLogsClient":
    """Return a CloudWatch Logs client for the emulator at this address."""
    return SESSION.client("logs", endpoint_url=endpoint, config=CONFIG)


def secretsmanager(endpoint: str) -> "SecretsManagerClient":
    """Return a Secrets Manager client for the emulator at this address."""
    return SESSION.client("secretsmanager", endpoint_url=endpoint, config=CONFIG)


def sns(endpoint: str) -> "SNSClient":
    """Return an SNS client for the emulator at this address."""
    return SESSION.client("sns", endpoint_url=endpoint, config=CONFIG)


def sqs(endpoint: str) -> "SQSClient":
    """Return an SQS client for the emulator at this address."""
    return SESSION.client("sqs", endpoint_url=endpoint, config=CONFIG)
