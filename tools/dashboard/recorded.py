"""Records the metrics of a day: the simulated Dash sends it, and the functions' own handlers receive it.

Metrics of ours are what the handlers print. Those of AWS are what this sees happen in AWS's place: answers at the API,
messages that wait, invocations that fail. Time is simulated, but for how long the handlers work.
"""

import contextlib
import io
import json
import logging
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

from functions.publish import handler as publishing
from functions.redrive import handler as redriving
from hookswitch import aws
from hookswitch.errors import HookswitchError
from tests.dash.payloads import SPECIFIC_HOOKS
from tests.dash.transport import Request, Response
from tests.emf import samples_in
from tests.receiving import module_of
from tests.unit.heal import world as worlds
from tests.unit.heal.world import World, running
from tests.unit.provision.doubles import Context
from tools.gateway import Arrival, rest_event
from tools.local import STACK_NAME

from .day import BEGIN, DAY, Happening, day

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MINUTE, RECONCILE = 60, 300
TRIES_EVERY = 120  # seconds; what redrive waits for between two tries is a matter of its own
ANSWERED_500 = (BEGIN + 10.6 * 3600, BEGIN + 10.72 * 3600)  # the API fails for some minutes
TABLE_AWAY = (BEGIN + 15.17 * 3600, BEGIN + 15.22 * 3600)  # and DynamoDB for some others
QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"

type Key = tuple[str, str, frozenset[tuple[str, str]]]
type Points = Mapping[Key, list[tuple[float, float]]]

API = {"ApiName": STACK_NAME, "Stage": "v1"}


