"""Makes the webhooks on the Dash account match the template: the custom resource Custom::DashWebhooks.

Its physical id names the stack and the Dash account, and nothing else. So a retry finds what an earlier try left, and
every change but that of the account is an update in place. A new account makes a new resource: the webhooks are
registered there first, and then CloudFormation deletes the old resource, with the OLD properties. The secret may hold
the new account's key by then (the template's DashApiKey changes in place). A Delete therefore tries the secret's
current version, then its previous one, and takes the first that opens the account. If none does, the webhooks stay,
and the Delete fails and names them.

Whoever may invoke the function can make up a request. So no request chooses where a key or a token goes: the stack's
id, all addresses and all ARNs are the function's own (docs/threat-model.md).

A Create that fails undoes what it did and responds with an id that says so (NOTHING_CREATED), because on AWS a Delete
follows, perhaps with the same wrong key, which then has nothing to do. For failures that nobody can repair, see
docs/engineering/decisions/0011-custom-resource-failures.md.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code
from hookswitch.callback.secret import read_callback_secret
from hookswitch.cloudformation.custom_resource import FailedError, Request, Success
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
from hookswitch.settings.functions import ProvisionSettings
from hookswitch.webhooks.apply import apply_changes, apply_desired, connect, delete_owned
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Change, Plan

NOTHING_CREATED = "/nothing-made"  # deployed stacks have ids that end with this
LATE_FACTOR = 6  # a creation without an answer may still happen within so many times the wait for an answer
# Bytes of the state, escaped: it is a variable of functions whose other variables need up to 1.3 KB of the 4 KB that
# Lambda allows, escapes included ("Lambda quotas").
MAX_STATE = 2750
TRIGGER = "Deployment"  # the property whose only purpose is that an update checks Dash


def physical_id(properties: Mapping[str, Any]) -> str:
    """Return the resource's id: the same for every attempt of one stack on one Dash account."""
    stack = str(properties.get("StackId")).split("/")[1:2] or ["unknown"]
    return f"{stack[0]}/dash/{properties.get('AccountId')}"


def provision(request: Request) -> Success:
    """Do what CloudFormation requests.

    Raises:
        FailedError: It can't be done.
    """
    match request.kind:
        case "Create":
            return create(request)
        case "Update":
            return update(request)
        case "Delete":
            return delete(request)


def create(request: Request) -> Success:
    """Register the webhooks, adopting what an earlier try left; if that fails, leave nothing behind.

    Raises:
        FailedError: It can't be done; the physical id says whether something may be left on Dash.
    """
    return _register(request, id_if_undone=physical_id(request.properties) + NOTHING_CREATED)


def update(request: Request) -> Success:
    """Make the webhooks as wanted; on another account, register them there.

    On the same account, whatever an update changed before it failed stays, because CloudFormation asks for the way
    back next. On another account it is undone, because the resource keeps its old id, so that CloudFormation knows of
    no other. The way back itself never fails: a stack that can go neither forward nor back is worse than webhooks
    that the next deployment repairs.

    Raises:
        FailedError: It can't be done.
    """
    moved = request.properties.get("AccountId") != request.old_properties.get("AccountId")
    try:
        return _register(request, id_if_undone=request.physical_id) if moved else _update_in_place(request)
    except FailedError as error:
        if not _is_rolling_back(request.properties["StackId"]):
            raise
        logger.error("The webhooks may not be as they were before the failed update. %s", error)
        return _success(_own(request.properties))


