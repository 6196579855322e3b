"""What CloudFormation is doing to the stack."""

from enum import Enum, auto

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.errors import StackError


class StackPhase(Enum):
    """What is going on with a stack."""

    SETTLED = auto()
    CHANGING = auto()
    ENDING = auto()  # it is being deleted or has been, and with it everything that it registered


def read_status(stack_id: str) -> str:
    """Return the status of a stack, given its id (ARN), as CloudFormation names it.

    Raises:
        StackError: CloudFormation did not answer.
    """
    try:
        stacks = clients.cloudformation().describe_stacks(StackName=stack_id)["Stacks"]
    except CALL_ERRORS as error:
        raise StackError(f"The stack's status can't be read ({error_reason(error)}).") from error
    return stacks[0]["StackStatus"]


def read_phase(stack_id: str) -> StackPhase:
    """Return what CloudFormation is doing to a stack, given its id (ARN).

    A creation that is rolled back ends in a deletion of all resources, unlike an update that is.

    Raises:
        StackError: CloudFormation did not answer.
    """
    status = read_status(stack_id)
    if status.startswith(("DELETE_", "ROLLBACK_")):
        return StackPhase.ENDING
    return StackPhase.CHANGING if status.endswith("_IN_PROGRESS") else StackPhase.SETTLED
