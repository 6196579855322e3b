"""Makes the webhooks on the Dash account match the template: the custom resource Custom::DashWebhooks.

It answers for Custom::Digest too, which is no more than a function of its properties (hookswitch.digest).

Its physical id names the stack and the Dash account, and nothing else. So a retry finds what an earlier try
left, any change but that of the account is an update in place, and a new account makes a new resource: the
webhooks are first made there, and then CloudFormation's clean-up deletes the old resource, with the OLD
properties. The secret that those name may have the new account's key by then (the template's DashApiKey changes
in place), or be gone. A Delete therefore tries the secret's current version, then its previous one, then the
secret of the present template, and takes the first that opens the account. If none does, the webhooks stay, and
the Delete fails and says which they are.

A Create that fails takes back what it made and answers with an id that says so (NOTHING), because on AWS a Delete
follows, perhaps with the same wrong key: it has nothing to do then. For what fails when nobody can help, see
docs/engineering/decisions/0011-custom-resource-failures.md.
"""

import os
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code
from hookswitch.callback.secret import read_callback_secret
from hookswitch.cloudformation import content_hash
from hookswitch.cloudformation.custom_resource import FailedError, Request, Success, answer_with
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.errors import (
    AccountError,
    CredentialsError,
    DeadlineError,
    HookswitchError,
    InvalidTemplateError,
    LostAnswerError,
    UnavailableError,
)
from hookswitch.observability.log import logger
from hookswitch.webhooks.apply import apply_changes, apply_desired, connect, delete_owned
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Change, Plan

NOTHING = "/nothing-made"
LATENESS = 6  # times the patience for an answer, in which what had none may still come true
TRIGGER = "Deployment"  # the property that only makes an update look at Dash


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, Any], context: Any) -> None:
    """Answer one request of CloudFormation (AWS CloudFormation, "Custom resource request objects")."""
    logger.append_keys(request=event["RequestType"])
    if event["ResourceType"] == content_hash.TYPE:
        return answer_with(content_hash.digest, event, context, id_if_unknown=content_hash.PHYSICAL_ID)
    work = {"Create": create, "Update": update, "Delete": delete}[event["RequestType"]]
    return answer_with(work, event, context, id_if_unknown=id_of(event["ResourceProperties"]))


def id_of(properties: Mapping[str, Any]) -> str:
    """Return the physical id: the same for every try of one stack on one Dash account."""
    stack = str(properties.get("StackId")).split("/")[1:2] or ["unknown"]
    return f"{stack[0]}/dash/{properties.get('AccountId')}"


def create(request: Request) -> Success:
    """Register what is wanted, adopting what an earlier try left; if that fails, leave nothing behind.

    Raises:
        FailedError: It can't be done; the physical id tells whether something may be left on Dash.
    """
    return _register(request, if_nothing_made=id_of(request.properties) + NOTHING)


def update(request: Request) -> Success:
    """Bring the webhooks into line; on another account, register them there.

    What fails half way stays as it is on the same account, for CloudFormation asks to go back. On another
    account it is taken back, for the resource keeps its old id, and so CloudFormation knows of no other.
    The way back itself never fails: a stack that can go neither forth nor back is worse than webhooks that the
    next deployment puts right.

    Raises:
        FailedError: It can't be done.
    """
    moved = request.properties.get("AccountId") != request.old_properties.get("AccountId")
    try:
        return _register(request, if_nothing_made=request.physical_id) if moved else _reconcile(request)
    except FailedError as error:
        if not _rolls_back(request.properties["StackId"]):
            raise
        logger.error("The webhooks may not be as they were before the failed update. %s", error)
        return _success(Desired.from_properties(request.properties))


def delete(request: Request) -> Success:
    """Remove the stack's webhooks from the account that the properties name.

    Raises:
        FailedError: Some may be left, and OnDeleteFailure is not `ignore`.
    """
    made = Success(request.physical_id)
    if request.physical_id.endswith(NOTHING):
        return made
    desired: Desired | None = None
    try:
        desired = Desired.from_properties(request.properties)
        removed = _remove_with_any_key(desired, request.cleanup_until)
    except HookswitchError as error:
        never_answered = request.physical_id != id_of(request.properties)
        if never_answered and isinstance(error, CredentialsError | InvalidTemplateError):
            # CloudFormation invented the id, so the Create never came to its end. It can't have made anything
            # with credentials that Dash refuses, or from properties that can't be used.
            logger.warning("There is nothing to remove. %s", error)
            return made
        reason = f"{error} {_left(desired)}" if desired else str(error)
        if os.environ.get("ON_DELETE_FAILURE") == "ignore":
            logger.error("Ignored, as OnDeleteFailure says: %s", reason)
            return made
        raise FailedError(reason, request.physical_id) from error
    logger.info("Webhooks removed.", extra={"webhooks": removed})
    return made


