"""The laptop commands. Each imports what it runs, so that none waits for the others' imports."""

# ruff: noqa: PLC0415 - as said
from typing import Annotated, Literal

import typer

LOCALLY, STACK, WEBHOOKS = "On this machine", "A stack", "Webhooks of a stack"
DESTINATIONS = "Destinations of a stack"
CHECKS, FILES = "Checks", "Files made from the code"
PORTS = range(1024, 65535)  # the simulated Dash listens on the port after it

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _port(port: int) -> int:
    if port not in PORTS:
        raise typer.BadParameter(f"PORT={port} is not a usable port; choose one from {PORTS[0]} to {PORTS[-1]}.")
    return port


Port = Annotated[int, typer.Option(callback=_port, help="Port of the emulator.")]
StackName = Annotated[str, typer.Option(help="Name of a stack on AWS; empty for the one that is up here.")]
StackOnAws = Annotated[str, typer.Option(help="Name of a stack on AWS; empty for that of hookswitch.toml.")]
HookName = Annotated[str, typer.Option(help="Name of the hook.")]
Account = Annotated[str, typer.Option(help="Dash account id; empty for the stack's own. Descendants need theirs.")]
Since = Annotated[str, typer.Option(help="When to begin: 2h, 7d, today, 2026-11-24 or RFC 3339.")]
Until = Annotated[str, typer.Option(help="When to end; a day means its end.")]
OutputFormat = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How to show it.")]
DryRun = Annotated[str, typer.Option(help="Anything but empty: only say what would be done.")]


@app.command(rich_help_panel=LOCALLY)
def run(port: Port = 4566) -> None:
    """Deploy, send a day of phone events, show what became of them, clean up."""
    from devtools.run import run

    _exit(ok=run(port))


@app.command(rich_help_panel=LOCALLY)
def up(
    port: Port = 4566,
    *,
    receivers: Annotated[str, typer.Option(help="Each host:port that may be a destination.")] = "",
    for_containers: bool = False,
) -> None:
    """Deploy and leave it running."""
    from devtools.up import RECEIVERS, up

    up(port, receivers=receivers or RECEIVERS, for_containers=for_containers)


@app.command(rich_help_panel=LOCALLY)
def demo(
    port: Port = 4566, every: Annotated[float, typer.Option(min=1, help="Seconds between two calls.")] = 5
) -> None:
    """Deploy, and let a simulated office work, for a page that lives."""
    from devtools.demo import demo

    demo(port, every)


@app.command(rich_help_panel=LOCALLY)
def down() -> None:
    """Stop what `up` left running."""
    from devtools.up import down

    down()


@app.command(rich_help_panel=LOCALLY)
def fire(
    hook: Annotated[str, typer.Argument(help="Name of the hook.")] = "",
    verb: Literal["post", "get", "put"] = "post",
    body_format: Annotated[Literal["json", "form-data"], typer.Option("--format")] = "json",
    count: Annotated[int, typer.Option(min=1)] = 1,
) -> None:
    """Send events of one hook to what is up, as Dash would."""
    from devtools.fire import fire

    _exit(ok=fire(hook, verb, body_format, count))


@app.command(rich_help_panel=LOCALLY)
def sam_local(port: Port = 4566, api_port: Port = 3000) -> None:
    """Check every hook in the containers of `sam local`."""
    from devtools.samlocal.run import run

    _exit(ok=run(port, api_port))


@app.command(rich_help_panel=STACK)
def status(
    stack: StackName = "",
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="How to show it.")] = "table",
) -> None:
    """Show how a stack is doing; the exit code is 1 if something needs attention."""
    from devtools.status import show

    _exit(ok=show(stack, form))


@app.command(rich_help_panel=STACK)
def events(  # noqa: PLR0913, PLR0917 - the options
    stack: StackName = "",
    hook: HookName = "",
    since: Since = "",
    account: Account = "",
    count: Annotated[int, typer.Option(min=1, help="The most to show.")] = 50,
    form: OutputFormat = "table",
) -> None:
    """Show the newest events, of the last 24 hours by default."""
    from devtools.events import show

    _exit(ok=show(stack, hook, since, account, count, form))


@app.command(rich_help_panel=STACK)
def calls(  # noqa: PLR0913, PLR0917 - the options
    stack: StackName = "",
    day: Annotated[str, typer.Option(help="A day of the office, today by default; or 2h, 7d: since then.")] = "",
    missed: Annotated[str, typer.Option(help="Anything but empty: only calls from outside that nobody took.")] = "",
    number: Annotated[str, typer.Option(help="Only calls with this number, of all days.")] = "",
    account: Account = "",
    count: Annotated[int, typer.Option(min=0, help="The most to show; 0 for all of a day, 50 of a number.")] = 0,
    form: OutputFormat = "table",
) -> None:
    """Show calls, one line each, newest first."""
    from devtools.calls.show import Question, calls

    _exit(ok=calls(Question(stack, day, bool(missed), number, account, count), form))


