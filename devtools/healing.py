"""`make reconcile` and `make replay`, here or on AWS; and the part of `make run` in which a hook breaks."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devtools import aws
from devtools import since as times
from devtools.errors import LaptopError
from devtools.local import DASH_ACCOUNT_ID
from devtools.outcome import read_table
from devtools.screen import say, step
from devtools.since import counted
from devtools.stack import Stack
from devtools.target import Target, told
from devtools.waiting import TooLateError, wait_for
from hookswitch.receiving.hook_functions import ALIAS
from simulator.dash import Dash, Firing
from simulator.payloads import payload

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

CALLS = 10  # more than Dash needs to switch a webhook off
BROKEN = "channel_destroy"  # the catch-all does not receive it, so only reconcile can recover it


def reconcile(stack: str, since: str, *, dry_run: bool) -> bool:
    """Run reconcile once, and print what it changed or would change; return whether it finished.

    Args:
        stack: Its name; empty as for `Target.find`.
        since: When to begin to read Dash's attempt log and to compare its call detail records, as `devtools.since`
            takes it; empty to continue.
        dry_run: Change nothing.

    Raises:
        LaptopError: It failed, or `since` is not a time.
    """
    asked = {"dry_run": dry_run, "at_once": True, **_limits(since)}
    with step("Comparing the webhooks" if dry_run else "Repairing the webhooks and recovering missed events"):
        report = _called(Target.find(stack), "Reconcile", asked)
    if report.get("busy"):
        say("Another run is in progress. Try again in a few minutes.")
        return False
    _print(report)
    return _is_complete(report)


def replay(stack: str, hook: str, since: str, until: str, *, dry_run: bool) -> bool:
    """Replay a hook's quarantine, part by part, and print the result; return whether nothing is left to do.

    Args:
        stack: Its name; empty as for `Target.find`.
        hook: The hook.
        since: The earliest time of receipt, as `devtools.since` takes it; empty for no limit.
        until: The latest.
        dry_run: Only count.

    Raises:
        LaptopError: It can't be replayed, or a time is none.
    """
    limits = _limits(since, until)
    target = Target.find(stack)
    total: dict[str, int] = {}
    reasons: dict[str, int] = {}
    while True:
        asked = {"quarantine": {"hook": hook, "dry_run": dry_run, **limits}}
        with step(f"Looking into the quarantine of {hook}" if dry_run else f"Replaying the quarantine of {hook}"):
            said = _called(target, "Redrive", asked)
        for name in ("found", "accepted", "refused", "truncated", "deferred"):
            total[name] = total.get(name, 0) + said[name]
        for reason, number in said["reasons"].items():
            reasons[reason] = reasons.get(reason, 0) + number
        if said["deferred"] or said["next"] is None:
            break
        limits["since"] = said["next"]
    say(f"{total['found']} quarantined deliveries of {hook}, {total['truncated']} of which are stored only in part.")
    if dry_run:
        return True
    say(f"{total['accepted']} were accepted, {total['refused']} were refused again.")
    for reason, number in sorted(reasons.items()):
        say(f"  {number} times: {reason}", style="yellow")
    if total["deferred"]:
        say("The hook's function did not accept all of them; see its log. Try again later.", style="red")
    return not (total["refused"] or total["deferred"])


def break_and_heal(deployed: Stack, dash: Dash) -> list[str]:
    """Break a hook until Dash switches it off, lift the fault, reconcile; return what is wrong, a sentence each.

    Dash tells the stack, which switches the webhook on again while the hook is still broken.
    """
    functions = aws.lambda_(deployed.endpoint)
    name = deployed.resources["ChannelDestroy"]
    wrong: list[str] = []
    with throttled(functions, name):
        with step(f"Breaking the function of {BROKEN} while calls go on"):
            tried = _fire_until_off(dash)
            began = time.monotonic()
        said = "switched it off" if dash.announced else "did not switch it off"
        say(f"Dash got {tried[-1].attempts[-1].status} {len(tried)} times from {BROKEN} and {said}.")
        try:
            wait_for(lambda: not _off(dash), f"{BROKEN} is on again")
        except TooLateError as error:
            wrong.append(str(error))
        else:
            say(f"It told the stack, which switched it on again {time.monotonic() - began:.1f} s later.")
    with step("Lifting the fault and running reconcile"):
        report = wait_for(lambda: _run(functions, deployed.resources["Reconcile"]), "no other run is at work")
    _print(report)
    items = read_table(aws.dynamodb(deployed.endpoint), deployed.outputs["EventsTableName"])
    recovered = [item for item in items if item.get("recovered") and item["hook"] == BROKEN]
    for item in recovered[:3]:
        say(f"  {item['event_id'][:8]}  {item['summary']}, received {item['received_at']}", style="dim")
    return [
        *([] if dash.announced else ["Dash did not switch the broken webhook off."]),
        *wrong,
        *(f"{name} is still off." for name in _off(dash)),
        *([] if len(recovered) == len(tried) else [f"Of {len(tried)} missed events {len(recovered)} were recovered."]),
    ]


def _fire_until_off(dash: Dash) -> list[Firing]:
    """Fire events at the broken hook until Dash announces that its webhook is off; return those that it got."""
    tried: list[Firing] = []
    for _ in range(CALLS):
        firings = dash.fire(DASH_ACCOUNT_ID, BROKEN, payload(BROKEN))
        tried += [firing for firing in firings if firing.webhook.uri.split("/")[-2] == BROKEN]
        if dash.announced:
            break
    return tried


def _off(dash: Dash) -> list[str]:
    return [webhook.name for webhook in dash.webhooks(DASH_ACCOUNT_ID) if not webhook.enabled]


def _run(functions: "LambdaClient", name: str) -> dict[str, Any]:
    """Run reconcile; return its report, or nothing if another run is at work."""
    report = _answer(functions.invoke(FunctionName=name, Payload=b"{}"))
    return {} if report.get("busy") else report


@contextlib.contextmanager
def throttled(functions: "LambdaClient", name: str) -> Iterator[None]:
    """Throttle the deliveries to a hook's function for as long as the block lasts.

    The emulator can throttle only $LATEST, so the alias points there meanwhile.
    """
    version = functions.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"]
    functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion="$LATEST")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=name)
        functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version)


def _print(report: Mapping[str, Any]) -> None:
    would = report["dry_run"]
    for change in report["changes"]:
        say(f"{'Would ' if would else 'Done: '}{change}", style="yellow")
    for sentence in report["reported"]:
        say(sentence, style="yellow")
    for hook, outcomes in report["events"].items():
        counts = ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in outcomes.items())
        say(f"{hook}: {counts}")
    accounting = report.get("accounting") or {}
    if not (report["changes"] or report["events"] or accounting.get("recovered") or accounting.get("missing")):
        say("The webhooks are correct, and nothing was missed.")
    if not _is_complete(report):
        say("One run could not do everything; the next run continues.")
    _print_accounting(accounting, would=would)
    say(f"Everything up to {report['watermark']} is recovered.", style="dim")


def _is_complete(report: Mapping[str, Any]) -> bool:
    """Tell whether a run read all failed deliveries, and compared all legs that it could."""
    accounting = report.get("accounting") or {}
    return bool(report["complete"] and (accounting.get("complete") or not accounting.get("available")))


def _print_accounting(accounting: Mapping[str, Any], *, would: bool) -> None:
    """Print how many legs of calls Dash has and how many of them are here; older versions did not compare them."""
    if not accounting:
        return
    if not accounting["available"]:
        say(accounting["reason"] or "Dash's call detail records were not compared.", style="dim")
        return
    if accounting["from"]:
        recovered = f", {accounting['recovered']:,} of them recovered now" if accounting["recovered"] else ""
        say(f"{legs(accounting)}{recovered}, from {accounting['from']} to {accounting['until']}.")
    if accounting["missing"]:
        missing, style = counted(accounting["missing"], "record is", "records are"), "yellow" if would else "red"
        say(f"{missing} missing{', and would be recovered' if would else ''}:", style=style)
        for record in accounting["missing_legs"]:
            say(f"  {record}", style=style)


def legs(accounting: Mapping[str, Any]) -> str:
    """Return how many legs Dash has and how many of them are here, in words."""
    on_dash, here = accounting["legs_on_dash"], accounting["legs_here"]
    return f"{on_dash:,} {'leg' if on_dash == 1 else 'legs'} on Dash, {here:,} here"


def _limits(start: str = "", end: str = "") -> dict[str, str]:
    """Return the limits that were given, as the functions take them."""
    given = {"since": times.since(start) if start else None, "until": times.until(end) if end else None}
    return {name: times.rfc3339(moment) for name, moment in given.items() if moment}


def _called(target: Target, logical_id: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    with told():
        functions: LambdaClient = target.client("lambda")
        return _answer(functions.invoke(FunctionName=target.resources[logical_id], Payload=json.dumps(asked)))


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise LaptopError(str(said.get("errorMessage", "The function failed; its log says why.")))
    return said