def _register(request: Request, *, if_nothing_made: str) -> Success:
    """Register on an account on which this resource has nothing yet, and take it back if that fails."""
    first = request.kind == "Create"
    take_back: partial[list[str]] | None = None
    try:
        desired = Desired.from_properties(request.properties)
        ownership = Ownership.of(desired)
        client = connect(desired, request.work_until)
        summaries = client.webhooks(desired.account_id)
        # On the way back from an account to the one before, what is there is what the stack lives on.
        spare = frozenset() if first else frozenset(str(it["id"]) for it in summaries if ownership.owns(it))
        take_back = partial(_take_back, client, desired.account_id, ownership, spare, request.cleanup_until)
        if first:
            # No function has another version of the secret in its memory: none was called before.
            secret = read_callback_secret(desired.callback_secret_arn).current
            owned = list_owned(client, desired.account_id, ownership)
            plan = Plan.between(owned, desired.documents(secret), ownership)
            applied = apply_changes(client, desired.account_id, plan)
        else:
            applied = apply_desired(client, desired, ownership)
    except Exception as error:
        if take_back is None:
            if isinstance(error, HookswitchError):
                raise FailedError(str(error), if_nothing_made) from error
            raise
        try:
            take_back(in_doubt=isinstance(error, LostAnswerError | DeadlineError))
        except HookswitchError as left:
            raise FailedError(
                f"{error} What was made could not be removed: {left}", id_of(request.properties)
            ) from error
        if not isinstance(error, HookswitchError):
            raise
        raise FailedError(f"{error} What had been made is removed again.", if_nothing_made) from error
    return _success(desired, applied)


def _take_back(  # noqa: PLR0913 - bound one after the other
    client: DashClient,
    account_id: str,
    ownership: Ownership,
    spare: frozenset[str],
    deadline: float,
    *,
    in_doubt: bool,
) -> list[str]:
    client.deadline = deadline
    # A creation whose answer did not come may still be under way.
    settle = partial(_sleep_until, LATENESS * client.patience, deadline) if in_doubt else None
    return delete_owned(client, account_id, ownership, spare=spare, settle=settle)


def _sleep_until(seconds: float, deadline: float) -> None:
    time.sleep(max(0.0, min(seconds, (deadline - time.monotonic()) / 2)))


def _reconcile(request: Request) -> Success:
    properties, old = request.properties, request.old_properties
    applied: tuple[Change, ...] = ()
    try:
        desired = Desired.from_properties(properties)
        client = connect(desired, request.work_until)
        applied = apply_desired(client, desired, Ownership.of(desired, *_if_valid(old)))
    except UnavailableError as error:
        if {**properties, TRIGGER: ""} != {**old, TRIGGER: ""}:
            raise FailedError(str(error), request.physical_id) from error
        # A deployment that changes nothing about the webhooks does not depend on Dash.
        logger.warning("The webhooks could not be looked at. %s", error)
    except HookswitchError as error:
        raise FailedError(str(error), request.physical_id) from error
    return _success(desired, applied)


def _remove_with_any_key(desired: Desired, deadline: float) -> list[str]:
    """Remove the webhooks with the first credentials that open the account.

    Raises:
        HookswitchError: None does, or something is left.
    """
    refusals: list[HookswitchError] = []
    for key in _credentials(desired, refusals):
        try:
            return delete_owned(DashClient(desired.api_url, key, deadline), desired.account_id, Ownership.of(desired))
        except (CredentialsError, AccountError) as error:
            refusals.append(error)
    # One that is no matter of credentials tells most.
    raise next((error for error in refusals if not isinstance(error, CredentialsError)), refusals[0])


def _credentials(desired: Desired, refusals: list[HookswitchError]) -> Iterator[credentials.Credentials]:
    seen: list[credentials.Credentials] = []
    versions: list[tuple[str, credentials.Stage]] = [
        (desired.credentials_arn, "AWSCURRENT"),
        (desired.credentials_arn, "AWSPREVIOUS"),
        (os.environ.get("DASH_CREDENTIALS_ARN") or desired.credentials_arn, "AWSCURRENT"),
    ]
    for secret_arn, stage in dict.fromkeys(versions):
        try:
            key = credentials.read(secret_arn, stage)
        except (CredentialsError, UnavailableError) as error:
            refusals.append(error)
            continue
        if key not in seen:
            seen.append(key)
            yield key


def _if_valid(properties: Mapping[str, Any]) -> list[Desired]:
    """Return the properties, unless an earlier version of hookswitch had others."""
    try:
        return [Desired.from_properties(properties)]
    except InvalidTemplateError:
        return []


def _rolls_back(stack_id: str) -> bool:
    """Tell whether CloudFormation is on its way back from a failed update. No request says so."""
    try:
        stacks = clients.cloudformation().describe_stacks(StackName=stack_id)["Stacks"]
    except CALL_ERRORS as error:
        logger.warning("The stack's status can't be read: %s", error_code(error))
        return False
    return stacks[0]["StackStatus"].startswith("UPDATE_ROLLBACK")


def _left(desired: Desired) -> str:
    return (
        f"On the Dash account {desired.account_id} webhooks may be left, for {', '.join(desired.hooks)}; their names "
        f"end with {desired.mark}. Delete the stack again when this is put right, or remove them on Dash and "
        "delete the stack without this resource."
    )


def _success(desired: Desired, applied: tuple[Change, ...] = ()) -> Success:
    """Return the answer; the state is for other functions of the stack, and holds no secret."""
    logger.info("Webhooks are as wanted.", extra={"changes": [str(change) for change in applied]})
    return Success(id_of({"StackId": desired.stack_id, "AccountId": desired.account_id}), {"State": desired.state()})
