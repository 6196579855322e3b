"""The hook functions as other functions of the stack call them: by their hook, with a delivery to bring in."""

import json
from collections.abc import Mapping
from typing import Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, INVOKE_HOOK, error_code
from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import NotTakenError, StackError
from hookswitch.receiving.redelivery import Redelivery, RedeliveryResult

ALIAS = "live"  # of each hook function (template.yaml): what Dash reaches takes what is brought in, too
WORKERS = INVOKE_HOOK.connections  # hook functions at work for us at the same time: Dash's own deliveries need them too


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
            pages = clients.cloudformation().get_paginator("list_stack_resources").paginate(StackName=self._stack_id)
            self._names = {
                resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
                for page in pages
                for resource in page["StackResourceSummaries"]
                if resource["ResourceType"] == "AWS::Lambda::Function"
            }
        except CALL_ERRORS as error:
            raise StackError(f"The stack's functions can't be listed ({error_code(error)}).") from error

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
        stacks = clients.cloudformation().describe_stacks(StackName=stack_id)["Stacks"]
    except CALL_ERRORS as error:
        raise StackError(f"The stack's status can't be read ({error_code(error)}).") from error
    return stacks[0]["StackStatus"].endswith("_IN_PROGRESS")


def _invoked(name: str, payload: Mapping[str, Any], hook: str) -> dict[str, Any]:
    try:
        answer = clients.lambda_(INVOKE_HOOK).invoke(FunctionName=f"{name}:{ALIAS}", Payload=json.dumps(payload))
    except CALL_ERRORS as error:
        raise NotTakenError(f"The function of {hook} can't be invoked ({error_code(error)}).") from error
    result = json.loads(answer["Payload"].read() or b"{}")
    if "FunctionError" in answer or not isinstance(result, dict):
        raise NotTakenError(f"The function of {hook} failed.")
    return result
