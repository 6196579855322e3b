"""What takes the place of Lambda's environment while a world runs: its variables, clients, clock and threads."""

import contextlib
import os
import random
import time
from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, override
from unittest import mock
from uuid import UUID

import urllib3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from functions.redrive import handler as redrive
from hookswitch.aws import clients, hook_clients
from hookswitch.aws.protocol import DYNAMODB
from hookswitch.aws.via_botocore import SdkClient
from hookswitch.dash import client as dash_client
from hookswitch.dash.client import DashClient
from hookswitch.dash.credentials import ApiKey
from hookswitch.deliveries import delivery
from hookswitch.observability.log import logger
from hookswitch.reconcile import attempt_log, redeliverer, state
from hookswitch.webhooks.apply import apply_desired
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership
from simulator.dash import DEFAULT_API_KEY
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.interleaving.scheduler import Scheduler
from tests.interleaving.services import Client
from tests.interleaving.world import HOOKS, PUBLISH_QUEUE, REDRIVE_QUEUE, World
from tests.unit.doubles import CREDENTIALS, properties


class SerialPool(contextlib.nullcontext[None]):
    """Takes the place of reconcile's pool of threads: the scheduler has only tasks of its own."""

    map = staticmethod(map)

    def __enter__(self) -> Any:
        """Return what maps."""
        return self


def _fresh_processor(**given: Any) -> Any:
    """Process a batch as an environment of its own does: Powertools' processor holds the state of one batch."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(**(given | {"processor": processor}))


def _clock(world: World) -> type[datetime]:
    class Clock(datetime):
        """The time as a delivery reads it."""

        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(world.now, tz)

    return Clock


def _sleep(scheduler: Scheduler, seconds: float) -> None:
    del seconds
    if task := scheduler.running():
        scheduler.pause(task)


def _variables(desired: Desired) -> dict[str, str]:
    """Return the variables of all functions."""
    return {
        "EVENTS_TABLE": "events",
        "EVENTS_TOPIC_ARN": "topic",
        "TEST_TOPIC_ARN": "test-topic",
        "CALLBACK_SECRET_ARN": desired.callback_secret_arn,
        "REDRIVE_QUEUE_URL": REDRIVE_QUEUE,
        "PUBLISH_DEAD_LETTER_QUEUE_URL": PUBLISH_QUEUE,
        "PUBLISH_FUNCTION": "publish",
        "STACK_ID": desired.stack_id,
        "AWS_LAMBDA_FUNCTION_NAME": "hook",
        "DASH_ACCOUNT_ID": DEFAULT_ACCOUNT_ID,
        "DASH_CREDENTIALS_ARN": CREDENTIALS,
        "INCLUDE_SUBACCOUNTS": "false",
        "HOOKS": ",".join(HOOKS),
        "RETENTION_DAYS": "0",
        "DASH_WEBHOOKS": desired.state(),
        "DESTINATIONS_TABLE": "destinations",
        "ON_DRIFT": "repair",
    }


def _doubles(world: World) -> Iterator[tuple[object, str, object]]:
    """Yield what is replaced, by module and name."""
    scheduler = world.scheduler
    client = partial(Client, scheduler)

    def unique() -> UUID:
        return UUID(int=scheduler.rng.getrandbits(128))

    pool = mock.Mock(headers={}, request=world.request)
    yield from (
        (clients, "dynamodb", lambda **_: client("DynamoDB", world.table)),
        (clients, "dynamodb_streams", lambda: client("the stream", world.stream)),
        (clients, "secrets_manager", lambda: world.secrets),
        (clients, "sqs", lambda *_: client("SQS", world.queues)),
        (clients, "sns", lambda *_: client("SNS", world.topic)),
        (clients, "lambda_", lambda *_: client("Lambda", world)),
        (clients, "cloudformation", lambda: world),
        (hook_clients, "dynamodb", lambda: SdkClient(DYNAMODB)),
        (hook_clients, "_client", SdkClient),
        (dash_client, "uuid4", unique),
        (state, "uuid4", unique),
        (urllib3, "PoolManager", lambda **_: pool),
        (attempt_log, "PAGE_SIZE", scheduler.rng.choice([2, 7, 100])),
        (redeliverer, "ThreadPoolExecutor", lambda _: SerialPool()),
        (redrive, "process_partial_response", _fresh_processor),
        (time, "time", lambda: world.now),
        (time, "monotonic", lambda: world.now),
        (time, "sleep", partial(_sleep, scheduler)),
        (delivery, "datetime", _clock(world)),
        (logger, "info", lambda *_, **__: None),
        (logger, "warning", lambda *_, **__: None),
    )


@contextlib.contextmanager
def running(seed: int) -> Iterator[World]:
    """Make a world whose webhooks are registered."""
    random.seed(seed)
    scheduler = Scheduler(seed)
    world = World(scheduler)
    shape = {"Retries": scheduler.rng.choice("123"), "PayloadFormat": scheduler.rng.choice(["json", "form-data"])}
    desired = Desired.from_properties(properties(ApiUrl="http://127.0.0.1/v2", Hooks=",".join(HOOKS), **shape))
    with contextlib.ExitStack() as exits:
        exits.enter_context(mock.patch.dict(os.environ, _variables(desired)))
        exits.callback(world.api._server.server_close)  # noqa: SLF001 - it is called without HTTP
        for target, name, double in _doubles(world):
            exits.enter_context(mock.patch.object(target, name, double))
        hook_clients.secrets_manager.cache_clear()
        exits.callback(hook_clients.secrets_manager.cache_clear)
        apply_desired(DashClient(desired.api_url, ApiKey(api_key=DEFAULT_API_KEY)), desired, Ownership.of(desired))
        yield world
