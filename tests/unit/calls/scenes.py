"""The simulator's calls as facts, through the hooks' own payload types."""

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from hookswitch.calls.facts import Fact
from hookswitch.calls.fold import fold
from hookswitch.calls.record import Call
from hookswitch.events.items import event_item
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step
from tests.receiving import SETTINGS, event

NOW = 1_795_000_000
LATER = NOW + 30 * 86_400  # when nothing more is expected


def steps_of(name: str, *, seed: int = 1, now: float = NOW, interaction_ids: bool = False) -> list[Step]:
    """Return the steps of a scenario."""
    return SCENARIOS[name].events(
        rng=random.Random(seed), account_id=DEFAULT_ACCOUNT_ID, now=now, interaction_ids=interaction_ids
    )


def item_of(step: Step) -> Mapping[str, Any]:
    """Return the item that the event of a step becomes, received when it happens."""
    received_at = datetime.fromtimestamp(step.at, UTC)
    return event_item(event(step.hook, dict(step.payload), received_at=received_at), SETTINGS)


def facts_of(steps: Iterable[Step]) -> list[Fact]:
    """Return the facts in the events of steps."""
    return [fact for step in steps if (fact := Fact.from_item(item_of(step)))]


def calls_of(steps: Iterable[Step], now: int = LATER) -> list[Call]:
    """Return the records of the calls that steps tell of."""
    return [folded.record for folded in fold(facts_of(steps), now)]