def delete(request: Request) -> Success:
    """Delete the stack's webhooks from the account that the properties name.

    Raises:
        FailedError: Some may be left, and OnDeleteFailure is not `ignore`.
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
            # refuses, or from properties that are invalid.
            logger.warning("There is nothing to delete. %s", error)
            return done
        reason = f"{error} {_what_may_be_left(desired)}" if desired else str(error)
        if ProvisionSettings.from_environment().ignores_failed_delete:
            logger.error("Ignored, because OnDeleteFailure says so: %s", reason)
            return done
        raise FailedError(reason, request.physical_id) from error
    logger.info("Webhooks deleted.", extra={"webhooks": deleted})
    return done


@dataclass(frozen=True, slots=True)
class _Undo:
    """Deletes what a failed registration may have created.

    Attributes:
        client: Of the account.
        account_id: The account.
        ownership: Of the stack.
        spare: Ids of webhooks that were there before and stay.
        deadline: When to give up, as `time.monotonic` counts.
    """

    client: DashClient
    account_id: str
    ownership: Ownership
    spare: frozenset[str]
    deadline: float

    def run(self, cause: Exception) -> None:
        """Delete it.

        Raises:
            HookswitchError: Something is left.
        """
        self.client.deadline = self.deadline
        # A creation whose answer did not come may still be under way.
        in_doubt = isinstance(cause, LostAnswerError | DeadlineError)
        settle = partial(_sleep, LATE_FACTOR * self.client.patience, self.deadline) if in_doubt else None
        delete_owned(self.client, self.account_id, self.ownership, spare=self.spare, settle=settle)


def _register(request: Request, *, id_if_undone: str) -> Success:
    """Register on an account on which this resource has nothing yet, and undo that if it fails."""
    undo: _Undo | None = None
    try:
        desired = _desired(request)
        ownership = Ownership.of(desired)
        client = connect(desired, request.work_until)
        before = client.webhooks(desired.account_id)
        is_create = request.kind == "Create"
        # When an update returns from one account to the previous, the stack lives on what is still there.
        spare = frozenset() if is_create else frozenset(str(it["id"]) for it in before if ownership.owns(it))
        undo = _Undo(client, desired.account_id, ownership, spare, request.cleanup_until)
        if is_create:
            # No need to wait until the secret has settled: no function has run, so none remembers another version.
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
        # A deployment that changes nothing about the webhooks does not depend on Dash.
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
    # An error that is not about credentials says most.
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
    """Return what a request asks for, with this stack's own id, addresses and ARNs, whatever the request says.

    Raises:
        InvalidTemplateError: A value is invalid.
        StackError: The address of the stack's API can't be found out.
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
        logger.warning("The request has another %s than this stack, whose own is used.", " and ".join(others))
    return Desired.from_properties({**properties, **own})


def _api_address(settings: ProvisionSettings) -> str:
    """Return the address of the stack's API. It is no variable, because the API needs resources that need this."""
    try:
        answer = clients.cloudformation().describe_stack_resource(StackName=settings.stack_id, LogicalResourceId="Api")
    except CALL_ERRORS as error:
        raise StackError(
            f"The address of the stack's API can't be read: CloudFormation says {error_code(error)}. Try again."
        ) from error
    api, region = answer["StackResourceDetail"]["PhysicalResourceId"], settings.stack_id.split(":")[3]
    return f"https://{api}.execute-api.{region}.{settings.url_suffix}/{settings.stage}"


def _ownership(client: DashClient, desired: Desired, old: Mapping[str, Any]) -> Ownership:
    """Return what the stack owns, at the addresses that it had before the update too."""
    ownership = Ownership.of(desired)
    try:
        former = set(Desired.from_properties(old).addresses) - set(ownership.addresses)
    except InvalidTemplateError:  # an earlier version of hookswitch had other properties
        return ownership
    if not former:
        return ownership
    secret = read_callback_secret(desired.callback_secret_arn).current
    return ownership.with_former(former, client.webhooks(desired.account_id), secret)


def _is_rolling_back(stack_id: str) -> bool:
    """Tell whether CloudFormation is rolling back a failed update; no request says so."""
    try:
        stacks = clients.cloudformation().describe_stacks(StackName=stack_id)["Stacks"]
    except CALL_ERRORS as error:
        logger.warning("The stack's status can't be read: %s", error_code(error))
        return False
    return stacks[0]["StackStatus"].startswith("UPDATE_ROLLBACK")


def _what_may_be_left(desired: Desired) -> str:
    return (
        f"On the Dash account {desired.account_id} webhooks may be left, for {', '.join(desired.hooks)}; their names "
        f"end with {desired.mark}. Delete the stack again when the cause is fixed, or delete them on Dash and then "
        "the stack without this resource."
    )


def _desired(request: Request) -> Desired:
    """Return what the request asks for, if CloudFormation and Lambda will take what it leads to.

    Raises:
        InvalidTemplateError: A value is invalid, or all of them together are too long.
    """
    desired = _own(request.properties)
    excess = max(request.excess(_to_success(desired)), len(json.dumps(desired.state())) - MAX_STATE)
    if excess > 0:
        raise InvalidTemplateError(
            f"The values of the template are {excess} bytes too long for CloudFormation's response and the functions' "
            "variables. Shorten CustomData, in which each character outside ASCII takes six bytes or more, or the "
            "addresses."
        )
    return desired


def _success(desired: Desired, applied: tuple[Change, ...] = ()) -> Success:
    logger.info("The webhooks are as wanted.", extra={"changes": [str(change) for change in applied]})
    return _to_success(desired)


def _to_success(desired: Desired) -> Success:
    """Return the success; its state is for the other functions of the stack, and holds no secret."""
    return Success(
        physical_id({"StackId": desired.stack_id, "AccountId": desired.account_id}), {"State": desired.state()}
    )
