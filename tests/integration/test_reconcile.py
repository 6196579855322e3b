"""Healing on the deployed stack: disabled webhooks are re-enabled, and failed deliveries recovered.

These tests have their own emulator, with fault proxies between the functions and their services. Each test has its own
Dash, account and stack. The simulated Dash itself decides which deliveries failed, and disables webhooks.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

from devtools import aws, emulator
from devtools.emulator import Emulator
from devtools.inbox import Inbox
from devtools.local import ACCESS_KEY, REGION, SECRET_KEY
from devtools.waiting import wait_for
from hookswitch.events.envelope import NOTICED, RESTORED
from hookswitch.reconcile.ledger import KEY
from hookswitch.reconcile.notification import SPACING
from simulator.api import DashApi
from simulator.attempts import FailureWindow
from simulator.dash import Dash
from simulator.faults import Fault
from simulator.payloads import payload
from simulator.transport import emulator_resolver
from tests import contract
from tests.faults import FaultProxies
from tests.integration.deployed import IMPATIENT, Deployed
from tests.receiving import event

LEGS = ("channel_create", "channel_answer", "channel_destroy")


class LookingWindow(FailureWindow):
    """Disables webhooks only when it checks failures, as the real system does every 15 s, not at each failure."""

    def __init__(self) -> None:
        super().__init__()
        self._due: list[Callable[[], None]] = []
        self._seen = threading.Lock()

    def note(self, hook_id: str, now: float, disable: Callable[[], None]) -> None:
        """Note a failure, and remember to disable its webhook at the limit."""
        super().note(hook_id, now, lambda: self._remember(disable))

    def look(self) -> None:
        """Disable the remembered webhooks."""
        with self._seen:
            for disable in self._due:
                disable()
            self._due.clear()

    def _remember(self, disable: Callable[[], None]) -> None:
        with self._seen:
            self._due.append(disable)


@dataclass
class Phones:
    """A phone system and the stack that serves it.

    Attributes:
        deployed: The stack.
        faults: The proxies between the functions and their services.
        inbox: A subscriber's queue.
        fired: The key of each event that Dash has sent or attempted to send.
    """

    deployed: Deployed
    faults: FaultProxies
    inbox: Inbox
    fired: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make Dash check for failures only on demand."""
        self.window = LookingWindow()
        self.dash.sender.failures = self.window

    @property
    def dash(self) -> Dash:
        """The phone system."""
        return self.deployed.api.dash

    @property
    def off(self) -> set[str]:
        """The hooks whose webhooks are disabled."""
        return {it.uri.split("/")[-2] for it in self.deployed.webhooks if not it.enabled}

    def break_down(self) -> None:
        """Make every delivery fail with 500: neither the table nor the queue accepts anything."""
        self.faults["dynamodb"].fail("*")
        self.faults["sqs"].fail("SendMessage")

    def calls(self, number: int) -> int:
        """Fire the events of some calls, several at a time; return how many deliveries succeeded."""
        with ThreadPoolExecutor(6) as pool:
            return sum(pool.map(lambda _: self.call(), range(number)))

    def call(self) -> int:
        """Fire the events of one call from start to end; return how many deliveries succeeded."""
        return sum(self.happens(hook) for hook in LEGS)

    def happens(self, hook: str, **fields: Any) -> int:
        """Fire an event; return how many of its deliveries succeeded."""
        account = self.deployed.account.id
        sent = payload(hook, account_id=account, **fields)
        firings = self.dash.fire(account, hook, sent)
        if firings:
            self.fired.add(event(hook, sent | {"account_id": self._served()}).key)
        return sum(firing.delivered for firing in firings)

    @staticmethod
    def _served() -> str:
        return "5a2d994fbae69b1d6b01eb9f0e7dfe62"  # keys don't depend on the account, and `event` serves this one

    def invoke(self, function: str, **asked: Any) -> dict[str, Any]:
        """Invoke a function and return its response, even if it is an error."""
        config = Config(proxies={}, read_timeout=120, retries={"total_max_attempts": 1})
        client = _client(self.deployed.endpoint, "lambda", config)
        answer = client.invoke(FunctionName=self.deployed.resources[function], Payload=json.dumps(asked))
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        return said

    def reconcile(self, **asked: Any) -> dict[str, Any]:
        """Run reconcile."""
        return self.invoke("Reconcile", **asked)

    def items(self, kind: str = "event") -> dict[str, dict[str, Any]]:
        """Return the table's items of a kind, by key, without announcements."""
        plain = TypeDeserializer()
        table = self.deployed.resources["EventsTable"]
        pages = aws.dynamodb(self.deployed.endpoint).get_paginator("scan").paginate(TableName=table)
        items = [
            {name: plain.deserialize(value) for name, value in item.items()} for page in pages for item in page["Items"]
        ]
        return {it["event_id"]: it for it in items if it["kind"] == kind and it.get("hook") not in {RESTORED, NOTICED}}

    @property
    def is_at_work(self) -> bool:
        """Whether a run of reconcile has the lease."""
        return bool(self.items("state")[KEY]["lease_until"])

    def news(self) -> list[dict[str, Any]]:
        """Return the announcements that a subscriber got."""
        return [
            dict(message.event)
            for message in self.inbox.read()
            if str(message.event["type"]).endswith((RESTORED, NOTICED))
        ]

    def check(self) -> None:
        """Assert that all of Dash's events are stored and published once, according to the contract."""
        items = self.items()
        assert items.keys() == self.fired
        counts = self.inbox.wait_for_all(self.fired, 300)
        assert {counts[key] for key in self.fired} == {1}
        for message in self.inbox.messages:
            contract.check(message.event, allowed=None)


