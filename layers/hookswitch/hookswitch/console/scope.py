"""What of a stack belongs to whom: of which accounts an operator may see destinations, quarantine and actions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from hookswitch.console.users import User
from hookswitch.destinations.record import Destination
from hookswitch.settings.console import ConsoleSettings


@dataclass(frozen=True, slots=True)
class Scope:
    """What an operator may see and change.

    Attributes:
        user: The operator.
        own_account: The account that the stack serves.
        includes_subaccounts: Whether it serves that one's descendants, too.
    """

    user: User
    own_account: str
    includes_subaccounts: bool

    @classmethod
    def of(cls, user: User, settings: ConsoleSettings) -> Self:
        """Return what a user may see of a stack."""
        return cls(user, settings.account_id, settings.include_subaccounts)

    @property
    def is_whole(self) -> bool:
        """Whether the user sees every account that the stack serves, and so what belongs to no single one."""
        sees_own = self.user.sees_account(self.own_account)
        return self.user.sees_all_accounts or (sees_own and not self.includes_subaccounts)

    def has(self, account: object) -> bool:
        """Tell whether what came for an account is in it; what came for none, or for an unknown one, is the stack's."""
        return self.is_whole or self.user.sees_account(account)

    def has_all(self, accounts: Iterable[str]) -> bool:
        """Tell whether what is about some accounts is in it; what is about none in particular is about all."""
        named = [*accounts]
        return all(self.user.sees_account(account) for account in named) if named else self.is_whole

    def has_destination(self, destination: Destination) -> bool:
        """Tell whether a destination is in it: the user sees all accounts whose events the destination gets."""
        return self.has_all(destination.whole_filter.accounts)
