"""`make variables`: the names and addresses of a stack as variables of a shell, for the commands of the runbook."""

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from devtools.target import Target, told

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient

STREAM = "EVENTS_STREAM_ARN"
FUNCTIONS = {"RECONCILE": "Reconcile", "REDRIVE": "Redrive"}
QUEUE = "_QUEUE_URL"
WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def show(stack: str) -> None:
    """Print an assignment for each, fit for `eval`.

    Raises:
        LaptopError: There is no such stack, or AWS can't be asked.
    """
    with told():
        for name, value in sorted(_values(Target.find(stack))):
            print(f"{name}={shlex.quote(value)}")


def names(outputs: Iterable[str]) -> set[str]:
    """Return the names of all variables of a stack with these outputs."""
    own = {variable_name(output) for output in outputs}
    return own | {_arn(name) for name in own if name.endswith(QUEUE)} | FUNCTIONS.keys() | {STREAM}


def variable_name(output: str) -> str:
    """Return the variable of an output: `EVENTS_TABLE_NAME` for `EventsTableName`."""
    return WORD.sub("_", output).upper()


def _values(target: Target) -> Iterator[tuple[str, str]]:
    queues: SQSClient = target.client("sqs")
    tables: DynamoDBClient = target.client("dynamodb")
    for output, value in target.outputs.items():
        name = variable_name(output)
        yield name, value
        if name.endswith(QUEUE):
            found = queues.get_queue_attributes(QueueUrl=value, AttributeNames=["QueueArn"])
            yield _arn(name), found["Attributes"]["QueueArn"]
    for name, logical_id in FUNCTIONS.items():
        yield name, target.resources[logical_id]
    yield STREAM, tables.describe_table(TableName=target.outputs["EventsTableName"])["Table"].get("LatestStreamArn", "")


def _arn(name: str) -> str:
    return name.removesuffix("URL") + "ARN"
