"""Which accounts a destination's filter stands for: those that it names, and their descendants on Dash."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hookswitch.destinations.table import DestinationTable


def refresh(table: DestinationTable, list_descendants: Callable[[], Iterable[Mapping[str, Any]]]) -> int:
    """Note the descendants of the accounts that destinations name; return how many destinations changed.

    Args:
        table: The table of destinations.
        list_descendants: Lists all descendants of the stack's account, each with its `id` and, in `tree`, the ids of
            the accounts above it (2600hz, *Accounts*, "Fetch all descendants"). It is called only if it is needed.

    Raises:
        ClientError, BotoCoreError: DynamoDB does not accept a call.
        DashError: Dash does not list them.
    """
    chosen = [standing.destination for standing in table.standings() if standing.destination.filter.accounts]
    if not chosen:
        return 0
    above = {str(account["id"]): frozenset(map(str, account.get("tree") or ())) for account in list_descendants()}
    changed = 0
    for destination in chosen:
        roots = frozenset(destination.filter.accounts)
        found = tuple(sorted(account for account, tree in above.items() if tree & roots and account not in roots))
        if found != destination.descendants:
            changed += table.change(destination.name, destination.id, {"descendants": found})
    return changed
