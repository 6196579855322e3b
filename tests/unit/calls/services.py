"""What the calls function finds around it in a test: its environment, and the services that it calls."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

from botocore.exceptions import ClientError

from hookswitch.aws import clients
from hookswitch.calls import run
from hookswitch.settings.calls import CallsSettings
from tests.interleaving.scheduler import Fate, Scheduler
from tests.unit.calls.memory import MemoryDynamoDB

SETTINGS = CallsSettings("the-table", "the-topic", "the-dead-letter-queue", "the-calls-queue", 0)
ENVIRONMENT = {
    "EVENTS_TABLE": SETTINGS.events_table,
    "EVENTS_TOPIC_ARN": SETTINGS.events_topic,
    "PUBLISH_DEAD_LETTER_QUEUE_URL": SETTINGS.publish_dead_letter_queue,
    "CALLS_QUEUE_URL": SETTINGS.calls_queue,
    "RETENTION_DAYS": str(SETTINGS.retention_days),
}
CONTEXT: Any = SimpleNamespace(
    function_name="calls",
    memory_limit_in_mb=512,
    invoked_function_arn="arn",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 120_000,
)


class Services:
    """DynamoDB, SNS and SQS, of which a scheduler decides who is served next, and how it ends."""

    def __init__(self, scheduler: Scheduler | None = None) -> None:
        self.scheduler = scheduler
        self.table = MemoryDynamoDB()
        self.published: dict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
        self.alerts: dict[str, set[int]] = defaultdict(set)
        self.owed: list[str] = []
        self.queued: list[dict[str, Any]] = []

    def dynamodb(self) -> Any:
        """Return the table's client."""
        return _Client("dynamodb", self.table, self)

    def sns(self, _limits: object) -> Any:
        """Return the topic's client."""
        return _Client("sns", self, self)

    def sqs(self, *_limits: object) -> Any:
        """Return the queues' client."""
        return _Client("sqs", self, self)

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> dict[str, Any]:
        """Do as SNS does."""
        assert TopicArn == "the-topic"
        for entry in PublishBatchRequestEntries:
            record = json.loads(json.loads(entry["Message"])["default"])["data"]
            earlier = self.published[record["call"]].setdefault(record["revision"], record)
            assert earlier == record, "Two messages of one revision differ."
            if entry["MessageAttributes"]["alert"]["StringValue"] == "true":
                self.alerts[record["call"]].add(record["revision"])
        return {"Successful": [], "Failed": []}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        """Do as SQS does."""
        if QueueUrl == "the-dead-letter-queue":
            self.owed += [json.loads(entry["MessageBody"])["event_id"] for entry in Entries]
        else:
            self.queued += Entries
        return {"Failed": []}


class _Client:
    """A client whose calls the scheduler carries out."""

    exceptions = MemoryDynamoDB.exceptions

    def __init__(self, name: str, target: Any, services: Services) -> None:
        self._name, self._target, self._services = name, target, services

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        effect = getattr(self._target, operation)
        scheduler = self._services.scheduler
        if scheduler is None or operation == "get_paginator":
            return effect  # type: ignore[no-any-return]

        def call(**given: Any) -> Any:
            return scheduler.call(self._name, operation, lambda: effect(**given), _failure)

        return call


def _failure(fate: Fate) -> Exception:
    return ClientError({"Error": {"Code": f"InternalError ({fate})"}}, "AnyOperation")


@contextmanager
def patched(services: Services) -> Iterator[None]:
    """Have the calls function use these services, and not wait between tries."""
    names = ("dynamodb", "sns", "sqs")
    found = {name: getattr(services, name) for name in names}
    with mock.patch.multiple(clients, **found), mock.patch("hookswitch.calls.update.time.sleep"):
        yield


@contextmanager
def at(now: int) -> Iterator[None]:
    """Let it be a moment, in Unix seconds."""
    clock = SimpleNamespace(now=lambda _: datetime.fromtimestamp(now, UTC))
    with mock.patch.object(run, "datetime", clock):
        yield
