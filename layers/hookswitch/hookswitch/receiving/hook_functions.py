"""The hook functions as other functions of the stack call them: by their hook, with a delivery to bring in."""

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import NotTakenError, StackError
from hookswitch.receiving.redelivery import Redelivery, RedeliveryResult

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_lambda.client import LambdaClient

ALIAS = "live"  # of each hook function (template.yaml): what Dash reaches takes what is brought in, too
WORKERS = 5  # hook functions at work for us at the same time: Dash's own deliveries need them too

# A hook function takes 25 s at most; to invoke one twice would do no harm, and no good either.
_INVOKE = Config(
    connect_timeout=2,
    read_timeout=28,
    max_pool_connections=WORKERS,
    retries={"mode": "standard", "total_max_attempts": 1},
)
_READ = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def _lambda() -> "LambdaClient":
    return boto3.client("lambda", config=_INVOKE)


@cache
def _cloudformation() -> "CloudFormationClient":
    return boto3.client("cloudformation", config=_READ)


class HookFunctions:
    """The hook functions of one stack. Their names are CloudFormation's to tell: it cuts and numbers them."""

    def __init__(self, stack_id: str) -> None:
        """Prepare to call the functions of a stack, given its id (ARN)."""
        self._stack_id = stack_id
        self._names: dict[str, str] = {}

    def look_up(self) -> None:
        """Find out the functions' names.

        Raises:
            StackError: CloudFormation does not tell.
        """
        try:
            pages = _cloudformation().get_paginator("list_stack_resources").paginate(StackName=self._stack_id)
            self._names = {
                resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
                for page in pages
                for resource in page["StackResourceSummaries"]
                if resource["ResourceType"] == "AWS::Lambda::Function"
            }
        except (ClientError, BotoCoreError) as error:
            raise StackError(f"The stack's functions can't be listed ({_code(error)}).") from error

    def deliver(self, hook: str, delivery: Delivery, *, queue: bool = False) -> RedeliveryResult:
        """Let a hook's function take a delivery, as if Dash had just made it.

        Args:
            hook: The hook's name.
            delivery: What to bring in.
            queue: Whether the function may put it into the redrive queue while DynamoDB is away.

        Raises:
            NotTakenError: It did not take it.
            StackError: The functions' names can't be found out.
        """
        if not self._names:
            self.look_up()
        name = self._names.get(hook.title().replace("_", ""))
        if not name:
            raise NotTakenError(f"The stack has no function for {hook}.")
        response = _invoked(name, Redelivery(delivery, may_queue=queue).to_message(), hook)
        return RedeliveryResult.from_response(response)


def stack_is_changing(stack_id: str) -> bool:
    """Tell whether CloudFormation is at work on a stack.

    Raises:
        StackError: It does not tell.
    """
    try:
        stacks = _cloudformation().describe_stacks(StackName=stack_id)["Stacks"]
    except (ClientError, BotoCoreError) as error:
        raise StackError(f"The stack's status can't be read ({_code(error)}).") from error
    return stacks[0]["StackStatus"].endswith("_IN_PROGRESS")


def _invoked(name: str, payload: Mapping[str, Any], hook: str) -> dict[str, Any]:
    try:
        answer = _lambda().invoke(FunctionName=f"{name}:{ALIAS}", Payload=json.dumps(payload))
    except (ClientError, BotoCoreError) as error:
        raise NotTakenError(f"The function of {hook} can't be invoked ({_code(error)}).") from error
    result = json.loads(answer["Payload"].read() or b"{}")
    if "FunctionError" in answer or not isinstance(result, dict):
        raise NotTakenError(f"The function of {hook} failed.")
    return result


def _code(error: ClientError | BotoCoreError) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
