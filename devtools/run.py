"""`make run`: tests every hook end to end on the emulator, and prints a table of the results."""

import contextlib
import time
from collections.abc import Sequence
from datetime import tzinfo
from zoneinfo import ZoneInfo

from devtools import aws, emulator, stack
from devtools.arrivals import Arrivals, wanted
from devtools.calls.log import CallLog
from devtools.calls.table import calls_table, legend, sum_line
from devtools.dash import simulator
from devtools.emulator import Emulator
from devtools.feeds import Feeds
from devtools.healing import break_and_heal
from devtools.inbox import Inbox
from devtools.local import DASH_ACCOUNT_ID, LOCAL
from devtools.outcome import Outcome, complete_hooks, problems, read_table
from devtools.processes import shown
from devtools.report import table
from devtools.screen import console, say, step
from devtools.sending import ENCODINGS, Sent, send_scenario
from devtools.stack import Stack
from devtools.waiting import TooLateError, wait_for
from hookswitch.calls.log import record
from hookswitch.dash.hooks import SELECTABLE_HOOKS
from simulator.api import DashApi
from simulator.dash import Dash

QUIET = 1.0  # seconds without a message after which no more are expected
SETTLED = 90  # seconds after the last event in which all calls become final
SHOWN_PROBLEMS = 20


def run(port: int) -> bool:
    """Build, deploy, send, check and clean up; return whether everything arrived exactly once."""
    started = time.monotonic()
    directory = LOCAL / f"run-{port}"
    emulator.require_free(port)
    with step("Building the functions") as detail:
        stack.build(on_line=detail)
    with contextlib.ExitStack() as ending:
        arrivals = ending.enter_context(Arrivals.listening(directory.with_name(f"{directory.name}-receivers")))
        with step(f"Starting the emulator on port {port}"):
            emulated = emulator.launch(port, directory, arrivals.environment)
        ending.callback(_clean_up, emulated)
        with DashApi(simulator(emulated.endpoint)) as api:
            with step("Deploying the stack, which registers its webhooks") as detail:
                first = {"DashApiUrl": api.url, "ReconcileRate": "off", **next(iter(ENCODINGS.values()))}
                deployed = stack.deploy(emulated.endpoint, overrides=first | arrivals.parameters, on_line=detail)
            with step("Adding two destinations for missed calls"):
                arrivals.add_to(deployed)
            sent, found = _send_and_look(deployed, api.dash)
            missed = [record(item) for item in wanted(found.calls.values())]
            with step("Waiting until the missed calls arrive at the destinations"):
                arrivals.wait_for(missed)
            with step("Updating the stack, so that its webhooks post JSON again"):
                deployed = stack.update(deployed, ENCODINGS["post json"])
            not_healed = break_and_heal(deployed, api.dash)
            registered = len(api.dash.webhooks(DASH_ACCOUNT_ID))
            with step("Deleting the stack, which removes its webhooks"):
                stack.delete(emulated.endpoint)
            left = api.dash.webhooks(DASH_ACCOUNT_ID)
            api.dash.close()
    console.print(table(sent, found))
    _print_calls(sent, found, ZoneInfo(deployed.parameters.get("BusinessTimeZone", "UTC")))
    console.print("", arrivals.table(missed), sep="\n")
    lost = arrivals.problems(missed)
    wrong = [*problems(sent, found), *lost, *not_healed, *(f"{webhook.name} is left on Dash." for webhook in left)]
    for problem in wrong[:SHOWN_PROBLEMS]:
        say(f"✗ {problem}", style="red")
    if wrong:
        rest = len(wrong) - SHOWN_PROBLEMS
        more = f"{rest} more problems. " if rest > 0 else ""
        say(f"{more}The emulator's log is {shown(emulated.log)}.")
    say(f"The stack had registered {registered} webhooks; after its deletion {len(left)} are left.", style="dim")
    _print_result(sent, found, time.monotonic() - started)
    return not wrong and len(complete_hooks(sent, found)) == len(SELECTABLE_HOOKS)


