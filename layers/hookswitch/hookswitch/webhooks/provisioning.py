"""Makes the webhooks on the Dash account match the template: the custom resource Custom::DashWebhooks.

Its physical id names only the stack and the Dash account. So a retry finds what an earlier attempt left, and every
change except that of the account is an update in place. A new account means a new resource: the webhooks are
registered there first, then CloudFormation deletes the old resource, with the OLD properties. By then, the secret may
contain the new account's key (the template's DashApiKey changes in place). A Delete therefore tries the secret's
current version, then its previous one, and uses the first that opens the account. If neither does, the webhooks stay,
and the Delete fails and names them.

A Create that fails undoes what it did and responds with an id that says so (NOTHING_CREATED): on AWS a Delete follows,
possibly with the same wrong key, and then it has nothing to do. For failures that can't be repaired automatically, see
docs/engineering/decisions/0011-custom-resource-failures.md.
"""

from collections.abc import Mapping
from typing import Any

from hookswitch.callback.secret import read_callback_secret
from hookswitch.cloudformation.custom_resource import FailedError, Request, Success
from hookswitch.cloudformation.stack import read_status
from hookswitch.dash.client import DashClient
from hookswitch.errors import CredentialsError, HookswitchError, InvalidTemplateError, StackError, UnavailableError
from hookswitch.observability.log import logger
from hookswitch.settings.webhooks import ProvisionSettings
from hookswitch.webhooks.apply import apply_desired, connect
from hookswitch.webhooks.deletion import delete_with_any_key, describe_leftovers
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership
from hookswitch.webhooks.registration import register
from hookswitch.webhooks.requested import desired_state, own_state, physical_id, report_success

NOTHING_CREATED = "/nothing-made"  # deployed stacks have ids with this suffix
TRIGGER = "Deployment"  # the property whose only purpose is that an update checks Dash


def provision(request: Request) -> Success:
    """Carry out CloudFormation's request.

    Raises:
        FailedError: The request failed.
    """
    match request.kind:
        case "Create":
            return create(request)
        case "Update":
            return update(request)
        case "Delete":
            return delete(request)


def create(request: Request) -> Success:
    """Register the webhooks, adopting what an earlier attempt left; on failure, leave nothing behind.

    Raises:
        FailedError: The request failed; the physical id says whether something may be left on Dash.
    """
    return register(request, id_if_undone=physical_id(request.properties) + NOTHING_CREATED)


def update(request: Request) -> Success:
    """Bring the webhooks to the desired state; if the account has changed, register them on the new one.

    On the same account, whatever an update changed before it failed stays, because CloudFormation requests the
    rollback next. On a new account it is undone, because the resource keeps its old id, so CloudFormation would never
    delete it. The rollback itself never fails: a stack that can go neither forward nor back is worse than webhooks
    that the next deployment repairs.

    Raises:
        FailedError: The request failed.
    """
    moved = request.properties.get("AccountId") != request.old_properties.get("AccountId")
    try:
        return register(request, id_if_undone=request.physical_id) if moved else _update_in_place(request)
    except FailedError as error:
        if not _is_rolling_back(request.properties["StackId"]):
            raise
        logger.error("The rollback may not have restored the webhooks. %s", error)
        return report_success(own_state(request.properties))


def delete(request: Request) -> Success:
    """Delete the stack's webhooks from the account in the properties.

    Raises:
        FailedError: Some webhooks may be left, and OnDeleteFailure is not `ignore`.
    """
    done = Success(request.physical_id)
    if request.physical_id.endswith(NOTHING_CREATED):
        return done
    desired: Desired | None = None
    try:
        desired = own_state(request.properties)
        deleted = delete_with_any_key(desired, request.cleanup_until)
    except HookswitchError as error:
        create_never_responded = request.physical_id != physical_id(request.properties)
        if create_never_responded and isinstance(error, CredentialsError | InvalidTemplateError):
            # CloudFormation made up the id. The Create can't have registered anything with credentials that Dash
            # rejects, or from invalid properties.
            logger.warning("There is nothing to delete. %s", error)
            return done
        reason = f"{error} {describe_leftovers(desired)}" if desired else str(error)
        if ProvisionSettings.from_environment().ignores_failed_delete:
            logger.error("Ignored because of OnDeleteFailure: %s", reason)
            return done
        raise FailedError(reason, request.physical_id) from error
    logger.info("Webhooks deleted.", extra={"webhooks": deleted})
    return done


def _update_in_place(request: Request) -> Success:
    properties, old = request.properties, request.old_properties
    try:
        desired = desired_state(request)
        client = connect(desired, request.work_until)
        applied = apply_desired(client, desired, _ownership(client, desired, old))
    except UnavailableError as error:
        if {**properties, TRIGGER: ""} != {**old, TRIGGER: ""}:
            raise FailedError(str(error), request.physical_id) from error
        # A deployment that does not change the webhooks does not depend on Dash.
        logger.warning("The webhooks could not be checked. %s", error)
        applied = ()
    except HookswitchError as error:
        raise FailedError(str(error), request.physical_id) from error
    return report_success(desired, applied)


def _ownership(client: DashClient, desired: Desired, old: Mapping[str, Any]) -> Ownership:
    """Return what the stack owns, including at the addresses that it had before the update."""
    ownership = Ownership.of(desired)
    try:
        former = set(Desired.from_properties(old).addresses) - set(ownership.addresses)
    except InvalidTemplateError:  # earlier versions of hookswitch had other properties
        return ownership
    if not former:
        return ownership
    secret = read_callback_secret(desired.callback_secret_arn).current
    return ownership.with_former(former, client.webhooks(desired.account_id), secret)


def _is_rolling_back(stack_id: str) -> bool:
    """Tell whether CloudFormation is rolling back a failed update; requests don't say."""
    try:
        return read_status(stack_id).startswith("UPDATE_ROLLBACK")
    except StackError as error:
        logger.warning(str(error))
        return False
