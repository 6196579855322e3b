"""Logs in to Dash before the stack has anything to lose: the custom resource Custom::DashLogin.

A new stack fails here, before its table exists, if the API key is wrong or does not open the account. Later deployments
rely on Custom::DashWebhooks, which checks Dash each time: docs/engineering/decisions/0072-login-check.md.
"""

import time

from botocore.exceptions import ClientError

from hookswitch.aws.clients import error_code
from hookswitch.cloudformation.custom_resource import FailedError, Request, Success
from hookswitch.cloudformation.stack import read_status
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.errors import CredentialsError, HookswitchError, StackError, UnavailableError
from hookswitch.observability.log import logger
from hookswitch.settings.webhooks import ProvisionSettings

TYPE = "Custom::DashLogin"
PHYSICAL_ID = "dash-login"  # always the same, since there is nothing to replace or to delete
CHECKED = ("AccountId", "ApiUrl", "CredentialsArn")
# A role that is seconds old may not read the secret yet: changes of IAM take effect some time later.
PAUSES = (2.0, 4.0, 8.0, 16.0)


def check_login(request: Request) -> Success:
    """Check that the credentials open the account, unless this is a Delete or an Update that does not concern them.

    Raises:
        FailedError: They don't, or it can't be checked.
    """
    done = Success(PHYSICAL_ID)
    before, now = ({name: of.get(name) for name in CHECKED} for of in (request.old_properties, request.properties))
    if request.kind == "Delete" or (request.kind == "Update" and before == now):
        return done
    settings = ProvisionSettings.from_environment()
    try:
        key = _read_credentials(settings.credentials, request.work_until)
        DashClient(settings.api_url, key, request.work_until).webhooks(str(now["AccountId"]))
    except HookswitchError as error:
        if not _is_forgiven(request, error, settings.stack_id):
            raise FailedError(str(error), PHYSICAL_ID) from error
        logger.warning("The login to Dash was not checked. %s", error)
    return done


def _read_credentials(secret_arn: str, until: float) -> credentials.Credentials:
    for pause in PAUSES:
        try:
            return credentials.read(secret_arn)
        except CredentialsError as error:
            cause = error.__cause__
            is_denied = isinstance(cause, ClientError) and error_code(cause).startswith("AccessDenied")
            if not is_denied or time.monotonic() + pause > until:
                raise
        time.sleep(pause)
    return credentials.read(secret_arn)


def _is_forgiven(request: Request, error: HookswitchError, stack_id: str) -> bool:
    """Tell whether the stack may go on without the check.

    Nothing may block a rollback. An upgrade creates this resource in a stack that works; that does not depend on Dash
    being available.
    """
    try:
        status = read_status(stack_id)
    except StackError:
        return False
    is_upgrade = request.kind == "Create" and status.startswith("UPDATE_")
    return status.startswith("UPDATE_ROLLBACK_") or (is_upgrade and isinstance(error, UnavailableError))
