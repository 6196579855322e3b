"""Changes webhooks on Dash: applies a plan, and deletes everything that a stack owns."""

from collections.abc import Callable, Iterable

from hookswitch.callback.secret import read_callback_secret
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.errors import DashError, LeftBehindError, UnknownWebhookError
from hookswitch.observability.log import logger
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Change, Create, Delete, Plan, Update

ROUNDS = 8  # for finding and deleting what is left, in `delete_owned`
NOT_SENT = ("id", "disable_reason")


def connect(desired: Desired, deadline: float, stage: credentials.Stage = "AWSCURRENT") -> DashClient:
    """Return a client of the stack's Dash account.

    Args:
        desired: Names the API and the secret with the credentials.
        deadline: When to give up, in `time.monotonic` seconds.
        stage: The stage of the secret's version to use.

    Raises:
        CredentialsError: The credentials can't be read.
        UnavailableError: Secrets Manager does not answer.
    """
    return DashClient(desired.api_url, credentials.read(desired.credentials_arn, stage), deadline)


def apply_desired(client: DashClient, desired: Desired, ownership: Ownership) -> tuple[Change, ...]:
    """Bring the webhooks on Dash to the desired state, and return the changes made.

    After a change of the callback secret, new tokens are registered only once it has settled: until then, a hook
    function with the old secret in its cache might reject them (`hookswitch.callback.verification.SenderCheck`).

    Raises:
        DashError: A change failed; the changes before it are applied.
        SecretUnavailableError: The callback secret can't be read.
    """
    secret = read_callback_secret(desired.callback_secret_arn)
    owned = list_owned(client, desired.account_id, ownership)
    plan = Plan.between(owned, desired.documents(secret.current), ownership)
    if plan.registers_tokens:
        secret.wait_until_settled(client.deadline)
    return apply_changes(client, desired.account_id, plan)


def apply_changes(
    client: DashClient, account_id: str, changes: Iterable[Change], *, recreate: bool = True
) -> tuple[Change, ...]:
    """Apply changes in the order given, log each one, and return those that were made.

    Args:
        client: Of the account's Dash.
        account_id: The account.
        changes: What to do.
        recreate: Whether a webhook that was deleted since the plan was made is created again.

    Raises:
        DashError: A change failed; the changes after it are not applied.
    """
    applied = []
    for change in changes:
        match change:
            case Create(document=document):
                client.create(account_id, document)
            case Update():
                document = {name: value for name, value in change.document.items() if name not in NOT_SENT}
                try:
                    client.edit(account_id, change.webhook_id, document)
                except UnknownWebhookError:
                    if not recreate:
                        logger.warning("A webhook was deleted meanwhile: %s", change.name)
                        continue
                    client.create(account_id, document)
            case Delete():
                client.delete(account_id, change.webhook_id, change.name)
        logger.info("Applied: %s", change)
        applied.append(change)
    return tuple(applied)


def delete_owned(
    client: DashClient,
    account_id: str,
    ownership: Ownership,
    *,
    spare: frozenset[str] = frozenset(),
    settle: Callable[[], None] | None = None,
) -> list[str]:
    """Delete the webhooks that a stack owns, check again until none is left, and return their names.

    Args:
        client: A client of the account's Dash.
        account_id: The account.
        ownership: Tells which webhooks belong to the stack.
        spare: Ids of webhooks to keep.
        settle: Waits for creations whose responses were lost, since they may still happen. It is called until a
            check after it finds nothing.

    Raises:
        LeftBehindError: Some webhooks could not be deleted; the text names them and says why.
        DashError: The account could not be read.
    """
    deleted: list[str] = []
    reason = "Dash still lists them after they were deleted."
    settled = settle is None
    for _ in range(ROUNDS):
        left = [it for it in client.webhooks(account_id) if ownership.owns(it) and it["id"] not in spare]
        if not left:
            if settled or settle is None:
                return deleted
            settle()
            settled = True
            continue
        settled, before = settle is None, len(deleted)
        for webhook in left:
            name = ownership.display_name(webhook)
            try:
                client.delete(account_id, str(webhook["id"]), name)
                deleted.append(name)
            except DashError as error:
                reason = str(error)
        if len(deleted) == before:
            break
    names = ", ".join(sorted(ownership.display_name(webhook) for webhook in left))
    raise LeftBehindError(f"These webhooks are left on the Dash account {account_id}: {names}. {reason}")
