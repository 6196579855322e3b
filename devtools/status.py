"""`make status`: how a stack is doing, here or on AWS. It asks AWS only; `make doctor` also asks Dash."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rich.table import Table
from rich.text import Text

from devtools.accounting import advice, said
from devtools.destinations.screens import fails_briefly, moment, problems
from devtools.feeds import NAMES
from devtools.screen import cell, console, grid, say
from devtools.since import age, counted, rfc3339, shown
from devtools.state import AT_REST, BUSY, DAY, HOUR, SECTIONS, State
from devtools.target import Target, told
from hookswitch.dash.hooks import SELECTABLE_HOOKS

RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Row:
    """A line of the screen.

    Attributes:
        name: What it is about.
        value: How that is.
        next_step: What to do about it; empty if nothing needs attention.
    """

    name: str
    value: str
    next_step: str = ""


def show(stack: str, form: Literal["table", "json"]) -> bool:
    """Print how a stack is doing, and return whether nothing needs attention.

    Raises:
        LaptopError: AWS can't be asked, or there is no such stack.
    """
    with told():
        status = State.of(Target.find(stack))
    rows = list(_rows(status))
    wrong = [row for row in rows if row.next_step]
    if form == "json":
        print(json.dumps(_document(status, wrong)))
        return not wrong
    console.print(_screen(rows))
    if status.last_day:
        console.print("", _by_hook(status), "", sep="\n")
    say(f"{counted(len(wrong), 'thing needs', 'things need')} attention." if wrong else "Nothing needs attention.")
    return not wrong


def _rows(status: State) -> Iterator[Row]:
    yield from _of_stack(status)
    yield from _of_events(status)
    yield from _of_queues(status)
    yield from _of_destinations(status)
    yield from _of_alarms(status)
    yield from _of_held_back(status)
    yield _of_reconcile(status)
    yield from _of_accounting(status)


def _of_stack(status: State) -> Iterator[Row]:
    target = status.target
    where = f"{target.session.region_name}{', on this machine' if target.endpoint else ''}"
    yield Row("stack", f"{target.stack} in {where}")
    state, step = str(target.described["StackStatus"]), ""
    if state.endswith("_IN_PROGRESS"):
        step = "Wait until it has finished."
    elif state not in AT_REST:
        step = (
            f"`aws cloudformation describe-stack-events --stack-name {target.stack}` says why. Then deploy it again: "
            f"`make deploy{target.argument}`."
        )
    yield Row("status", f"{state} since {shown(status.changed_at)}", step)
    if version := target.outputs.get("Version"):
        yield Row("version", version)
    descendants = " and its descendants" if target.parameters.get("IncludeSubaccounts") == "true" else ""
    yield Row("Dash account", f"{target.parameters['DashAccountId']}{descendants}")
    others = [hook for hook in SELECTABLE_HOOKS if hook not in status.hooks]
    without = f", without {', '.join(others)}" if others else ""
    yield Row("hooks", f"{len(SELECTABLE_HOOKS) - len(others)} of {len(SELECTABLE_HOOKS)}{without}")


def _of_events(status: State) -> Iterator[Row]:
    numbers = f"{status.last_day.total()} in 24 hours, {status.last_hour.total()} in the last hour (own account)"
    yield Row("events", numbers)
    if status.newest is None:
        step = f"Make a test call. `make doctor{status.target.argument}` tests the way from Dash to here."
        yield Row("newest event", "none in seven days", "" if status.is_young(DAY) else step)
    else:
        moment = datetime.fromisoformat(str(status.newest["occurred_at"]))
        value = f"{age(status.looked_at - moment)} ago, {shown(moment)}: {status.newest['hook']}"
        yield Row("newest event", value)


def _of_queues(status: State) -> Iterator[Row]:
    for name, number in status.queues.items():
        wait = "" if name == "dead-letter queue" else "Look again in a few minutes; it should drain. "
        step = f"{wait}See {RUNBOOK}#{SECTIONS[name]}." if number and name not in BUSY else ""  # its alarm tells
        yield Row(name, counted(number, "message", "messages"), step)
    yield _of_quarantine(status)


def _of_quarantine(status: State) -> Row:
    if not status.quarantined:
        return Row("quarantine", "nothing in seven days")
    hooks = status.quarantined.most_common()
    value = f"{status.quarantined.total()} in seven days: {', '.join(f'{hook} {number}' for hook, number in hooks)}"
    command = f"make replay HOOK={hooks[0][0]} DRY_RUN=1{status.target.argument}"
    return Row("quarantine", value, f"See {RUNBOOK}#quarantined-deliveries. `{command}` counts them.")


def _of_destinations(status: State) -> Iterator[Row]:
    views = status.destinations
    if views is None:
        return
    states = Counter("failing" if view.state == "on" and view.health.failures else view.state for view in views)
    parts = ", ".join(f"{number} {state}" for state, number in sorted(states.items(), key=lambda pair: pair[0] != "on"))
    latest = max((view.health.last_success for view in views), default=0)
    sent = f"; last sent {age(status.looked_at - moment(latest))} ago" if latest else ""
    waiting = sum(view.backlog for view in views)
    yield Row(
        "destinations", f"{parts}{sent}; {counted(waiting, 'delivery waits', 'deliveries wait')}" if views else "none"
    )
    for view in views:
        if fails_briefly(view, status.looked_at):
            continue
        for found, next_step in problems(view, status.looked_at):
            yield Row("destination", f"{view.name} {found}", f"{next_step}{status.target.argument}")


def _of_alarms(status: State) -> Iterator[Row]:
    if not status.alarms:
        yield Row("alarms", "none")
    for name, description in status.alarms.items():
        yield Row("alarm", name.removesuffix("Alarm"), description)


def _of_held_back(status: State) -> Iterator[Row]:
    for hook, due in status.held_back.items():
        yield Row(
            "webhook",
            f"{hook} is off: Dash disables it again and again. The first run after {shown(due)} enables it",
            f"See {RUNBOOK}#disabled-again-and-again. `make reconcile{status.target.argument}` enables it now.",
        )


def _of_reconcile(status: State) -> Row:
    rate, watermark = status.reconcile_rate, status.watermark
    if rate == "off":
        told = status.target.parameters.get("ReconcileAtOnce") == "on"
        return Row("reconcile", f"{'only when Dash disables a webhook' if told else 'off'} (ReconcileRate)")
    limit = 3 * HOUR if rate == "rate(1 hour)" else HOUR  # as the alarms have it
    step = f"See {RUNBOOK}#watermark-age. `make reconcile DRY_RUN=1{status.target.argument}` says what it would do."
    if watermark is None:
        return Row("reconcile", "has not run yet", "" if status.is_young(limit) else step)
    behind = status.looked_at - watermark
    return Row(
        "reconcile",
        f"everything up to {age(behind)} ago is recovered ({shown(watermark)})",
        step if behind > limit else "",
    )


def _of_accounting(status: State) -> Iterator[Row]:
    if status.accounting and (found := said(status.accounting)):
        yield Row("legs of calls", found, advice(status.accounting, status.target.argument))


def _screen(rows: list[Row]) -> Table:
    lines = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    lines.add_column("", no_wrap=True)
    lines.add_column("", no_wrap=True)
    lines.add_column("", overflow="fold")
    for row in rows:
        value = cell(row.value)
        if row.next_step:
            value.append("\n").append_text(cell(f"→ {row.next_step}", "yellow"))
        lines.add_row(Text("✗", "bold red") if row.next_step else Text("✓", "green"), cell(row.name), value)
    return lines


def _by_hook(status: State) -> Table:
    lines = grid()
    lines.add_column("events by hook", no_wrap=True)
    lines.add_column("last hour", justify="right")
    lines.add_column("24 hours", justify="right")
    for hook in NAMES:
        if number := status.last_day[hook]:
            lines.add_row(hook, str(status.last_hour[hook]), str(number))
    return lines


def _legs(status: State) -> dict[str, Any] | None:
    found = status.accounting and status.accounting.compared
    if not status.accounting or not found:
        return None
    since, until = (rfc3339(datetime.fromtimestamp(second, UTC)) for second in (found.since, found.until))
    missing = sorted(status.accounting.missing)
    return {"on_dash": found.on_dash, "here": found.here, "since": since, "until": until, "missing": missing}


def _document(status: State, wrong: list[Row]) -> dict[str, Any]:
    target, newest = status.target, status.newest
    return {
        "stack": target.stack,
        "region": target.session.region_name,
        "status": target.described["StackStatus"],
        "changed_at": rfc3339(status.changed_at),
        **({"version": target.outputs["Version"]} if "Version" in target.outputs else {}),
        "account_id": target.parameters["DashAccountId"],
        "hooks": status.hooks,
        "events": {"last_hour": dict(status.last_hour), "last_24_hours": dict(status.last_day)},
        "newest_event": {name: newest.get(name) for name in ("event_id", "hook", "occurred_at")} if newest else None,
        "queues": {name.replace(" ", "_").replace("-", "_"): number for name, number in status.queues.items()},
        "quarantined": dict(status.quarantined),
        "alarms": list(status.alarms),
        **(
            {"destinations": [view.model_dump(mode="json") for view in status.destinations]}
            if status.destinations is not None
            else {}
        ),
        "watermark": rfc3339(status.watermark) if status.watermark else None,
        "held_back": {hook: rfc3339(due) for hook, due in status.held_back.items()},
        "legs": _legs(status),
        "attention": [{"what": row.name, "how": row.value, "next_step": row.next_step} for row in wrong],
        "looked_at": rfc3339(status.looked_at),
    }