@pytest.fixture(scope="module")
def proxies() -> Iterator[FaultProxies]:
    """Fault proxies between the functions of this file and their services."""
    with FaultProxies(emulator.free_port()) as made:
        yield made


@pytest.fixture(scope="module")
def own_emulator(proxies: FaultProxies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator for the stacks of this file."""
    port = next(iter(proxies)).target_port
    environment = IMPATIENT | proxies.environment
    with emulator.running(port, tmp_path_factory.mktemp("healing"), environment) as running:
        yield running


type Connect = Callable[..., Phones]


@pytest.fixture
def connect(own_emulator: Emulator, packaged: dict[str, Any], proxies: FaultProxies) -> Iterator[Connect]:
    """Create a phone system and its stack: `connect(legacy=True, timeout=5, IncludeSubaccounts="true")`."""
    opened: list[Any] = []

    def connected(*, legacy: bool = False, timeout: int = 0, **parameters: str) -> Phones:
        dash = Dash(resolver=emulator_resolver(own_emulator.endpoint), legacy=legacy, retry_interval=0.1)
        api = DashApi(dash)
        api.__enter__()
        opened.append(api)
        account = dash.add_account(uuid4().hex)
        template = json.loads(json.dumps(packaged))
        # Nothing here is about calls, and on the emulator one thread runs all readers of a stream.
        del template["Resources"]["Calls"]["Properties"]["Events"]["Stream"]
        if timeout:
            template["Resources"]["Reconcile"]["Properties"]["Timeout"] = timeout
        deployed = Deployed(own_emulator.endpoint, template, api, account, f"heal-{account.id[:8]}")
        assert deployed.create(Hooks=",".join([*LEGS, "missed_call"]), ReconcileRate="off", **parameters) == (
            "CREATE_COMPLETE"
        )
        topic = deployed.resources["EventsTopic"]
        inbox = Inbox(aws.sns(own_emulator.endpoint), aws.sqs(own_emulator.endpoint), topic)
        inbox.__enter__()
        opened.append(inbox)
        return Phones(deployed, proxies, inbox)

    proxies.clear()
    yield connected
    proxies.clear()
    for it in reversed(opened):
        it.__exit__(None, None, None)


def test_many_calls(connect: Connect) -> None:
    """After Dash has disabled three webhooks, one run re-enables them and recovers all events, each once."""
    phones = connect()
    phones.call()
    phones.break_down()
    assert phones.calls(40) == 0
    phones.window.look()
    assert phones.off == set(LEGS)
    assert phones.happens("channel_create") == 0  # not attempted, so Dash has no record of it
    assert len(phones.fired) == 123
    phones.faults.clear()
    preview = phones.reconcile(dry_run=True)
    assert phones.off == set(LEGS)
    assert sum(counts["failed"] for counts in preview["events"].values()) == 120
    repaired = time.monotonic()
    report = phones.reconcile()
    seconds = time.monotonic() - repaired
    assert phones.off == set()
    assert report["complete"]
    phones.check()
    complete = time.monotonic() - repaired
    logging.getLogger(__name__).info("The run took %.1f s, until all was published %.1f s.", seconds, complete)
    assert any("start_key=" in call.query for call in phones.deployed.api.calls)  # pages, which overlap at boundaries
    recovered = [item for item in phones.items().values() if item.get("recovered")]
    assert len(recovered) == 120
    (news,) = wait_for(phones.news, "the repair is announced")
    assert news["type"] == "com.virtualpbx.dash.webhook_restored"
    assert "too many failed attempts" in news["summary"]
    assert "could not deliver 120 events (answered 500)" in news["summary"]
    again = phones.reconcile()
    assert (again["changes"], again["reported"]) == ([], [])
    assert phones.call() == 3
    phones.check()
    assert len(phones.news()) == 1


def test_told_by_dash(connect: Connect, record_property: Callable[[str, object], None]) -> None:
    """Without polling, a webhook that Dash disables is on again within seconds, unless it is the one that tells of it.

    That one is healed by polling. How long it took, with and without a cold start of Reconcile, is in the log and in
    the test's properties.
    """
    phones = connect(ReconcileAtOnce="on")
    webhooks = {webhook.uri.split("/")[-2]: webhook for webhook in phones.deployed.webhooks}
    for start, hook in (("cold", "channel_answer"), ("warm", "missed_call")):
        began = time.monotonic()
        phones.dash.disable(webhooks[hook].id)
        assert phones.off == {hook}
        wait_for(lambda: not phones.off, f"{hook} is on again", limit=60, interval=0.02)
        seconds = time.monotonic() - began
        record_property(f"seconds_off_{start}", round(seconds, 2))
        logging.getLogger(__name__).info("Dash disabled a webhook; it was on again after %.2f s (%s).", seconds, start)
        wait_for(lambda: not phones.is_at_work, "the run has ended", limit=60)
        time.sleep(SPACING)  # a look sooner than that would wait
    assert [item["hook"] for item in phones.items().values()] == ["webhook_disabled"] * 2
    for hook in ("webhook_disabled", "channel_answer"):
        phones.dash.disable(webhooks[hook].id)
    assert len(phones.dash.announced) == 2
    assert len(phones.reconcile()["changes"]) == 2
    assert phones.off == set()
    for message in phones.inbox.read():
        contract.check(message.event, allowed=None)


def test_dash_is_away_in_half_of_the_runs(connect: Connect) -> None:
    """Runs that can't reach Dash change nothing, and the others recover everything."""
    phones = connect()
    for number in range(4):
        phones.break_down()
        phones.calls(6)
        phones.window.look()
        phones.faults.clear()
        if number % 2 == 0:
            phones.deployed.api.faults.add(Fault(path="", count=None, drop=True))
            assert "errorMessage" in phones.reconcile()
            assert phones.off
            phones.deployed.api.faults.clear()
        else:
            assert phones.reconcile()["complete"]
            assert not phones.off
    phones.check()


def test_lambda_ends_runs_half_way(connect: Connect) -> None:
    """Later runs continue one that Lambda ended in the middle of the backfill, and nothing is published twice."""
    phones = connect(timeout=5)
    phones.break_down()
    phones.calls(25)
    phones.faults.clear()
    phones.faults["lambda"].delay("Invoke", 8, times=1)
    # On a busy machine, a run may give up by itself before it gets as far as the delay.
    wait_for(lambda: "timed out" in str(phones.reconcile()).lower(), "Lambda ends a run", limit=300)
    wait_for(lambda: phones.reconcile().get("complete"), "a later run is complete", limit=300, interval=1)
    phones.check()


def test_older_system(connect: Connect) -> None:
    """Without an attempt log, webhooks are still re-enabled, and the limitation is reported once."""
    phones = connect(legacy=True)
    phones.break_down()
    phones.calls(6)
    phones.window.look()
    assert phones.off == set(LEGS)
    phones.faults.clear()
    first, second = phones.reconcile(), phones.reconcile()
    assert not phones.off
    assert len(first["changes"]) == 3
    assert first["reported"] == ["This Dash keeps no attempt log, so deliveries that fail can't be recovered."]
    assert (second["changes"], second["reported"]) == ([], [])


def test_replay_of_the_quarantine(connect: Connect) -> None:
    """Deliveries that were unusable at first are accepted after an update and leave the quarantine; the rest stay.

    Once descendants are served, a destination of an account gets their events, too: reconcile learns which they are.
    """
    phones = connect()
    below = phones.dash.add_account(uuid4().hex, parent=phones.deployed.account.id)
    for webhook in phones.deployed.webhooks:
        webhook.include_subaccounts = True
    for _ in range(3):
        phones.dash.fire(below.id, "missed_call", payload("missed_call", account_id=below.id))
    phones.dash.fire(below.id, "missed_call", payload("missed_call", account_id=below.id, call_id=None))
    assert len(phones.items("quarantine")) == 4
    asked = {"hook": "missed_call", "dry_run": True}
    assert phones.invoke("Redrive", quarantine=asked)["found"] == 4
    refused = phones.invoke("Redrive", quarantine={"hook": "missed_call"})
    assert (refused["accepted"], refused["refused"]) == (0, 4)
    assert phones.deployed.update(IncludeSubaccounts="true", SendToDestinations="on") == "UPDATE_COMPLETE"
    said = phones.invoke("Redrive", quarantine={"hook": "missed_call"})
    assert (said["accepted"], said["refused"], said["next"]) == (3, 1, None)
    (left,) = phones.items("quarantine").values()
    assert left["reasons"] == ["call_id: Field required."]
    assert len(phones.items()) == 3
    phones.inbox.wait_for_all(phones.items())
    deepest = phones.dash.add_account(uuid4().hex, parent=below.id)
    assert learned(phones, below.id) == [deepest.id]


def learned(phones: Phones, account: str) -> list[str]:
    """Return for which accounts a destination of an account stands as well, after a run of reconcile."""
    chosen = {"hooks": ["missed_call"], "accounts": [account]}
    asked = {"name": "office", "type": "https", "url": "https://example.com/events", "filter": chosen}
    assert "destination" in phones.invoke("Destinations", add=asked)
    phones.reconcile()
    (office,) = phones.invoke("Destinations", list={})["destinations"]
    found: list[str] = office["descendants"]
    return found


def _client(endpoint: str, service: str, config: Config | None = None) -> Any:
    session = boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=REGION)
    return cast("Any", session).client(service, endpoint_url=endpoint, config=config or aws.CONFIG)
