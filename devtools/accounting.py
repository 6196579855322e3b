"""What a stack's accounting found: how many legs of calls Dash has, and how many of them are here."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from devtools.since import counted, shown
from devtools.target import Target
from hookswitch.reconcile.accounting.ledger import KEY, AccountingState

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

RUNBOOK = "docs/runbook.md#missing-legs"
CLOSED = "Dash does not open its call detail records"


def read_accounting(target: Target) -> AccountingState | None:
    """Return what the accounting remembers; None before its first run."""
    client: DynamoDBClient = target.client("dynamodb")
    table, key = target.output("EventsTableName"), {"event_id": {"S": KEY}}
    item = client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    return AccountingState.from_json(item["progress"]["S"]) if "progress" in item else None


def said(state: AccountingState) -> str:
    """Return in a line how many legs there are on both sides; empty if nothing was compared yet."""
    missing = f"; {counted(len(state.missing), 'record is', 'records are')} missing" if state.missing else ""
    if state.compared:
        since = shown(datetime.fromtimestamp(state.compared.since, UTC))
        on_dash, here = state.compared.on_dash, state.compared.here
        legs = "leg" if on_dash == 1 else "legs"
        return f"{on_dash:,} {legs} on Dash, {here:,} here since {since}{missing}"
    return CLOSED if is_closed(state) else missing.removeprefix("; ")


def is_closed(state: AccountingState) -> bool:
    """Tell whether Dash refused, in the last day, to show its records of legs."""
    return "legs" in state.refused


def advice(state: AccountingState, argument: str) -> str:
    """Return what to do about records that are missing; empty if none is.

    Args:
        state: What the accounting remembers.
        argument: What to add to a command so that it is about the same stack.
    """
    if not state.missing:
        return ""
    since = datetime.fromtimestamp(min(state.missing.values()), UTC).date()
    return f"See {RUNBOOK}. `make reconcile SINCE={since}{argument}` lists them."
