"""Random sequences of events and faults: in the end, the table has everything that Dash fired and logged, once."""

import contextlib
import itertools
import random
import re
from datetime import datetime
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hookswitch.errors import HookswitchError
from hookswitch.reconcile import attempt_log, backfill
from hookswitch.reconcile.state import iso
from simulator.attempts import gregorian
from simulator.faults import Fault
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.receiving import event
from tests.unit.reconcile.world import HOOKS, KilledError, World, running

WINDOW = 120  # seconds within which identical parking events are one
FORMATS = st.sampled_from(["json", "form-data"])
PAGE_LIMITS = st.sampled_from([None, None, 3, 50])  # Dash's own, whatever a request asks for
MALFORMED: st.SearchStrategy[object] = st.sampled_from([None, 7, "text", {}, {"uri": 1}, ["a", ["=", "b"]]])
LIMITS = st.fixed_dictionaries(
    {"PAGE_SIZE": st.sampled_from([1, 2, 7, 100]), "MAX_ENTRIES": st.sampled_from([2, 1000])},
)
FAULTS = st.builds(
    Fault,
    path=st.sampled_from(["", "attempts", "webhooks$", "auth"]),
    after=st.integers(0, 4),
    count=st.sampled_from([1, 3, None]),
    status=st.sampled_from([429, 500, 503]),
)