class Day:
    """A day as it goes by, and what is measured meanwhile."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.points: dict[Key, list[tuple[float, float]]] = defaultdict(list)
        self._world, self._rng = world, rng
        self._printed = io.StringIO()
        self._published = 0
        self._waiting: list[tuple[float, dict[str, Any]]] = []

    def run(self, begin: int, end: int) -> Points:
        """Let the time between two moments go by, in Unix seconds."""
        self._world.dash.sender.transport = self  # type: ignore[assignment]  # all that it needs is `send`
        happenings = deque(it for it in day(self._rng) if begin <= it.at < end)
        with contextlib.redirect_stdout(self._printed):
            for minute in range(begin, end, MINUTE):
                while happenings and happenings[0].at < minute + MINUTE:
                    self._happens(happenings.popleft())
                self._minute(minute + MINUTE)
        return self.points

    def send(self, request: Request) -> Response:
        """Be what Dash calls: API Gateway, with the hook functions behind it."""
        self._world.now += self._rng.uniform(0.05, 0.35)  # the way from Dash
        hook = request.url.split("/")[-2]
        began = time.perf_counter()
        answer: dict[str, Any] = {"statusCode": 500, "body": ""}
        if not ANSWERED_500[0] < self._world.now < ANSWERED_500[1]:
            arrival = Arrival(request, f"/hooks/{hook}/{{token}}", int(self._world.now), self._rng)
            answer = module_of(hook).handler(rest_event(arrival), Context(seconds=600))
        self._record("AWS/ApiGateway", "Latency", (time.perf_counter() - began) * 1000, **API)
        self._record("AWS/ApiGateway", "5XXError", float(answer["statusCode"] >= 500), **API)  # noqa: PLR2004 - HTTP
        self._record("AWS/ApiGateway", "4XXError", float(400 <= answer["statusCode"] < 500), **API)  # noqa: PLR2004
        self._collect()
        return Response(answer["statusCode"], {}, answer["body"].encode())

    def _happens(self, happening: Happening) -> None:
        self._world.now = max(self._world.now, happening.at + self._rng.uniform(0.1, 0.6))
        self._world.table.away = TABLE_AWAY[0] < self._world.now < TABLE_AWAY[1]
        self._world.fire(happening.hook, happening.payload)
        self._waiting += [(self._world.now, message) for message in self._world.queue]
        self._world.queue.clear()
        self._publish()

    def _minute(self, now: int) -> None:
        self._world.now = max(self._world.now, now)
        self._world.table.away = TABLE_AWAY[0] < self._world.now < TABLE_AWAY[1]
        if now % RECONCILE == 0:
            failed = 0.0
            try:
                self._world.reconcile()
            except (HookswitchError, ConnectionError):
                failed = 1.0
            self._record("Hookswitch", f"{STACK_NAME}-function_errors", failed)
            self._collect()
        if now % TRIES_EVERY == 0:
            self._redrive()
        self._publish()
        oldest = min((at for at, _ in self._waiting), default=now)
        for queue in ("RedriveQueue", "PublishDeadLetterQueue", "DeadLetterQueue"):
            number, age = (len(self._waiting), now - oldest) if queue == "RedriveQueue" else (0, 0)
            self._record("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", number, QueueName=queue)
            self._record("AWS/SQS", "ApproximateNumberOfMessagesVisible", 0, QueueName=queue)
            self._record("AWS/SQS", "ApproximateAgeOfOldestMessage", age, QueueName=queue)
        self._record("AWS/Lambda", "Throttles", 0)

    def _publish(self) -> None:
        new = self._world.table.inserted[self._published :]
        if not new:
            return
        self._published += len(new)
        delay = self._rng.uniform(0.08, 0.4)  # until Lambda has read the stream
        self._world.now += delay
        images = [self._world.table.items[key] for key in new]
        records = [{"dynamodb": {"NewImage": image, "SequenceNumber": str(at)}} for at, image in enumerate(images)]
        publishing.handler({"Records": records}, Context(seconds=600))
        self._record("AWS/Lambda", "IteratorAge", delay * 1000, FunctionName="Publish")
        self._collect()

    def _redrive(self) -> None:
        if not self._waiting:
            return
        tried, self._waiting = self._waiting, []
        records = [_sqs_record(str(at), message) for at, (_, message) in enumerate(tried)]
        context = cast("LambdaContext", Context(seconds=600))
        answer = redriving.handler({"Records": records}, context)
        failed = {int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]}
        self._waiting = [waiting for at, waiting in enumerate(tried) if at in failed]
        self._collect()

    def _collect(self) -> None:
        for sample in samples_in(self._printed.getvalue()):
            for value in sample.values:
                self._record(sample.namespace, sample.name, value, **dict(sample.dimensions))
        self._printed.seek(0)
        self._printed.truncate()

    def _record(self, namespace: str, name: str, value: float, **dimensions: str) -> None:
        self.points[namespace, name, frozenset(dimensions.items())].append((self._world.now, value))


class _Takes:
    """SNS, which takes everything, and SQS, which puts off what is asked."""

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        del TopicArn
        return {"Successful": [{"Id": entry["Id"]} for entry in PublishBatchRequestEntries], "Failed": []}

    def change_message_visibility(self, **asked: object) -> None:
        del asked


def recorded(begin: int = BEGIN, end: int = BEGIN + DAY) -> Points:
    """Return all values of the day, or of a part of it: by namespace, name and dimensions, each with its time."""
    environment = {
        "POWERTOOLS_SERVICE_NAME": STACK_NAME,
        "POWERTOOLS_METRICS_NAMESPACE": "Hookswitch",
        "EVENTS_TOPIC_ARN": "topic",
        "PUBLISH_FUNCTION": "publish",
        "PUBLISH_DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/unpublished",
    }
    with _quiet(), running(hooks=SPECIFIC_HOOKS) as world, contextlib.ExitStack() as exits:
        exits.enter_context(mock.patch.dict("os.environ", environment))
        for module, client, double in (
            (publishing, "_sns", _Takes()),
            (aws, "sqs", _Takes()),
            (redriving, "_lambda", world),
        ):
            exits.enter_context(mock.patch.object(module, client, lambda *_, double=double: double))
        exits.enter_context(mock.patch.object(worlds, "HOOKS", SPECIFIC_HOOKS))  # the functions that the stack has
        world.now = begin
        for hook in SPECIFIC_HOOKS:
            module_of(hook)  # what it takes to import them is no handling time
        return Day(world, random.Random("a Monday")).run(begin, end)  # noqa: S311 - it is to be repeatable


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the handlers' log away: it is of nobody's stack."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _sqs_record(number: str, message: Mapping[str, Any]) -> dict[str, Any]:
    hook = message["redelivery"]["hook"]
    return {
        "messageId": number,
        "receiptHandle": number,
        "body": json.dumps({**message, "function": f"phones-{hook}"}),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
    }


__all__ = ["Points", "recorded"]
