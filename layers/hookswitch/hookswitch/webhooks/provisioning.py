"""What keeps a stack's webhooks as they should be: the way from its properties to the changes on Dash.

Tokens of a changed callback secret are registered only once it has settled: until then a hook function that has
the old secret in its memory could refuse them (see `hookswitch.callback.verification.SenderCheck`).
"""

from collections.abc import Iterable, Mapping

from hookswitch.callback.secret import CallbackSecret, read_callback_secret
from hookswitch.callback.verification import token_for
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient, Document
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.webhooks import Action, Change, Ownership, carry_out, compare, ours


def client_for(desired: Desired, deadline: float, stage: credentials.Stage = "AWSCURRENT") -> DashClient:
    """Return a client with the credentials that the properties name.

    Raises:
        CredentialsError: They can't be read.
        UnavailableError: Secrets Manager does not answer.
    """
    return DashClient(desired.api_url, credentials.read(desired.credentials_arn, stage), deadline)


def plan(client: DashClient, desired: Desired, ownership: Ownership, secret: CallbackSecret) -> list[Change]:
    """Return what differs on Dash from what is wanted; nothing is changed.

    Raises:
        DashError: The account can't be looked at.
    """
    return compare(ours(client, desired.account_id, ownership), desired.documents(secret.current), ownership)


def bring_into_line(
    client: DashClient,
    desired: Desired,
    ownership: Ownership,
    done: list[Change],
) -> None:
    """Make the webhooks as wanted; what is done is added to `done`, also when an error ends it.

    Raises:
        DashError: A change failed.
        SecretUnavailableError: The callback secret can't be read.
    """
    secret = read_callback_secret(desired.callback_secret_arn)
    changes = plan(client, desired, ownership, secret)
    if brings_tokens(changes):
        secret.wait_until_settled(client.deadline)
    carry_out(client, desired.account_id, changes, done)


def brings_tokens(changes: Iterable[Change]) -> bool:
    """Tell whether a change registers a token that was not there before."""
    return any(change.action is Action.CREATE or "uri" in change.fields for change in changes)


def stale(client: DashClient, desired: Desired, ownership: Ownership, secret: CallbackSecret) -> list[Change]:
    """Return the edits that give webhooks the current token, and leave everything else of them as it is.

    Raises:
        DashError: The account can't be looked at.
    """
    return [
        Change(Action.EDIT, hook, str(webhook["name"]), document, str(webhook["id"]), ("uri",))
        for webhook in ours(client, desired.account_id, ownership)
        if (hook := ownership.hook_of(webhook)) in CATALOGUE
        and (document := _with_token(webhook, hook, ownership, secret.current)) != webhook
    ]


def _with_token(webhook: Document, hook: str, ownership: Ownership, secret: str) -> Mapping[str, object]:
    uri = str(webhook["uri"])
    address = next((address for address in ownership.addresses if uri.startswith(address)), "")
    return {**webhook, "uri": f"{address}{hook}/{token_for(secret, hook)}"} if address else webhook
