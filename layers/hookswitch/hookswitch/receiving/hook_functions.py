"""Invokes functions of the stack, the hook functions by the name of their hook."""

import json
from collections.abc import Mapping
from typing import Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, INVOKE_HOOK, Limits, error_reason
from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import NotTakenError, StackError
from hookswitch.receiving.redelivery import Redelivery, RedeliveryResult

ALIAS = "live"  # of each hook function (template.yaml): redeliveries go to the version that Dash reaches
WORKERS = INVOKE_HOOK.connections


class HookFunctions:
    """The hook functions of one stack. Only CloudFormation knows their names, which it shortens and numbers."""

    def __init__(self, stack_id: str) -> None:
        """Prepare to call the functions of a stack, given its id (ARN)."""
        self._stack_id = stack_id
        self._names: dict[str, str] = {}

    def look_up(self) -> None:
        """Look up the functions' names.

        Raises:
            StackError: CloudFormation does not list them.
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
            raise StackError(f"The stack's functions can't be listed ({error_reason(error)}).") from error

    def deliver(self, hook: str, delivery: Delivery, *, queue: bool = False, source: str = "") -> RedeliveryResult:
        """Have a hook's function handle a delivery as if Dash had just made it.

        Args:
            hook: The hook's name.
            delivery: What to handle.
            queue: Whether the function may put it into the redrive queue while DynamoDB is unavailable.
            source: See `Redelivery`.

        Raises:
            NotTakenError: It did not store or queue the delivery.
            StackError: The functions' names can't be looked up.
        """
        name = self.name(hook.title().replace("_", ""))
        redelivery = Redelivery(delivery, may_queue=queue, source=source)
        return RedeliveryResult.from_response(invoke(f"{name}:{ALIAS}", redelivery.to_message(), INVOKE_HOOK))

    def name(self, logical_id: str) -> str:
        """Return the name of a function of the stack.

        Raises:
            NotTakenError: The stack has no such function.
            StackError: The functions' names can't be looked up.
        """
        if not self._names:
            self.look_up()
        name = self._names.get(logical_id)
        if not name:
            raise NotTakenError(f"The stack has no function {logical_id}.")
        return name


def invoke(function: str, payload: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Invoke a function and return its response.

    Raises:
        NotTakenError: It can't be invoked, or it failed.
    """
    try:
        answer = clients.lambda_(limits).invoke(FunctionName=function, Payload=json.dumps(payload))
    except CALL_ERRORS as error:
        raise NotTakenError(f"{function} can't be invoked ({error_reason(error)}).") from error
    result = json.loads(answer["Payload"].read() or b"{}")
    if "FunctionError" in answer or not isinstance(result, dict):
        kind = result.get("errorType", "an error") if isinstance(result, dict) else "an error"
        raise NotTakenError(f"{function} failed with {kind}.")
    return result
