"""Makes the webhooks on the Dash account match the template: the custom resource Custom::DashWebhooks.

Its physical id names only the stack and the Dash account. So a retry finds what an earlier attempt left, and every
change except that of the account is an update in place. A new account means a new resource: the webhooks are
registered there first, then CloudFormation deletes the old resource, with the OLD properties. By then, the secret may
contain the new account's key (the template's DashApiKey changes in place). A Delete therefore tries the secret's
current version, then its previous one, and uses the first that opens the account. If neither does, the webhooks stay,
and the Delete fails and names them.

Anyone allowed to invoke the function can forge a request. So no request chooses where a key or a token goes: the
function uses its own stack id, addresses and ARNs (docs/threat-model.md).

A Create that fails undoes what it did and responds with an id that says so (NOTHING_CREATED): on AWS a Delete follows,
possibly with the same wrong key, and then it has nothing to do. For failures that can't be repaired automatically, see
docs/engineering/decisions/0011-custom-resource-failures.md.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.callback.secret import read_callback_secret
from hookswitch.cloudformation.custom_resource import FailedError, Request, Success
from hookswitch.cloudformation.stack import read_status
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.errors import (
    AccountError,
    CredentialsError,
    DeadlineError,
    HookswitchError,
    InvalidTemplateError,
    LostAnswerError,
    StackError,
    UnavailableError,
)
from hookswitch.observability.log import logger
from hookswitch.settings.webhooks import ProvisionSettings
from hookswitch.webhooks.apply import apply_changes, apply_desired, connect, delete_owned
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Change, Plan

NOTHING_CREATED = "/nothing-made"  # deployed stacks have ids with this suffix
LATE_FACTOR = 6  # a creation without a response may still happen within this many response timeouts
# Bytes of the state, escaped: it is an environment variable of functions whose other variables need up to 1.3 KB of
# the 4 KB that Lambda allows, escapes included ("Lambda quotas").
MAX_STATE = 2750
TRIGGER = "Deployment"  # the property whose only purpose is that an update checks Dash


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return the resource's id: the same for every attempt of one stack on one Dash account."""
    stack = str(properties.get("StackId")).split("/")[1:2] or ["unknown"]
    return f"{stack[0]}/dash/{properties.get('AccountId')}"


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
    return _register(request, id_if_undone=physical_id(request.properties) + NOTHING_CREATED)


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
        return _register(request, id_if_undone=request.physical_id) if moved else _update_in_place(request)
    except FailedError as error:
        if not _is_rolling_back(request.properties["StackId"]):
            raise
        logger.error("The rollback may not have restored the webhooks. %s", error)
        return _success(_own(request.properties))


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
        desired = _own(request.properties)
        deleted = _delete_with_any_key(desired, request.cleanup_until)
    except HookswitchError as error:
        create_never_responded = request.physical_id != physical_id(request.properties)
        if create_never_responded and isinstance(error, CredentialsError | InvalidTemplateError):
            # CloudFormation made up the id. The Create can't have registered anything with credentials that Dash
            # rejects, or from invalid properties.
            logger.warning("There is nothing to delete. %s", error)
            return done
        reason = f"{error} {_what_may_be_left(desired)}" if desired else str(error)
        if ProvisionSettings.from_environment().ignores_failed_delete:
            logger.error("Ignored because of OnDeleteFailure: %s", reason)
            return done
        raise FailedError(reason, request.physical_id) from error
    logger.info("Webhooks deleted.", extra={"webhooks": deleted})
    return done


@dataclass(frozen=True, slots=True)
class _Undo:
    """Deletes what a failed registration may have created.

    Attributes:
        client: A client of the account's Dash.
        account_id: The account.
        ownership: Tells which webhooks belong to the stack.
        spare: Ids of webhooks that existed before and stay.
        deadline: When to give up, in `time.monotonic` seconds.
    """

    client: DashClient
    account_id: str
    ownership: Ownership
    spare: frozenset[str]
    deadline: float

    def run(self, cause: Exception) -> None:
        """Delete what may have been created.

        Raises:
            HookswitchError: Something is left.
        """
        self.client.deadline = self.deadline
        # A creation without a response may still be in progress.
        in_doubt = isinstance(cause, LostAnswerError | DeadlineError)
        settle = partial(_sleep, LATE_FACTOR * self.client.patience, self.deadline) if in_doubt else None
        delete_owned(self.client, self.account_id, self.ownership, spare=self.spare, settle=settle)