@app.command(rich_help_panel=STACK)
def call(
    identity: Annotated[str, typer.Option("--id", help="Id of the call, its beginning, or a leg's call_id.")] = "",
    stack: StackName = "",
    day: Annotated[str, typer.Option(help="The day on which to look for the beginning of an id.")] = "",
    account: Account = "",
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="How to show it.")] = "table",
) -> None:
    """Show all that is known of one call, its legs as a picture."""
    from devtools.calls.show import call

    _exit(ok=call(stack, identity, day, account, form))


@app.command(rich_help_panel=STACK)
def backfill_calls(
    stack: StackName = "",
    since: Annotated[str, typer.Option(help="The first day; empty for the oldest that there can be.")] = "",
    until: Annotated[str, typer.Option(help="The last day; empty for today.")] = "",
    account: Account = "",
    publish: Annotated[str, typer.Option(help="Anything but empty: also publish the calls.")] = "",
) -> None:
    """Make calls of events that are stored already, and publish none of them unless asked."""
    from devtools.calls.backfill import Question, backfill

    backfill(Question(stack, since, until, account, publishes=bool(publish)))


@app.command("import", rich_help_panel=STACK)
def import_(
    stack: StackName = "",
    first: Annotated[str, typer.Option("--from", help="The first day: 2026-09-01, or 90d.")] = "",
    until: Until = "",
    publish: Annotated[str, typer.Option(help="Anything but empty: also publish the events and calls.")] = "",
    dry_run: DryRun = "",
) -> None:
    """Make events and calls of the past from Dash's call detail records, and publish none of them unless asked."""
    from devtools.importing import Question, bring_in

    _exit(ok=bring_in(Question(first, until, stack, publishes=bool(publish), dry_run=bool(dry_run))))


@app.command(rich_help_panel=STACK)
def logs(  # noqa: PLR0913, PLR0917 - the options
    stack: StackName = "",
    hook: HookName = "",
    since: Since = "",
    form: OutputFormat = "table",
    follow: Annotated[str, typer.Option(help="Anything but empty: go on until Ctrl-C.")] = "",
    everything: Annotated[
        str, typer.Option("--all", help="Anything but empty: also metrics, and what Lambda writes at every call.")
    ] = "",
) -> None:
    """Show what the functions log, in the last hour by default."""
    from devtools.tail import show

    _exit(ok=show(stack, hook, since, form, follow=bool(follow), everything=bool(everything)))


@app.command(rich_help_panel=STACK)
def deploy(
    stack: StackOnAws = "", settings: Annotated[str, typer.Option("--set", help="Parameters: Name=value ...")] = ""
) -> None:
    """Create a stack on AWS, or update it."""
    from devtools.deploying.deploy import deploy

    _exit(ok=deploy(stack, settings))


@app.command(rich_help_panel=STACK)
def doctor(
    stack: StackName = "", output: Annotated[Literal["table", "json"], typer.Option("--format")] = "table"
) -> None:
    """Check that a stack works, from Dash to its subscribers."""
    from devtools.doctor import doctor

    _exit(ok=doctor(stack, output))


@app.command(rich_help_panel=STACK)
def remove(
    stack: StackOnAws = "", everything: Annotated[str, typer.Option(help="yes: also the table and the queues.")] = ""
) -> None:
    """Remove a stack from AWS, and its webhooks from Dash."""
    from devtools.deploying.remove import remove

    _exit(ok=remove(stack, everything=everything == "yes"))


@app.command(rich_help_panel=STACK)
def variables(stack: StackName = "") -> None:
    """Print a stack's names and addresses as variables of a shell."""
    from devtools.variables import show

    show(stack)


@app.command(rich_help_panel=WEBHOOKS)
def webhooks(stack: StackName = "") -> None:
    """Show what is registered on Dash."""
    from devtools.webhooks import show

    _exit(ok=show(stack))


@app.command(rich_help_panel=WEBHOOKS)
def rotate(stack: StackName = "") -> None:
    """Replace the callback secret and the webhooks' tokens."""
    from devtools.webhooks import rotate

    _exit(ok=rotate(stack))


@app.command(rich_help_panel=WEBHOOKS)
def reconcile(stack: StackName = "", since: Since = "", dry_run: DryRun = "") -> None:
    """Repair the webhooks and recover what Dash could not deliver."""
    from devtools.healing import reconcile

    _exit(ok=reconcile(stack, since, dry_run=bool(dry_run)))


@app.command(rich_help_panel=WEBHOOKS)
def replay(  # noqa: PLR0913, PLR0917 - the options
    stack: StackName = "",
    hook: HookName = "",
    since: Since = "",
    until: Until = "",
    dry_run: DryRun = "",
    to: Annotated[str, typer.Option(help="A destination, which gets stored events again.")] = "",
    status: Annotated[str, typer.Option(help="To a destination: only calls of these statuses.")] = "",
    account: Account = "",
    rate: Annotated[str, typer.Option(help="To a destination: the most events a second.")] = "",
) -> None:
    """Replay the quarantined deliveries of one hook; or stored events to one destination."""
    if to:
        from devtools.destinations.replay import Replayed
        from devtools.destinations.replay import replay as replay_to

        replay_to(Replayed(to, since, stack, until, hook, status, account, rate, dry_run=bool(dry_run)))
        return
    from devtools.healing import replay

    _exit(ok=replay(stack, hook, since, until, dry_run=bool(dry_run)))


