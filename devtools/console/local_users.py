"""Users of the console of a stack on the emulator, which has no mail to invite them with."""

from collections.abc import Iterable, Mapping
from typing import Any

from devtools import aws
from devtools.stack import Stack
from hookswitch.console.users import ALL, ROLES

EMAIL = "you@example.com"
PASSWORD = "calls-of-this-machine"  # noqa: S105 - public on purpose, as the emulator's own keys are


def parameters(port: int) -> Mapping[str, str]:
    """Return the template's parameters with which a stack on the emulator at a port has the page."""
    return {"Console": "on", "ConsoleTestHost": f"localhost:{port}", "ConsoleMfa": "off"}


def add_user(
    deployed: Stack, email: str = EMAIL, *, roles: Iterable[str] = ROLES, accounts: str = ALL, password: str = PASSWORD
) -> None:
    """Add a user with a password that stays, unless there is one with this address.

    Args:
        deployed: The stack, with the page.
        email: The user's address.
        roles: The groups to be in.
        accounts: Ids of accounts, separated by spaces; empty for the stack's own, `*` for all.
        password: For signing in.
    """
    client: Any = aws.cognito(deployed.endpoint)
    pool = deployed.outputs["ConsoleUserPoolId"]
    attributes = {"email": email, "email_verified": "true", **({"custom:accounts": accounts} if accounts else {})}
    try:
        client.admin_create_user(
            UserPoolId=pool,
            Username=email,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )
    except client.exceptions.UsernameExistsException:
        return
    client.admin_set_user_password(UserPoolId=pool, Username=email, Password=password, Permanent=True)
    for role in roles:
        client.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=role)
