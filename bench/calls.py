"""What a call takes: `make scale` counts it, and writes docs/engineering/calls.json.

Every kind of call is folded by the code of the calls function, with a table, a topic and a queue that count. Each event
is folded by itself, as when the shards are read at the same time; with more events, several share an invocation.
"""

import contextlib
import heapq
import io
import itertools
import json
import os
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from bench.local import environment
from bench.measure import stub
from bench.metered import MeteredTable
from bench.pricing import Call
from devtools.hook_types import SETTINGS, payload_type
from devtools.local import DASH_ACCOUNT_ID, ROOT
from hookswitch.aws import clients
from hookswitch.calls import run
from hookswitch.calls.facts import Fact
from hookswitch.calls.table import CallTable
from hookswitch.deliveries.delivery import Delivery
from hookswitch.events.attributes import item
from hookswitch.events.event import Event
from hookswitch.events.items import event_item
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.publishing.outbox import StreamBatch
from hookswitch.settings.calls import CallsSettings
from simulator.calls.mix import SHARES
from simulator.calls.scenarios import SCENARIOS
from simulator.encoding import encode_json
from simulator.steps import Step

DATA = ROOT / "docs" / "engineering" / "calls.json"
RETENTION_DAYS = 365
BEGAN = 1_795_392_000  # Unix seconds: 2026-11-23
LATENCY = 1  # seconds from an event until it is folded
SHOWN = ("answered", "ring_group", "voicemail", "abandoned")  # kinds that the page has beside the mean
NOWHERE = "http://127.0.0.1:9"
CLIENT_CALLS = 300  # of AWS, whose computing is measured


class _Topic:
    """Counts messages."""

    def __init__(self) -> None:
        self.messages = self.requests = 0

    def publish_batch(self, **given: Any) -> dict[str, Any]:
        self.requests += 1
        self.messages += len(given["PublishBatchRequestEntries"])
        return {"Successful": [], "Failed": []}


class _Queue:
    """Keeps messages, with the seconds that each has to wait."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str]] = []
        self.requests = 0

    def send_message_batch(self, **given: Any) -> dict[str, Any]:
        self.requests += 1
        self.sent += [(int(entry["DelaySeconds"]), str(entry["MessageBody"])) for entry in given["Entries"]]
        return {"Failed": []}


def measure(scenario: str, client_seconds: float) -> Call:
    """Return what a call of a kind takes; each call of AWS takes its client so many seconds of computing."""
    steps = _steps(scenario)
    table, topic, queue = MeteredTable(), _Topic(), _Queue()
    settings = CallsSettings("events", "topic", "unpublished", "calls", RETENTION_DAYS)
    order = itertools.count()
    due: list[tuple[float, int, Step | str]] = [(step.at + LATENCY, next(order), step) for step in steps]
    invocations = checks = 0
    seconds = 0.0
    services: dict[str, Any] = {"dynamodb": lambda: table, "sns": lambda _: topic, "sqs": lambda *_: queue}
    with mock.patch.multiple(clients, **services):
        heapq.heapify(due)
        while due:
            at, number, what = heapq.heappop(due)
            image = None if isinstance(what, str) else item(_item(what))
            if image and "call_id" not in image:  # the stream's filter
                continue
            moment = datetime.fromtimestamp(at, UTC)
            with mock.patch.object(run, "datetime", SimpleNamespace(now=lambda _, moment=moment: moment)):
                calls = run.Calls(settings, MetricsRecorder(), deadline=float("inf"))
            began = time.process_time()
            if image:
                calls.fold_batch(StreamBatch({str(number): image}))
            else:
                checks += 1
                calls.carry_out(SQSRecord({"messageId": str(number), "body": what}))
            seconds += time.process_time() - began
            invocations += 1
            for delay, body in queue.sent:
                heapq.heappush(due, (at + delay, next(order), body))
            queue.sent.clear()
    calls_of_aws = table.operations.total() + topic.requests + queue.requests
    return Call(
        legs=len({step.payload["call_id"] for step in steps if "call_id" in step.payload}),
        events=len(steps),
        invocations=invocations,
        operations=table.operations.total(),
        leg_writes=table.writes["leg"],
        call_writes=table.writes["call"] + table.writes["none"],
        party_writes=table.writes["party"],
        index_writes=table.index_writes.total(),
        reads=table.reads,
        messages=topic.messages,
        checks=checks,
        stored_bytes=table.stored_bytes,
        seconds=seconds + calls_of_aws * client_seconds,
    )


def _steps(scenario: str) -> list[Step]:
    return SCENARIOS[scenario].events(rng=random.Random(1), account_id=DASH_ACCOUNT_ID, now=BEGAN)  # noqa: S311 - the same in each run


def _item(step: Step) -> Mapping[str, object]:
    """Return the item that the event of a step becomes."""
    body = encode_json(step.payload).decode()
    request = {"headers": {"content-type": "application/json"}, "body": body, "isBase64Encoded": False}
    came = Delivery.from_api_gateway({**request, "requestContext": {"requestId": "request"}}, step.hook)
    event = Event.from_delivery(payload_type(step.hook), came, came.decode(), SETTINGS)
    return event_item(replace(event, received_at=datetime.fromtimestamp(step.at, UTC)), SETTINGS)


def client_seconds() -> float:
    """Return the seconds of computing that a client of AWS needs for a call, without waiting."""
    facts = [fact for step in _steps(SHOWN[0]) if (fact := Fact.from_item(_item(step)))]
    with stub() as endpoint, mock.patch.dict(os.environ, environment(endpoint)):
        table = CallTable("events")
        took = 0.0
        for number in range(2 * CLIENT_CALLS):
            began = time.process_time()
            with contextlib.suppress(KeyError):  # the stub returns no item
                table.add_facts(DASH_ACCOUNT_ID, "leg", facts[:1], None)
            took += (time.process_time() - began) if number >= CLIENT_CALLS else 0
    return took / CLIENT_CALLS


def mean(calls: Mapping[str, Call]) -> Call:
    """Return what a call takes in the mean of all kinds, as often as each happens."""
    sums: Counter[str] = Counter()
    for scenario, share in SHARES.items():
        for name, value in vars(calls[scenario]).items():
            sums[name] += value * share
    return Call(**{name: value / sum(SHARES.values()) for name, value in sums.items()})


def committed() -> Mapping[str, Call]:
    """Return the figures of the last run."""
    return {name: Call(**call) for name, call in json.loads(DATA.read_text(encoding="utf-8")).items()}


def main() -> None:
    """Count, and write the figures."""
    variables = mock.patch.dict(os.environ, environment(NOWHERE))
    of_client = client_seconds()
    logger.setLevel("ERROR")
    with variables, contextlib.redirect_stdout(io.StringIO()):  # the metrics
        measure(SHOWN[0], of_client)  # the first one is slow
        calls = {scenario: measure(scenario, of_client) for scenario in SHARES}
    shown = {"mean": mean(calls), **{name: calls[name] for name in SHOWN}}
    figures = {name: {part: round(value, 4) for part, value in vars(call).items()} for name, call in shown.items()}
    DATA.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
