"""Who somebody is, what they may see, and of which accounts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, cast, get_args

type Role = Literal["calls", "payloads", "operators"]
ROLES: tuple[Role, ...] = get_args(Role.__value__)
"""`calls` sees calls, `payloads` also what Dash sent of them, `operators` how hookswitch is doing."""

ALL = "*"
"""Stands for all accounts, if an operator has it."""

_ACCOUNT = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has signed in.

    Attributes:
        id: The user's id in the pool (`sub`).
        email: For the page to show; the name in the pool of whom an identity provider sent without an address.
        roles: What the user may see.
        accounts: Ids of accounts on Dash; `*` stands for all.
    """

    id: str
    email: str
    roles: frozenset[Role]
    accounts: tuple[str, ...]

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any], own_account: str) -> Self:
        """Return the user that an ID token is about.

        Roles are the user's groups in the pool; other groups mean nothing, such as the one of all users of an identity
        provider (Amazon Cognito Developer Guide, "Adding groups to a user pool"). Accounts are those in the attribute
        `custom:accounts`, separated by spaces: none of them means the stack's own. `*` means all, for operators; to
        others it means nothing.

        Args:
            claims: The token's claims, verified.
            own_account: The stack's own account.
        """
        groups = claims.get("cognito:groups")
        roles = frozenset(role for role in ROLES if isinstance(groups, list) and role in groups)
        named = str(claims.get("custom:accounts") or "").lower().split()
        if not named:
            accounts: Iterable[str] = [own_account]
        elif ALL in named and "operators" in roles:
            accounts = [ALL]
        else:
            accounts = [name for name in dict.fromkeys(named) if _ACCOUNT.fullmatch(name)]
        email = claims.get("email") or claims.get("cognito:username") or ""
        return cls(str(claims["sub"]), str(email), roles, tuple(accounts))

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Return the user that `to_attributes` wrote."""
        return cls(
            attributes["id"],
            attributes["email"],
            frozenset(cast("Iterable[Role]", attributes["roles"])),
            tuple(attributes["accounts"]),
        )

    def to_attributes(self) -> dict[str, object]:
        """Return the user as attributes of an item."""
        return {"id": self.id, "email": self.email, "roles": sorted(self.roles), "accounts": list(self.accounts)}

    def sees_account(self, account: object) -> bool:
        """Tell whether what belongs to an account may be shown; nobody may see what is none's."""
        if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
            return False
        return account in self.accounts or self.sees_all_accounts

    @property
    def sees_all_accounts(self) -> bool:
        """Whether the user may see every account of the stack."""
        return ALL in self.accounts and "operators" in self.roles

    def usual_account(self, own_account: str) -> str:
        """Return the account that is shown unless another one is asked for; empty if there is none."""
        return own_account if self.sees_account(own_account) else next(iter(self.accounts), "")
