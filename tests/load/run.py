"""Sends a day to a stack, and counts its totals."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from devtools import aws
from devtools.errors import LaptopError
from devtools.inbox import Inbox
from devtools.local import DASH_ACCOUNT_ID, LOCAL, ROOT
from devtools.logs import LogReader
from devtools.outcome import read_table
from devtools.processes import CommandError, run
from devtools.stack import Stack
from hookswitch.dash.hooks import HOOKS
from tests.load.day import Day, Size, day
from tests.load.people import Audience, looking
from tests.load.records import CallTotals, are_final, tally_calls
from tests.load.totals import Answer, Totals, tally

PYTHON = LOCAL / "load" / "bin" / "python"
OVERRIDES = {"IncludeSubaccounts": "true"}  # of the stack that serves a reseller
STOP_SECONDS = "120"  # that a sender may take to finish its delivery
DRAIN_SECONDS = 600.0  # that the last event may take until it is published, and the last call until it is final
QUIET_SECONDS = 2.0  # without a message, after which none is expected: one that comes twice may come late


@dataclass(frozen=True)
class Run:
    """What a day came to.

    Attributes:
        size: Of the day.
        day: All that happened, and was to be delivered.
        answers: To each delivery.
        totals: The sums.
        calls: Those of the calls.
        sending: Seconds from the first delivery to the last answer.
        draining: Seconds from then until every event was published.
        settling: Seconds from then until every call was final.
        log_lines: That the functions wrote, other than the console's.
        log_bytes: The length of those lines.
        load_average: Of the machine in the five minutes before.
        audience: Who looked at the console meanwhile; None if nobody did.
    """

    size: Size
    day: Day
    answers: Sequence[Answer]
    totals: Totals
    calls: CallTotals
    sending: float
    draining: float
    settling: float
    log_lines: int
    log_bytes: int
    load_average: float
    audience: Audience | None = None


def run_day(stack: Stack, directory: Path, size: Size, people: int = 0) -> Run:
    """Send a day to a stack that nothing else uses, and wait until all of it is published.

    Args:
        stack: The stack.
        directory: For files.
        size: Of the day.
        people: How many look at the console meanwhile, which the stack has then.

    Raises:
        LaptopError: The senders can't run, or somebody can't sign in to the console.
    """
    if not PYTHON.exists():
        raise LaptopError("Locust is not installed. Run `make setup` first.")
    endpoint, outputs, size = stack.endpoint, stack.outputs, size.recent()
    planned, load = day(size), os.getloadavg()[1]
    with Inbox(aws.sns(endpoint), aws.sqs(endpoint), outputs["EventsTopicArn"]) as inbox:
        with contextlib.ExitStack() as during:
            audience = during.enter_context(looking(stack, size, planned.calls, people)) if people else []
            began = time.monotonic()
            answers = _send(stack, directory, size)
            sent = time.monotonic()
        _wait_until(lambda: len({message.id for message in inbox.events()}) >= len(planned.deliveries))
        drained = time.monotonic()
        _wait_until(lambda: are_final(planned.calls, inbox.read()))
        settled = time.monotonic()
        _wait_until_quiet(inbox)
        items = read_table(aws.dynamodb(endpoint), outputs["EventsTableName"])
        published = inbox.counts_so_far()
    # What the emulator itself adds about an invocation is not JSON; what people do belongs to no delivery.
    read = LogReader(aws.logs(endpoint), outputs["LogGroupName"]).read()
    lines = [line for line in read if line.startswith("{") and "ConsoleFunction" not in line]
    return Run(
        size=size,
        day=planned,
        answers=answers,
        totals=tally(planned.deliveries, answers, items, published),
        calls=tally_calls(planned.calls, items, inbox.messages),
        sending=sent - began,
        draining=drained - sent,
        settling=settled - drained,
        log_lines=len(lines),
        log_bytes=sum(len(line.encode()) for line in lines),
        load_average=load,
        audience=next(iter(audience), None),
    )


def _send(stack: Stack, directory: Path, size: Size) -> list[Answer]:
    plan, answers = directory / "plan.json", directory / "answers.json"
    answers.unlink(missing_ok=True)
    plan.write_text(
        json.dumps(
            {
                "size": asdict(size),
                "endpoint": stack.endpoint,
                "reseller": DASH_ACCOUNT_ID,
                "uris": {hook: stack.public_url(hook) for hook in HOOKS},
                "answers": str(answers),
            }
        )
    )
    log = directory / "locust.log"
    command = [str(PYTHON), "-m", "locust", "-f", "tests/load/locustfile.py", "--headless", "--stop-timeout"]
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "hookswitch")])  # where the simulator finds the catalogue
    environment = os.environ | {"PYTHONPATH": path, "LOAD_PLAN": str(plan)}
    try:
        run([*command, STOP_SECONDS, "--only-summary"], environment=environment, log=log)
    except CommandError:
        if not answers.exists():  # that deliveries failed, which locust ends with 1 for, is for the totals to say
            raise
    return [Answer(**answer) for answer in json.loads(answers.read_text())]


def _wait_until(holds: Callable[[], bool]) -> None:
    """Return when all has arrived, or at the limit: the totals say what is missing."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.5)


def _wait_until_quiet(inbox: Inbox) -> None:
    count = -1
    while count != (count := len(inbox.read())):
        time.sleep(QUIET_SECONDS)
