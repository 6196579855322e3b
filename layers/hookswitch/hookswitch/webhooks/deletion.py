"""The deletion of a stack's webhooks, with whichever of its credentials still opens the account."""

from collections.abc import Iterator

from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.errors import AccountError, CredentialsError, HookswitchError, UnavailableError
from hookswitch.webhooks.apply import delete_owned
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership


def delete_with_any_key(desired: Desired, deadline: float) -> list[str]:
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


def describe_leftovers(desired: Desired) -> str:
    """Return what may be left on Dash if a deletion fails, and what to do about it."""
    return (
        f"On the Dash account {desired.account_id} webhooks may be left, for {', '.join(desired.registered)}; their "
        f"names end with {desired.mark}. Fix the cause and delete the stack again, or delete the webhooks on Dash and "
        "then the stack without this resource."
    )
