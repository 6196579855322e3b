"""How much later than a raw event a call is told: from a delivery to its messages, in one run on the emulator.

Deliveries that begin a call alternate with others. On the emulator, one thread invokes the readers of the stream one
after the other, so one of the two messages of a call's first event waits for the other; on AWS the readers run at the
same time. An event that is not about a call waits for nobody. The functions' own durations are measured, too.
"""

import json
import random
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bench.end_to_end import post
from bench.local import HERE
from devtools import aws, stack
from devtools.hook_types import payload_type
from devtools.inbox import Inbox
from devtools.local import DASH_ACCOUNT_ID
from devtools.logs import LogReader
from devtools.stack import Stack
from devtools.temporary import temporary_stack
from hookswitch.calls.graph import call_key
from hookswitch.events.event import event_key
from simulator.calls.scenarios import SCENARIOS
from simulator.encoding import encode_json
from simulator.payloads import payload

HOOK, SCENARIO = "channel_create", "answered"
OTHER = "register"  # a hook whose events are not about calls
WARM = 10  # calls before those that count
LIMIT = 60.0  # seconds that a message may take
PAUSE = 0.05  # seconds at most between two deliveries, so that the emulator's readers rest
POLL = 0.05
_REPORT = re.compile(r"REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms")


@dataclass(frozen=True)
class Ringing:
    """Seconds for each call.

    Attributes:
        other: From the request to the message of an event that is not about a call.
        event: From the request to the message of the event that begins a call.
        call: From the request to the message of the call that rings.
        durations: Of the invocations of each function that were warm, by its logical id.
    """

    other: Sequence[float]
    event: Sequence[float]
    call: Sequence[float]
    durations: Mapping[str, Sequence[float]]


def _arrived_at(inbox: Inbox, event_id: str) -> float:
    """Return when a message came into the queue, in Unix seconds. Asking for it often would slow everything down."""
    deadline = time.monotonic() + LIMIT
    while True:
        found = [message.arrived_at for message in inbox.read() if message.id == event_id]
        if found:
            return found[0]
        if time.monotonic() > deadline:
            raise SystemExit(f"The message {event_id} did not arrive.")
        time.sleep(POLL)


def clock(calls: int) -> Ringing:
    """Deploy the stack to an emulator of its own, and clock so many calls, one after the other."""
    stack.build()
    with temporary_stack(HERE / "ringing") as deployed:
        return _clock(deployed, calls)


def _clock(deployed: Stack, calls: int) -> Ringing:
    endpoint = deployed.endpoint
    rng = random.SystemRandom()
    found: dict[str, list[float]] = defaultdict(list)
    with Inbox(aws.sns(endpoint), aws.sqs(endpoint), deployed.outputs["EventsTopicArn"]) as inbox:
        for number in range(WARM + calls):
            other = payload(OTHER, rng=rng, now=time.time(), account_id=DASH_ACCOUNT_ID)
            (first, *_) = SCENARIOS[SCENARIO].events(rng=rng, account_id=DASH_ACCOUNT_ID, now=time.time())
            call = call_key(DASH_ACCOUNT_ID, str(first.payload["call_id"]))
            if number == WARM:
                found.clear()
                since = int(time.time() * 1000)
            time.sleep(rng.random() * PAUSE)
            began = _deliver(deployed, OTHER, other)
            found["other"].append(_arrived_at(inbox, _key(OTHER, other)) - began)
            time.sleep(rng.random() * PAUSE)
            began = _deliver(deployed, HOOK, first.payload)
            found["event"].append(_arrived_at(inbox, _key(HOOK, first.payload)) - began)
            found["call"].append(_arrived_at(inbox, f"call-{call}-1") - began)
        time.sleep(PAUSE)
    return Ringing(**found, durations=_durations(deployed, since))


def _deliver(deployed: Stack, hook: str, fields: Mapping[str, Any]) -> float:
    """Deliver an event, and return when that began."""
    address = urlsplit(deployed.url(hook))
    body = encode_json(fields)
    began = time.time()
    post(address.port or 80, address.path, body)
    return began


def _key(hook: str, fields: Mapping[str, Any]) -> str:
    typed, _ = payload_type(hook).parse(fields)
    return event_key(hook, *typed.identity())


def _durations(deployed: Stack, since: int) -> Mapping[str, Sequence[float]]:
    """Return the seconds of each function's invocations that reported since a time, in Unix milliseconds."""
    lines = LogReader(aws.logs(deployed.endpoint), deployed.outputs["LogGroupName"], since).read()
    names = dict(_named(lines))
    functions = {deployed.resources[logical]: logical for logical in ("Publish", "Calls")}
    found: dict[str, list[float]] = defaultdict(list)
    for line in lines:
        report = _REPORT.search(line)
        name = functions.get(names.get(report[1], "")) if report else None
        if report and name:
            found[name].append(float(report[2]) / 1000)
    return found


def _named(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the id of each request that a function logged something about, and the function's name."""
    for line in lines:
        if line.startswith("{"):
            entry = json.loads(line)
            if "function_request_id" in entry:
                yield entry["function_request_id"], entry["function_name"]


def summarize(found: Ringing) -> dict[str, Any]:
    """Return the figures of the page, in milliseconds."""
    return {
        "calls": len(found.call),
        "other": _percentiles(found.other),
        "event": _percentiles(found.event),
        "call": _percentiles(found.call),
        "ratio": round(statistics.median(found.call) / statistics.median(found.event), 2),
        "ratio_to_other": round(statistics.median(found.call) / statistics.median(found.other), 2),
        "publish_function": _percentiles(found.durations["Publish"]),
        "calls_function": _percentiles(found.durations["Calls"]),
    }


def _percentiles(seconds: Sequence[float]) -> Mapping[str, float]:
    found = statistics.quantiles([value * 1000 for value in seconds], n=100, method="inclusive")
    return {f"p{at}": round(found[at - 1], 1) for at in (50, 95)}