def _register(request: Request, *, id_if_undone: str) -> Success:
    """Register on an account where this resource has nothing yet, and undo that on failure."""
    undo: _Undo | None = None
    try:
        desired = _desired(request)
        ownership = Ownership.of(desired)
        client = connect(desired, request.work_until)
        before = client.webhooks(desired.account_id)
        is_create = request.kind == "Create"
        # When a rollback returns to the previous account, the stack depends on the webhooks that still exist there.
        spare = frozenset() if is_create else frozenset(str(it["id"]) for it in before if ownership.owns(it))
        undo = _Undo(client, desired.account_id, ownership, spare, request.cleanup_until)
        if is_create:
            # No need to wait until the secret has settled: no function has run, so none has cached another version.
            secret = read_callback_secret(desired.callback_secret_arn).current
            owned = list_owned(client, desired.account_id, ownership)
            plan = Plan.between(owned, desired.documents(secret), ownership)
            applied = apply_changes(client, desired.account_id, plan)
        else:
            applied = apply_desired(client, desired, ownership)
    except Exception as error:
        if undo:
            try:
                undo.run(error)
            except HookswitchError as left:
                reason = f"{error} What was registered could not be deleted: {left}"
                raise FailedError(reason, physical_id(request.properties)) from error
        if not isinstance(error, HookswitchError):
            raise
        reason = f"{error} What had been registered is deleted again." if undo else str(error)
        raise FailedError(reason, id_if_undone) from error
    return _success(desired, applied)


def _sleep(seconds: float, deadline: float) -> None:
    time.sleep(max(0.0, min(seconds, (deadline - time.monotonic()) / 2)))


def _update_in_place(request: Request) -> Success:
    properties, old = request.properties, request.old_properties
    applied: tuple[Change, ...] = ()
    try:
        desired = _desired(request)
        client = connect(desired, request.work_until)
        applied = apply_desired(client, desired, _ownership(client, desired, old))
    except UnavailableError as error:
        if {**properties, TRIGGER: ""} != {**old, TRIGGER: ""}:
            raise FailedError(str(error), request.physical_id) from error
        # A deployment that does not change the webhooks does not depend on Dash.
        logger.warning("The webhooks could not be checked. %s", error)
    except HookswitchError as error:
        raise FailedError(str(error), request.physical_id) from error
    return _success(desired, applied)


def _delete_with_any_key(desired: Desired, deadline: float) -> list[str]:
    """Delete the webhooks with the first credentials that open the account, and return their names.

    Raises:
        HookswitchError: None opens it, or something is left.
    """
    refusals: list[HookswitchError] = []
    for key in _credentials(desired, refusals):
        try:
            return delete_owned(DashClient(desired.api_url, key, deadline), desired.account_id, Ownership.of(desired))
        except (CredentialsError, AccountError) as error:
            refusals.append(error)
    # An error other than one about credentials tells the most.
    raise next((error for error in refusals if not isinstance(error, CredentialsError)), refusals[0])


def _credentials(desired: Desired, refusals: list[HookswitchError]) -> Iterator[credentials.Credentials]:
    seen: list[credentials.Credentials] = []
    stages: tuple[credentials.Stage, ...] = ("AWSCURRENT", "AWSPREVIOUS")
    for stage in stages:
        try:
            key = credentials.read(desired.credentials_arn, stage)
        except (CredentialsError, UnavailableError) as error:
            refusals.append(error)
            continue
        if key not in seen:
            seen.append(key)
            yield key


def _own(properties: Mapping[str, Any]) -> Desired:
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


def _what_may_be_left(desired: Desired) -> str:
    return (
        f"On the Dash account {desired.account_id} webhooks may be left, for {', '.join(desired.registered)}; their "
        f"names end with {desired.mark}. Fix the cause and delete the stack again, or delete the webhooks on Dash and "
        "then the stack without this resource."
    )


def _desired(request: Request) -> Desired:
    """Return the desired state that the request describes, if its result fits CloudFormation's and Lambda's limits.

    Raises:
        InvalidTemplateError: A value is invalid, or the values together are too long.
    """
    desired = _own(request.properties)
    excess = max(request.excess(_to_success(desired)), len(json.dumps(desired.state())) - MAX_STATE)
    if excess > 0:
        raise InvalidTemplateError(
            f"The values of the template are {excess} bytes too long for CloudFormation's response and the functions' "
            "variables. Shorten CustomData, where each non-ASCII character takes six bytes or more, or the "
            "addresses."
        )
    return desired


def _success(desired: Desired, applied: tuple[Change, ...] = ()) -> Success:
    logger.info("The webhooks are up to date.", extra={"changes": [str(change) for change in applied]})
    return _to_success(desired)


def _to_success(desired: Desired) -> Success:
    """Return the success; its state is for the stack's other functions, and contains no secret."""
    return Success(
        physical_id({"StackId": desired.stack_id, "AccountId": desired.account_id}), {"State": desired.state()}
    )