class Healing(RuleBasedStateMachine):
    """Deliveries, failures of every part, and runs of reconcile, some of them interrupted."""

    def __init__(self) -> None:
        super().__init__()
        self._exits = contextlib.ExitStack()
        self.fired: dict[str, int] = {}
        self.parked: dict[str, list[float]] = {}
        self.again: list[tuple[str, dict[str, Any]]] = []
        self.numbers = itertools.count()

    def teardown(self) -> None:
        """Remove all faults; then nothing may be missing."""
        try:
            self.in_the_end()
        finally:
            self._exits.close()

    @initialize(limits=LIMITS, encoding=FORMATS)
    def begins(self, limits: dict[str, int], encoding: str) -> None:
        """Read in small pages and pieces, so that there are many boundaries."""
        self.world: World = self._exits.enter_context(running(PayloadFormat=encoding))
        for name, value in limits.items():
            self._exits.enter_context(mock.patch.object(attempt_log, name, value))
        self._exits.enter_context(mock.patch.object(backfill, "BATCH", 2))

    @rule(hook=st.sampled_from(HOOKS), calls=st.integers(1, 8))
    def happens(self, hook: str, calls: int) -> None:
        """New events of a hook, several in one second."""
        for _ in range(calls):
            self._fire(hook, payload(hook, rng=random.Random(next(self.numbers)), now=self.world.now))

    @precondition(lambda self: self.again)
    @rule(data=st.data())
    def happens_again(self, data: st.DataObject) -> None:
        """Dash sends an event again; a call is parked again in the same slot."""
        self._fire(*data.draw(st.sampled_from(self.again)))

    @rule(seconds=st.sampled_from([1, 30, 119, 120, 121, 299, 400, 90_000]))
    def time_passes(self, seconds: int) -> None:
        """Time passes, at most a day and an hour."""
        self.world.now += seconds

    @rule(status=st.sampled_from([None, None, 0, 202, 429, 500]))
    def receiver(self, status: int | None) -> None:
        """The receiver fails, or works again."""
        self.world.broken = status

    @rule(tries=st.sampled_from([None, 1, 2]))
    def sender(self, tries: int | None) -> None:
        """Dash stops after so many attempts of each delivery, or never."""
        self.world.dash.sender.interrupt_after = tries

    @rule(limit=PAGE_LIMITS)
    def pages(self, limit: int | None) -> None:
        """Dash limits its pages, so that a second can have more attempts than it shows."""
        self.world.dash.page_limit = limit

    @rule(entry=MALFORMED)
    def malformed(self, entry: object) -> None:
        """The log gets a malformed entry."""
        log = self.world.dash.sender.log
        log.add_malformed(DEFAULT_ACCOUNT_ID, gregorian(self.world.now), entry)

    @rule(hook=st.sampled_from(HOOKS))
    def former_address(self, hook: str) -> None:
        """A delivery fails at a former address of its webhook."""
        webhook, broken = self.world.webhook(hook), self.world.broken
        present = webhook.uri
        webhook.uri = re.sub(r"^.*(?=/hooks/)", "https://former.example.com/v1", present)
        self.world.broken = 500
        self.happens(hook, 1)
        webhook.uri, self.world.broken = present, broken

    @rule(hook=st.sampled_from(HOOKS))
    def function(self, hook: str) -> None:
        """Invoking a hook's function from another function starts to fail, or works again."""
        self.world.down ^= {hook}

    @rule(away=st.booleans())
    def dynamodb(self, *, away: bool) -> None:
        """DynamoDB becomes unavailable, or available again."""
        self.world.table.away = away

    @rule(fault=st.one_of(st.none(), FAULTS))
    def dash(self, fault: Fault | None) -> None:
        """Dash's API starts to fail, or works again."""
        self.world.api.faults.clear()
        if fault:
            self.world.api.faults.add(fault)

    @rule()
    def redriven(self) -> None:
        """Queued deliveries are redriven, unless DynamoDB is unavailable."""
        if not self.world.table.away:
            self.world.redrive()

    @rule(kill_after=st.sampled_from([None, None, 0, 1, 3]), seconds=st.sampled_from([60.0, 60.0, 0.0]))
    def reconciled(self, kill_after: int | None, seconds: float) -> None:
        """A run of reconcile, which may fail, be ended by Lambda, or have no time at all."""
        away = self.world.table.away
        self.world.kill_after = kill_after
        with contextlib.suppress(HookswitchError, KilledError):
            self.world.reconcile(seconds)
        self.world.kill_after = None
        self.world.table.away = away

    @invariant()
    def nothing_is_invented(self) -> None:
        """Every event in the table was fired, and was published once."""
        keys = [key for key in self.world.published if self.world.table.items[key]["hook"]["S"] != "parking"]
        assert set(keys) <= self.fired.keys()
        assert len(self.world.table.inserted) == len(set(self.world.table.inserted))

    def in_the_end(self) -> None:
        """Without faults, a few runs recover everything that Dash fired."""
        world = self.world
        world.broken, world.table.away = None, False
        world.dash.page_limit = world.dash.sender.interrupt_after = None
        world.down.clear()
        world.api.faults.clear()
        world.redrive()
        for _ in range(12):
            world.now += 300
            report = world.reconcile(at_once=True)
            if report.get("complete") and report["watermark"] >= iso(int(world.now)):
                break
        assert not world.off
        assert set(world.published) >= self.fired.keys()
        self._check_parking()

    def _check_parking(self) -> None:
        kept: dict[str, list[float]] = {}
        for item in self.world.table.plain("event").values():
            if item["hook"] == "parking":
                kept.setdefault(item["payload"]["call_id"], []).append(
                    datetime.fromisoformat(item["occurred_at"]).timestamp()
                )
        assert kept.keys() == self.parked.keys()
        for call, times in kept.items():
            times.sort()
            assert all(later - earlier >= WINDOW for earlier, later in itertools.pairwise(times))
            for fired in self.parked[call]:
                assert any(abs(fired - time) < WINDOW for time in times)

    def _fire(self, hook: str, sent: dict[str, Any]) -> None:
        self.again.append((hook, sent))
        now = self.world.now
        if not self.world.fire(hook, sent):
            return
        if hook == "parking":
            self.parked.setdefault(sent["call_id"], []).append(now)
        else:
            key = event(hook, sent).key
            self.fired[key] = self.fired.get(key, 0) + 1


@pytest.mark.timeout(300)
class TestHealing(Healing.TestCase):  # type: ignore[valid-type,misc]
    """Random sequences of events, faults and runs."""

    settings = settings(max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
