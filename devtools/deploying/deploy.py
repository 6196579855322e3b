"""`make deploy`: from three answers to a stack that works, and from there to the next release."""

import typer

from devtools import choices
from devtools.checks import passed, show
from devtools.choices import Choices
from devtools.deploying import artifacts, changes
from devtools.deploying.answers import Answers, Ask, gather, parse_settings, person
from devtools.deploying.changes import ChangeSet
from devtools.deploying.preflight import (
    TABLE_NAME,
    check_concurrency,
    check_dash,
    check_stack,
    check_table,
    is_left_over,
    is_new,
    values_of,
)
from devtools.doctor import examine
from devtools.doctor.resources import check_identity
from devtools.errors import LaptopError
from devtools.screen import say, step
from devtools.target import Target, told

PRECIOUS = {"EventsTable": "the events of the old one, which stays", "RedriveQueue": "the deliveries of the old one"}


class PreflightError(LaptopError):
    """Something stands in the way of a deployment; nothing has been made."""


def deploy(stack: str, settings: str) -> bool:
    """Create or update a stack on AWS, and return whether it works.

    Args:
        stack: Its name; empty for that of `hookswitch.toml`.
        settings: Values of parameters, as `RetentionDays=90 Hooks=missed_call`.

    Raises:
        LaptopError: Something is missing or stands in the way, or CloudFormation failed.
    """
    chosen, given = choices.load(), parse_settings(settings)
    target = Target.on_aws(stack)
    with told():
        identity = check_identity(target)
        found = target.description()
        creates = is_new(found)
        ask = person()
        existing = None if creates else dict(target.parameters)
        answers = gather(given, chosen.parameters, existing, ask)
        values = values_of(answers, existing)
        checks = [
            identity,
            check_stack(target, found),
            check_concurrency(target, values),
            *check_dash(target, values, answers),
            *check_table(target, values, found),
        ]
        show(checks)
        if not passed(checks):
            raise PreflightError("Nothing has been made. Correct what is marked with ✗, and try again.")
        with step("Building the functions") as detail:
            built = artifacts.build(values["Architecture"], detail)
        table = answers.given.get(TABLE_NAME, "") if creates else ""  # only a new stack adopts one
        with step("Uploading them") as detail:
            address = artifacts.upload(target, built, detail, table=table)
        if found is not None and is_left_over(found):
            with step(f"Removing what is left of {target.stack}") as detail:
                changes.delete(target, found["StackId"], detail)
        _change(target, address, answers, chosen, creates=creates, adopts=bool(table), ask=ask)
    target = Target.on_aws(stack)
    say(f"{target.stack} is deployed. Its webhooks are registered on Dash.")
    if page := target.outputs.get("ConsoleUrl"):
        say(f"Calls: {page}")
    return examine(target)


def _change(  # noqa: PLR0913 - what a change is made of
    target: Target, address: str, answers: Answers, chosen: Choices, *, creates: bool, adopts: bool, ask: Ask | None
) -> None:
    with step("Working out what changes"):
        change_set = changes.prepare(target, address, answers, chosen.tags, creates=creates, adopts=adopts)
    if change_set is None:
        say("Nothing changes.")
        return
    if not creates:
        _show(change_set)
        if ask and not typer.confirm("Go on?", default=True):
            raise LaptopError("Nothing has been changed.")
    verb = "Creating" if creates else "Updating"
    try:
        with step(f"{verb} {target.stack}") as detail:
            changes.carry_out(target, change_set, detail)
    except KeyboardInterrupt:
        say(f"CloudFormation goes on without this command; `make status{target.argument}` shows how it ends.")
        raise


def _show(change_set: ChangeSet) -> None:
    """Say what an update does: what comes and goes by name, what stays by number."""
    added, removed = (
        {change.name for change in change_set.changes if change.action == action} for action in ("Add", "Remove")
    )
    updated = {change.name for change in change_set.changes if change.action == "Modify"} | (added & removed)
    say(f"{len(updated)} resources are updated, {len(added - removed)} are added, {len(removed - added)} are removed.")
    for names, word in ((added - removed, "added"), (removed - added, "removed")):
        if names:
            say(f"  {word}: {', '.join(sorted(names))}")
    for change in change_set.changes:
        if change.logical_id in PRECIOUS and (change.replaced or change.action == "Remove"):
            say(f"  {change.logical_id} is made anew, without {PRECIOUS[change.logical_id]}.", style="red")
