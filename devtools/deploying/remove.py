"""`make remove`: a stack's webhooks and then the stack itself; what holds data only on request."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError
from rich.table import Table

from devtools.deploying import changes
from devtools.deploying.answers import Ask, person
from devtools.deploying.preflight import TABLE_NAME
from devtools.errors import LaptopError
from devtools.screen import cell, console, say, step
from devtools.state import count_messages
from devtools.target import Target, told

TABLE = "EventsTable"
QUEUES = (
    "RedriveQueue",
    "PublishDeadLetterQueue",
    "DestinationEventsQueue",
    "RefusedEventsQueue",
    "DeadLetterQueue",
)
MEANING = {TABLE: "item", **dict.fromkeys(QUEUES, "message")}
KEY = "DestinationsKey"


@dataclass(frozen=True)
class Holding:
    """Something of a stack that holds data, and so outlives it.

    Attributes:
        logical_id: Its name in the template.
        physical_id: Its name or address in AWS.
        count: How many items or messages it holds, about.
    """

    logical_id: str
    physical_id: str
    count: int


def remove(stack: str, *, everything: bool) -> bool:
    """Remove a stack from AWS, and its webhooks from Dash first; return whether that succeeded.

    Args:
        stack: Its name; empty for that of `hookswitch.toml`.
        everything: Also delete the table and the queues, with all they hold.

    Raises:
        LaptopError: There is no such stack, nobody confirms, or something can't be deleted.
    """
    target = Target.on_aws(stack)
    with told():
        described = target.described
        holdings = list(_holdings(target))
        key = target.resources.get(KEY, "")
        ask = person()
        account, region = target.parameters["DashAccountId"], target.session.region_name
        say(f"{target.stack} in {region}, for the Dash account {account}.")
        _show(holdings, "is deleted" if everything else "stays", "red" if everything else "")
        if everything:
            _confirm(target, ask)
        elif ask and ask(f"Remove {target.stack} and its webhooks? [y/N]").lower() not in {"y", "yes"}:
            raise LaptopError("Nothing has been removed.")
        with step(f"Removing the webhooks and {target.stack}") as detail:
            changes.delete(target, described["StackId"], detail)
        if key:
            say("The key of the destinations' addresses stays, at $1 a month. To delete it:")
            say(f"aws kms schedule-key-deletion --key-id {key}")
        if not everything:
            say("Removed. The table and the queues stay. To go on with the table:")
            table = next((holding.physical_id for holding in holdings if holding.logical_id == TABLE), "")
            say(f'make deploy SET="{TABLE_NAME}={table}"')
            return True
        for holding in holdings:
            with step(f"Deleting {holding.logical_id}"):
                _delete(target, holding)
    say("Removed, with everything that it held.")
    return True


def _show(holdings: Iterable[Holding], fate: str, style: str) -> None:
    """Print what holds data, how much, and what becomes of it."""
    lines = Table.grid(padding=(0, 2, 0, 0))
    for holding in holdings:
        kind = MEANING[holding.logical_id] + ("" if holding.count == 1 else "s")
        lines.add_row(cell(holding.logical_id), cell(f"{holding.count:,}"), cell(kind), cell(fate, style))
    console.print(lines)


def _confirm(target: Target, ask: Ask | None) -> None:
    """Have the stack's name typed: nothing brings the events back.

    Raises:
        LaptopError: It was not typed, or nobody is there.
    """
    if ask is None:
        raise LaptopError("EVERYTHING=yes deletes events for good, so it has to be confirmed at a terminal.")
    if ask(f"This can't be undone. Type {target.stack} to delete everything") != target.stack:
        raise LaptopError("Nothing has been removed.")


def _holdings(target: Target) -> Iterator[Holding]:
    tables = target.client("dynamodb")
    with contextlib.suppress(ClientError, KeyError):
        table = target.resources[TABLE]
        yield Holding(TABLE, table, tables.describe_table(TableName=table)["Table"].get("ItemCount", 0))
    for name in QUEUES:
        with contextlib.suppress(ClientError, KeyError):
            url = target.resources[name]
            yield Holding(name, url, count_messages(target, url))


def _delete(target: Target, holding: Holding) -> None:
    if holding.logical_id == TABLE:
        tables = target.client("dynamodb")
        tables.update_table(TableName=holding.physical_id, DeletionProtectionEnabled=False)
        tables.get_waiter("table_exists").wait(TableName=holding.physical_id, WaiterConfig={"Delay": 2})
        tables.delete_table(TableName=holding.physical_id)
    else:
        target.client("sqs").delete_queue(QueueUrl=holding.physical_id)
