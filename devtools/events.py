"""`make events`: the newest events of a stack, here or on AWS."""

import csv
import json
import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from rich.table import Table

from devtools import since as times
from devtools.errors import LaptopError
from devtools.feeds import NAMES, Feeds, Item
from devtools.screen import cell, console, cropped, grid, printable, say
from devtools.target import Target, told
from hookswitch.payloads.text import one_line

SINCE = "24h"
ACCOUNT = re.compile(r"[0-9a-f]{32}", re.ASCII)
COLUMNS = ("time", "hook", "account", "id", "summary", "subject")
FIRST = ("event_id", "hook", "account_id", "occurred_at", "received_at", "summary", "subject")  # of an item as JSON
LAST = "payload"

type Format = Literal["table", "json", "csv"]


def show(stack: str, hook: str, since: str, account: str, count: int, form: Format) -> bool:  # noqa: PLR0913, PLR0917
    """Print the newest events of a stack, newest first.

    Args:
        stack: Its name; empty as for `Target.find`.
        hook: The only hook; empty for all.
        since: When to begin, as `devtools.since` takes it; empty for a day ago.
        account: A Dash account; empty for the stack's own. Events of its descendants are listed under their own.
        count: The most that are printed.
        form: A table; or an item a line as JSON, with its payload; or CSV.

    Raises:
        LaptopError: An argument is invalid, or AWS can't be asked.
    """
    require_hook(hook)
    account = require_account(account)
    start = times.since(since or SINCE)
    hooks = (hook,) if hook else NAMES
    with told():
        target = Target.find(stack)
        feeds = Feeds.of(target, account)
        items = feeds.newest(hooks, start, count)
        more = feeds.count(hooks, start).total() - len(items) if len(items) == count else 0
        if form == "json":
            for item in feeds.full(items):
                print(as_json(item))
    if form == "csv":
        write_csv(items)
    arguments = {"STACK": stack, "HOOK": hook, "SINCE": since, "ACCOUNT": account}
    note = _note(items, more, start, f"make events{typed(arguments)} COUNT={len(items) + more}")
    if form == "table":
        if items:
            console.print(table(items))
        say(note, style="dim")
        if not account and target.parameters.get("IncludeSubaccounts") == "true":
            say("Events of a descendant of the Dash account: add ACCOUNT=<its id>.", style="dim")
    elif more > 0:
        print(printable(note), file=sys.stderr)
    return True


def require_hook(hook: str) -> None:
    """Check the name of a hook; an empty one stands for all.

    Raises:
        LaptopError: There is no such hook.
    """
    if hook and hook not in NAMES:
        raise LaptopError(f"There is no hook {hook!r}. The hooks are: {', '.join(NAMES)}.")


def require_account(account: str) -> str:
    """Return the id of an account as Dash spells it; an empty one stands for the stack's own.

    Raises:
        LaptopError: No account has such an id.
    """
    account = account.strip().lower()
    if account and not ACCOUNT.fullmatch(account):
        raise LaptopError(f"ACCOUNT={account} is not a Dash account id, which has 32 hexadecimal digits.")
    return account


def table(items: Sequence[Item]) -> Table:
    """Return a row for each event, with its time on this machine; a summary is cropped to what fits."""
    moments = [_moment(item) for item in items]
    lines = grid()
    lines.add_column(f"time ({zone_names(moments)})", no_wrap=True)
    lines.add_column("hook", no_wrap=True)
    lines.add_column("summary")
    for item, moment in zip(items, moments, strict=True):
        lines.add_row(moment.strftime("%b %d %H:%M:%S"), cell(item["hook"]), cropped(item.get("summary", "")))
    return lines


def zone_names(moments: Iterable[datetime]) -> str:
    """Return the time zones of some moments: one, or two around a change to or from daylight saving time."""
    return "/".join(dict.fromkeys(str(moment.tzname()) for moment in moments))


def write_csv(items: Iterable[Item]) -> None:
    """Print events as CSV, with their times in UTC."""
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(COLUMNS)
    for item in items:
        names = ("occurred_at", "hook", "account_id", "event_id", "summary", "subject")
        lines.writerow(one_line(str(item.get(name, "")), sys.maxsize) for name in names)


def as_json(item: Item) -> str:
    """Return an item on one line, its payload last. Bytes become base64."""
    names = [name for name in FIRST if name in item]
    names += sorted(item.keys() - {*FIRST, LAST})
    names += [LAST] if LAST in item else []
    return json.dumps({name: item[name] for name in names}, default=_plain)


def typed(arguments: Mapping[str, Any]) -> str:
    """Return arguments as they are typed after a make target; the empty ones are left out."""
    return "".join(
        f' {name}="{value}"' if " " in value else f" {name}={value}" for name, value in arguments.items() if value
    )


def _plain(value: object) -> int | float | str:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} can't be part of an item.")


def _moment(item: Item) -> datetime:
    return datetime.fromisoformat(str(item["occurred_at"])).astimezone()


def _note(items: Sequence[Item], more: int, start: datetime, command: str) -> str:
    since = f"since {times.shown(start)}"
    if not items:
        return f"No events {since}."
    if more <= 0:
        return f"{len(items)} {'event' if len(items) == 1 else 'events'} {since}."
    return f"The newest {len(items)} of {len(items) + more} events {since}. All of them:\n  {command}"
