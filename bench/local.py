"""The benchmark's folders, and the environment of the measured functions."""

import re

from devtools.local import CALLBACK_SECRET, DASH_ACCOUNT_ID, LOCAL, REGION, ROOT
from hookswitch.dash.hooks import HOOKS

HERE = LOCAL / "bench"
BUILD = HERE / "build"
WITH_BYTECODE = HERE / "build-bytecode"
RUNTIME = HERE / "runtime"
PEERS = HERE / "peers"
RUNTIME_CLIENT = HERE / "runtime-client"  # awslambdaric, which runs handlers in Lambda's own image
PYTHON = LOCAL / "dev" / "bin" / "python"

PAGE = ROOT / "docs" / "engineering" / "performance.md"
DATA = PAGE.with_suffix(".json")
AUTHORITIES = RUNTIME / "botocore" / "cacert.pem"

SERVICES = ("DYNAMODB", "SECRETS_MANAGER", "SNS", "SQS")


def environment(endpoint: str) -> dict[str, str]:
    """Return the variables that Lambda and the template set for a function, with this address for AWS."""
    return {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "token",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "LANG": "en_US.UTF-8",
        **{f"AWS_ENDPOINT_URL_{service}": endpoint for service in SERVICES},
        "EVENTS_TABLE": "events",
        "EVENTS_TOPIC_ARN": f"arn:aws:sns:{REGION}:000000000000:events",
        "TEST_TOPIC_ARN": f"arn:aws:sns:{REGION}:000000000000:test",
        "CALLBACK_SECRET_ARN": f"arn:aws:secretsmanager:{REGION}:000000000000:secret:callback-AbCdEf",
        "REDRIVE_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/000000000000/redrive",
        "PUBLISH_DEAD_LETTER_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/000000000000/unpublished",
        "DASH_ACCOUNT_ID": DASH_ACCOUNT_ID,
        "INCLUDE_SUBACCOUNTS": "false",
        "HOOKS": ",".join(HOOKS),
        "RETENTION_DAYS": "0",
        "POWERTOOLS_SERVICE_NAME": "hookswitch",
        "POWERTOOLS_METRICS_NAMESPACE": "Hookswitch",
        "METRICS": "core",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "LAMBDA_TASK_ROOT": "/var/task",  # tells Powertools that it runs on Lambda
        "_X_AMZN_TRACE_ID": "Root=1-6afd86c0-0db76d16e20a568de2f6c4cc;Parent=0db76d16e20a568d;Sampled=0",
    }


def environment_of_a_copy(endpoint: str) -> dict[str, str]:
    """Return the variables of a function with SnapStart, which gets its credentials from an endpoint."""
    kept = {name: value for name, value in environment(endpoint).items() if not re.search("KEY|TOKEN", name)}
    return kept | {
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{endpoint}/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token",
    }


__all__ = [
    "AUTHORITIES",
    "BUILD",
    "CALLBACK_SECRET",
    "DASH_ACCOUNT_ID",
    "DATA",
    "HERE",
    "HOOKS",
    "LOCAL",
    "PAGE",
    "PEERS",
    "PYTHON",
    "ROOT",
    "RUNTIME",
    "RUNTIME_CLIENT",
    "WITH_BYTECODE",
    "environment",
    "environment_of_a_copy",
]
