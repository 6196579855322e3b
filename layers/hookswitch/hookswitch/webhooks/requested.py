"""What a request of CloudFormation asks for, and what it is answered.

Anyone allowed to invoke the function can forge a request. So no request chooses where a key or a token goes: the
function uses its own stack id, addresses and ARNs (docs/threat-model.md).
"""

import json
from collections.abc import Mapping
from typing import Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.cloudformation.custom_resource import Request, Success
from hookswitch.errors import InvalidTemplateError, StackError
from hookswitch.observability.log import logger
from hookswitch.settings.webhooks import ProvisionSettings
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.plan import Change

# Bytes of the state, escaped: it is an environment variable of functions whose other variables need up to 1.3 KB of
# the 4 KB that Lambda allows, escapes included ("Lambda quotas").
MAX_STATE = 2750


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return the resource's id: the same for every attempt of one stack on one Dash account."""
    stack = str(properties.get("StackId")).split("/")[1:2] or ["unknown"]
    return f"{stack[0]}/dash/{properties.get('AccountId')}"


def desired_state(request: Request) -> Desired:
    """Return the desired state that the request describes, if its result fits CloudFormation's and Lambda's limits.

    Raises:
        InvalidTemplateError: A value is invalid, or the values together are too long.
    """
    desired = own_state(request.properties)
    excess = max(request.excess(to_success(desired)), len(json.dumps(desired.state())) - MAX_STATE)
    if excess > 0:
        raise InvalidTemplateError(
            f"The values of the template are {excess} bytes too long for CloudFormation's response and the functions' "
            "variables. Shorten CustomData, where each non-ASCII character takes six bytes or more, or the "
            "addresses."
        )
    return desired


def own_state(properties: Mapping[str, Any]) -> Desired:
    """Return the desired state that a request describes, but always with this stack's own id, addresses and ARNs.

    Raises:
        InvalidTemplateError: A value is invalid.
        StackError: The address of the stack's API can't be determined.
    """
    settings = ProvisionSettings.from_environment()
    own = {
        "StackId": settings.stack_id,
        "ApiUrl": settings.api_url,
        "CredentialsArn": settings.credentials,
        "CallbackSecretArn": settings.callback_secret,
        "CallbackBaseUrl": settings.callback_base_url,
        "ApiAddress": _api_address(settings),
    }
    if others := sorted(name for name, value in own.items() if properties.get(name, value) != value):
        logger.warning("The request's %s is not this stack's; the stack's own is used.", " and ".join(others))
    return Desired.from_properties({**properties, **own})


def _api_address(settings: ProvisionSettings) -> str:
    """Return the address of the stack's API. As a variable, it would make the template's resources circular."""
    try:
        answer = clients.cloudformation().describe_stack_resource(StackName=settings.stack_id, LogicalResourceId="Api")
    except CALL_ERRORS as error:
        raise StackError(
            f"The address of the stack's API can't be read: CloudFormation says {error_reason(error)}. Try again."
        ) from error
    api, region = answer["StackResourceDetail"]["PhysicalResourceId"], settings.stack_id.split(":")[3]
    return f"https://{api}.execute-api.{region}.{settings.url_suffix}/{settings.stage}"


def to_success(desired: Desired) -> Success:
    """Return the success; its state is for the stack's other functions, and contains no secret."""
    return Success(
        physical_id({"StackId": desired.stack_id, "AccountId": desired.account_id}), {"State": desired.state()}
    )


def report_success(desired: Desired, applied: tuple[Change, ...] = ()) -> Success:
    """Log what was changed on Dash, and return the success."""
    logger.info("The webhooks are up to date.", extra={"changes": [str(change) for change in applied]})
    return to_success(desired)