def _clean_up(emulated: Emulator) -> None:
    with step("Cleaning up"):
        emulated.stop()


def _send_and_look(deployed: Stack, dash: Dash) -> tuple[list[Sent], Outcome]:
    endpoint, outputs = deployed.endpoint, deployed.outputs
    sent: list[Sent] = []
    with Inbox(aws.sns(endpoint), aws.sqs(endpoint), outputs["EventsTopicArn"]) as inbox:
        for encoding in ENCODINGS:
            if ENCODINGS[encoding].items() - deployed.parameters.items():
                with step(f"Updating the stack, so that its webhooks send {encoding}"):
                    deployed = stack.update(deployed, ENCODINGS[encoding])
            with step(f"Sending a day of phone events as {encoding}") as detail:
                sent += send_scenario(dash, deployed, encoding, detail)
        with step("Waiting for the published messages"):
            _wait_until_quiet(inbox, sent)
        table = outputs["EventsTableName"]
        with step("Waiting until the calls are final: a message or an alert may come after the end of one"):
            _wait_until_final(inbox, CallLog.of(Feeds(aws.dynamodb(endpoint), table, DASH_ACCOUNT_ID)))
        items = read_table(aws.dynamodb(endpoint), table)
    return sent, Outcome.of(items, inbox.messages)


def _wait_until_quiet(inbox: Inbox, sent: Sequence[Sent]) -> None:
    try:
        inbox.wait_for_all(event.event_id for event in sent if event.event_id)
    except TooLateError:
        return  # problems() reports the missing ones
    _read_all(inbox)


def _wait_until_final(inbox: Inbox, log: CallLog) -> None:
    def all_are_final() -> bool:
        return all(call["state"] != "ended" for call in log.not_final())

    # problems() reports the calls that are not, and what was not published.
    with contextlib.suppress(TooLateError):
        wait_for(all_are_final, "all calls that have ended are final", SETTLED, interval=QUIET)
    _read_all(inbox)


def _read_all(inbox: Inbox) -> None:
    """Read until nothing more comes: a second copy may arrive late."""
    count = -1
    while count != (count := len(inbox.read())):
        time.sleep(QUIET)


def _print_calls(sent: Sequence[Sent], found: Outcome, zone: tzinfo) -> None:
    """Print the calls of the first day; those of the others are the same, as far as Dash can send them."""
    encoding = next(iter(ENCODINGS))
    of_day = {event.event_id for event in sent if event.encoding == encoding}
    calls = [call for call in map(record, found.calls.values()) if of_day & set(call["events"])]
    say(f"\nThe calls of the day that was sent as {encoding}, of {len(found.calls)} in all:")
    console.print(calls_table(calls, zone))
    say(sum_line(calls))
    say(legend(calls), style="dim")


def _print_result(sent: Sequence[Sent], found: Outcome, seconds: float) -> None:
    whole = complete_hooks(sent, found)
    delivered = sum(len(event.answers) + len(event.elsewhere) for event in sent)
    elsewhere = sum(len(event.elsewhere) for event in sent)
    events = sum(bool(event.answers) for event in sent)
    say(
        f"The table counts the events that were stored and published exactly once, of {events} in {delivered} "
        f"deliveries: each event was delivered twice, and {elsewhere} deliveries also came to the catch-all. "
        "Dash can't send nested fields with GET. A function's first delivery has to wait for its cold start.",
        style="dim",
    )
    style = "bold green" if len(whole) == len(SELECTABLE_HOOKS) else "bold red"
    hooks = f"{len(whole)} of {len(SELECTABLE_HOOKS)} hooks"
    say(f"{hooks} stored and published exactly once, in {seconds:.0f} seconds.", style=style)
    for hook in SELECTABLE_HOOKS:
        if hook not in whole:
            say(f"  missing: {hook}", style="red")