@app.command(rich_help_panel=DESTINATIONS)
def destination(  # noqa: PLR0913, PLR0917 - the options
    stack: StackName = "",
    add: Annotated[str, typer.Option(help="Add a destination of this name.")] = "",
    edit: Annotated[str, typer.Option(help="Change this one.")] = "",
    list_: Annotated[str, typer.Option("--list", help="1: show all; or show all about this one.")] = "",
    test: Annotated[str, typer.Option(help="Send a test to this one.")] = "",
    pause: Annotated[str, typer.Option(help="Keep the events of this one for it.")] = "",
    resume: Annotated[str, typer.Option(help="Send to this one again.")] = "",
    remove: Annotated[str, typer.Option(help="Remove this one.")] = "",
    rotate: Annotated[str, typer.Option(help="Give this one a new signing secret.")] = "",
    attempts: Annotated[str, typer.Option(help="Show what was sent to this one.")] = "",
    resend: Annotated[str, typer.Option(help="Send something to this one again.")] = "",
    kind: Annotated[str, typer.Option("--type", help="https, slack, teams, zapier, sqs or eventbridge.")] = "",
    url: Annotated[
        str, typer.Option(envvar="DESTINATION_URL", help="The address, @ and a file that has it, or - for stdin.")
    ] = "",
    when: Annotated[str, typer.Option(help="Final calls: missed,voicemail,answered,abandoned,busy,failed,any.")] = "",
    hooks: Annotated[str, typer.Option(help="Events of these hooks.")] = "",
    types: Annotated[str, typer.Option(help="Events of these types; call for every change of calls.")] = "",
    account: Annotated[str, typer.Option(help="Only events of these Dash accounts.")] = "",
    numbers: Annotated[str, typer.Option(help="Only of numbers that begin like these.")] = "",
    direction: Annotated[str, typer.Option(help="inbound, outbound, internal.")] = "",
    quiet: Annotated[str, typer.Option(help="When nothing is sent: 20:00-07:00, SAT-SUN.")] = "",
    zone: Annotated[str, typer.Option(help="Time zone, such as America/New_York.")] = "",
    fields: Annotated[
        str, typer.Option(envvar="DESTINATION_FIELDS", help="A template of the payload: JSON, or @ and a file.")
    ] = "",
    ordered: Annotated[str, typer.Option(help="1: strictly in order for each call, device and mailbox.")] = "",
    rate: Annotated[str, typer.Option(help="The most messages a second.")] = "",
    since: Annotated[str, typer.Option(help="With --add and --resume: also what happened since then.")] = "",
    identity: Annotated[str, typer.Option("--id", help="Id of the event or call; dead for all dead letters.")] = "",
    count: Annotated[int, typer.Option(min=0, max=1000, help="The most attempts to show; 0 for 20.")] = 0,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="How to show it.")] = "table",
) -> None:
    """Show where events are sent, or add, test, pause, resume, change or remove a destination."""
    from devtools.destinations.asked import Asked
    from devtools.destinations.commands import destination
    from devtools.destinations.wishes import Wishes

    wishes = Wishes(kind, when, hooks, types, account, numbers, direction, quiet, zone, fields, ordered, rate)
    _exit(
        ok=destination(
            Asked(
                *(stack, add, edit, list_, test, pause, resume, remove, rotate, attempts, resend),
                *(url, wishes, since, identity, count, form),
            )
        )
    )


@app.command(rich_help_panel=CHECKS)
def lint() -> None:
    """Validate the template."""
    from devtools.stack import validate

    validate()


@app.command(rich_help_panel=CHECKS)
def scan() -> None:
    """Look for insecure settings in the template."""
    from devtools.scan import scan

    scan()


@app.command(rich_help_panel=CHECKS)
def audit() -> None:
    """Look for known vulnerabilities in the packages."""
    from devtools.audit import audit

    audit()


@app.command(rich_help_panel=FILES)
def sample_events() -> None:
    """Write events/ and docs/events.md."""
    from devtools.sample_events import write

    write()


@app.command(rich_help_panel=FILES)
def schemas() -> None:
    """Write docs/schemas/ and docs/catalogue.md."""
    from devtools import catalogue, schemas

    schemas.write()
    catalogue.write()


@app.command(rich_help_panel=FILES)
def release(
    arch: Annotated[Literal["arm64", "x86_64"], typer.Option(help="What the functions run on.")] = "arm64",
    version: Annotated[str, typer.Option(help="Its name; empty for what Git calls this commit.")] = "",
) -> None:
    """Write a zip and a template that anybody can deploy without building."""
    from devtools.releasing.release import release

    release(arch, version)


def _exit(*, ok: bool) -> None:
    if not ok:
        raise typer.Exit(1)
