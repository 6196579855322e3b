"""A stack with destinations, events to send, and what arrives."""

import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from devtools import aws
from devtools.functions import Function
from devtools.hook_types import SETTINGS
from devtools.inbox import Inbox
from devtools.stack import Stack
from devtools.temporary import temporary_stack
from hookswitch.events.attributes import item
from hookswitch.events.items import event_item
from simulator.payloads import payload
from simulator.receivers.authority import Authority
from simulator.receivers.server import Receiver
from tests.load.destinations.receivers import CountingReceiver
from tests.load.destinations.totals import SentEvent
from tests.receiving import event

HOOK = "register"  # no leg of a call, so that the run measures destinations and not calls
RESELLER = replace(SETTINGS, include_subaccounts=True)
BATCH = 25  # items of one call (DynamoDB, BatchWriteItem)
BLOCK = 50  # events for one destination after the other: as many as a sender looks at together
OPEN = ("owed", "dead")  # kinds of rows of which none should be left


class Stage:
    """A deployed stack, with a destination for each account.

    Attributes:
        receivers: What is at each account's destination.
        sent: Every event so far.
        queued: When each event came into a queue that is subscribed to the topic, in Unix seconds.
    """

    def __init__(self, stack: Stack, inbox: Inbox, server: Receiver, destinations: int) -> None:
        self.receivers = {account(number): CountingReceiver(account(number)) for number in range(destinations)}
        self.sent: list[SentEvent] = []
        self.queued: dict[str, float] = {}
        self._inbox, self._server = inbox, server
        self._table = stack.outputs["EventsTableName"]
        self._destinations_table = stack.outputs["DestinationsTableName"]
        self._dynamodb = aws.dynamodb(stack.endpoint)
        function = stack.outputs["DestinationsFunctionName"]
        self._function = Function(aws.lambda_(stack.endpoint), function, "destinations")
        self._rng = random.Random(1)

    @property
    def accounts(self) -> Sequence[str]:
        """The accounts, each of which has a destination."""
        return [*self.receivers]

    def add_destinations(self) -> None:
        """Add all destinations, as `make destination` does."""
        for number, (name, receiver) in enumerate(self.receivers.items()):
            path = f"/destinations/{number}"
            self._server.routes[path] = receiver
            asked = {
                "name": f"tenant-{number}",
                "type": "https",
                "url": self._server.url(path),
                "filter": {"hooks": [HOOK], "accounts": [name]},
            }
            receiver.secret = self._function.ask({"add": asked})["secret"]

    def resume(self, accounts: Sequence[str]) -> None:
        """Have destinations that fail be tried at once."""
        for name in accounts:
            self._function.ask({"resume": {"name": f"tenant-{self.accounts.index(name)}"}})

    def send(self, accounts: Sequence[str], phase: str) -> None:
        """Store an event in each of some accounts; the stack publishes what is stored."""
        for start in range(0, len(accounts), BATCH):
            items = [self._item(name) for name in accounts[start : start + BATCH]]
            now = time.time()
            left: Any = {self._table: [{"PutRequest": {"Item": each}} for _, each in items]}
            while left:
                left = self._dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems")
            self.sent += [SentEvent(str(each["event_id"]["S"]), name, now, phase) for name, each in items]

    def send_many(self, count: int, phase: str, ahead: int, limit: float) -> None:
        """Store many events as fast as they arrive, some for one destination and then for the next.

        It is some events ahead of the receivers at most: the emulator looks through a queue from its beginning for each
        message, so a long one costs it the time that is to be measured. It gives up at a limit.

        Args:
            count: How many.
            phase: In which part of the run.
            ahead: How many events may be on their way.
            limit: Seconds after which it sends no more.
        """
        began = time.monotonic()
        accounts = (name for name in itertools.cycle(self.accounts) for _ in range(BLOCK))
        for batch in itertools.batched(itertools.islice(accounts, count), BATCH, strict=False):
            while self.on_their_way() > ahead:
                if time.monotonic() - began > limit:
                    return
                self.read_queue()
                time.sleep(0.2)
            self.send(batch, phase)

    def on_their_way(self) -> int:
        """Return how many events have not arrived yet."""
        return len(self.sent) - sum(len(receiver.arrivals) for receiver in self.receivers.values())

    def send_steadily(self, per_second: float, seconds: float, phase: str) -> None:
        """Store events in accounts that are drawn at random, one after the other."""
        began = time.monotonic()
        for number in range(round(per_second * seconds)):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            self.send([self._rng.choice(self.accounts)], phase)

    def wait(self, accounts: Sequence[str], limit: float) -> float:
        """Wait until all that was sent to some accounts has arrived, or for the limit; return how long it took."""
        began = time.monotonic()
        wanted = Counter(event.account for event in self.sent)
        while time.monotonic() - began < limit:
            if all(len(self.receivers[name].arrivals) >= wanted[name] for name in accounts):
                break
            time.sleep(0.2)
        return time.monotonic() - began

    def of(self, phase: str) -> list[SentEvent]:
        """Return the events of a phase."""
        return [each for each in self.sent if each.phase == phase]

    def read_queue(self) -> None:
        """Read the queue beside the destinations until it is empty."""
        for message in self._inbox.read():
            self.queued.setdefault(message.id, message.arrived_at)
        self._inbox.messages.clear()

    def left(self) -> Mapping[str, int]:
        """Return how many rows of each kind there are that nobody should be waiting for any more."""
        found: Counter[str] = Counter()
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._destinations_table,
            ProjectionExpression="#owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ConsistentRead=True,
        )
        for page in pages:
            found.update(row["owner"]["S"].partition("/")[0] for row in page["Items"])
        return {kind: found[kind] for kind in OPEN}

    def _item(self, name: str) -> tuple[str, Any]:
        made = event(HOOK, payload(HOOK, rng=self._rng, account_id=name), settings=RESELLER)
        return name, item(event_item(made, RESELLER))


def account(number: int) -> str:
    """Return the id of an account."""
    return f"{number:032x}"


@contextmanager
def stage(directory: Path, destinations: int, senders: int) -> Iterator[Stage]:
    """Deploy the last build on an emulator of its own, for as long as the block lasts.

    Args:
        directory: For the emulator's files.
        destinations: How many there are, all on one HTTPS server of this process.
        senders: How many of them are served at the same time.
    """
    directory.mkdir(parents=True, exist_ok=True)
    authority = Authority()
    with Receiver(authority.context()) as server:
        overrides = {"DestinationTestHosts": server.place, "DestinationConcurrency": str(senders)}
        trusting = {"SSL_CERT_FILE": str(authority.write(directory).resolve())}
        with temporary_stack(directory / "emulator", overrides, trusting) as stack:
            sns, sqs = aws.sns(stack.endpoint), aws.sqs(stack.endpoint)
            with Inbox(sns, sqs, stack.outputs["EventsTopicArn"]) as inbox:
                yield Stage(stack, inbox, server, destinations)
