"""Fuzzes a stack with several senders at once, and says what came of it."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devtools import aws
from devtools.local import ACCESS_KEY, CALLBACK_SECRET, REGION, ROOT, SECRET_KEY
from devtools.logs import LogReader
from devtools.processes import start
from devtools.stack import Stack
from devtools.waiting import TooLateError, wait_for
from hookswitch.dash.hooks import HOOKS
from tests.fuzz.logscan import LogScan
from tests.fuzz.sender import Plan

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

LOOK_INTERVAL = 15.0  # seconds between two looks at the log
SEEDS = 1_000_000
QUEUES = ("RedriveQueueUrl", "PublishDeadLetterQueueUrl", "DeadLetterQueueUrl")
DRAIN_LIMIT = 120.0  # seconds that the redrive queue may take until it is empty


@dataclass(frozen=True)
class Amount:
    """How many requests, at least, and how many processes send them."""

    requests: int
    senders: int


@dataclass(frozen=True)
class Fuzzing:
    """What came of it.

    Attributes:
        first_seeds: Of each sender: its rounds count on from there.
        seconds: How long it took.
            outcomes: How often each outcome, or status where there is none.
        kinds: How often a body was made in each way.
        looked_up: Items that were read back.
        log_lines: Lines of the log that were looked at.
        failures: What was wrong, each with its request if it is that of one.
    """

    first_seeds: Sequence[int]
    seconds: float
    by_http: int
    at_handlers: int
    outcomes: Mapping[str, int]
    kinds: Mapping[str, int]
    looked_up: int
    log_lines: int
    failures: Sequence[Mapping[str, Any]]

    @property
    def sent(self) -> int:
        """All requests."""
        return self.by_http + self.at_handlers


def fuzz(
    stack: Stack, directory: Path, by_http: Amount, at_handlers: Amount | None = None, first_seed: int | None = None
) -> Fuzzing:
    """Send requests to a stack that nothing else uses, and judge all that came of them.

    Args:
        stack: The stack.
        directory: For the plans, findings and logs of the senders.
        by_http: How many go by HTTP.
        at_handlers: How many go to the hooks' handlers in the senders' own processes, with the stack's table.
        first_seed: Of the first sender, to repeat a run; each further one begins a million later.
    """
    base = random.SystemRandom().randrange(SEEDS) if first_seed is None else first_seed
    tokens = {hook: stack.path(hook).rpartition("/")[2] for hook in HOOKS}
    scan = LogScan([*tokens.values(), CALLBACK_SECRET])
    log = LogReader(aws.logs(stack.endpoint), stack.outputs["LogGroupName"])
    scan.look(log.read())
    began = time.monotonic()
    running: list[tuple[Path, subprocess.Popen[bytes]]] = []
    for amount, environment in ((by_http, None), (at_handlers or Amount(0, 0), _environment(stack))):
        for _ in range(amount.senders):
            seed = base + len(running) * SEEDS
            plan = Plan(
                endpoint=stack.endpoint,
                api_url=stack.local_api_url,
                table=stack.outputs["EventsTableName"],
                tokens=tokens,
                first_seed=seed,
                requests=-(-amount.requests // amount.senders),
                environment=environment,
            )
            path = directory / f"{seed}.json"
            path.write_text(json.dumps(asdict(plan)))
            path.with_suffix(".found").unlink(missing_ok=True)
            command = [sys.executable, "-m", "tests.fuzz.sender", str(path)]
            running.append((path, start(command, environment=os.environ, log=path.with_suffix(".log"), cwd=ROOT)))
    for _, process in running:
        while _runs_for(process, LOOK_INTERVAL):
            scan.look(log.read())
    seconds = time.monotonic() - began
    found = [_found(path) for path, _ in running]
    failures = [failure for one in found for failure in one["failures"]]
    failures += [{"wrong": [wrong]} for wrong in _left_in_queues(stack)]
    scan.look(log.read())
    failures += [{"wrong": [wrong]} for wrong in scan.failures]
    return Fuzzing(
        first_seeds=[int(path.stem) for path, _ in running],
        seconds=seconds,
        by_http=sum(one["sent"] for one in found[: by_http.senders]),
        at_handlers=sum(one["sent"] for one in found[by_http.senders :]),
        outcomes=sum((Counter(one["outcomes"]) for one in found), Counter[str]()),
        kinds=sum((Counter(one["kinds"]) for one in found), Counter[str]()),
        looked_up=sum(one["looked_up"] for one in found),
        log_lines=scan.lines + sum(one["log_lines"] for one in found),
        failures=failures,
    )


def _runs_for(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Tell whether a process still runs after so many seconds; return at once when it has ended."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def _environment(stack: Stack) -> dict[str, str]:
    """Return what the emulator sets for a hook function of the stack; its services are those of the stack."""
    configuration = aws.lambda_(stack.endpoint).get_function_configuration(FunctionName=stack.resources["Parking"])
    return {
        **configuration["Environment"]["Variables"],
        **{f"AWS_ENDPOINT_URL_{service}": stack.endpoint for service in ("DYNAMODB", "SECRETS_MANAGER", "SQS")},
        "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "LAMBDA_TASK_ROOT": "/var/task",  # by this Powertools knows Lambda
    }


def _found(path: Path) -> dict[str, Any]:
    """Return what a sender found; that it found nothing because it broke down is a failure too."""
    try:
        found: dict[str, Any] = json.loads(path.with_suffix(".found").read_text())
    except FileNotFoundError:
        said = path.with_suffix(".log").read_text(errors="replace")[-2000:]
        broken = {"wrong": [f"The sender with seed {path.stem} broke down: {said}"]}
        return {"sent": 0, "outcomes": {}, "kinds": {}, "looked_up": 0, "log_lines": 0, "failures": [broken]}
    return found


def _left_in_queues(stack: Stack) -> list[str]:
    """Return what is in queues that should be empty: deliveries that nothing stores, events that nothing publishes."""
    sqs = aws.sqs(stack.endpoint)
    left: dict[str, int] = {}

    def empty() -> bool:
        left.update({queue: _length(sqs, stack.outputs[queue]) for queue in QUEUES})
        return not any(left.values())

    with suppress(TooLateError):
        wait_for(empty, "the queues are empty", DRAIN_LIMIT, 1)
    return [f"{count} messages are left in {queue}." for queue, count in left.items() if count]


def _length(sqs: "SQSClient", url: str) -> int:
    names: list[QueueAttributeNameType] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(map(int, answer["Attributes"].values()))
