"""What happens in a reseller's accounts: calls of all kinds, and phones that register."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from simulator.calls import mix
from simulator.calls.scenarios import SCENARIOS
from simulator.payloads import payload

# Assumptions, no customer's figures. How often a call is of each kind: simulator/calls/mix.py
JOINED = 0.5  # of the calls have Dash's id of the whole call, which a setting of the system decides
LOST = 0.2  # of the phones lose their registration


class Happening(NamedTuple):
    """One event.

    Attributes:
        at: Seconds since midnight; may be those of the next day.
        account: The account that it happens in.
        hook: The hook that Dash fires.
        payload: What it sends.
    """

    at: float
    account: str
    hook: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class PlayedCall:
    """A call that happens.

    Attributes:
        scenario: Which kind of call it is (simulator/calls/scenarios.py).
        happenings: Its events, in order.
    """

    scenario: str
    happenings: Sequence[Happening]

    @property
    def legs(self) -> set[str]:
        """The ids of its legs."""
        return {str(one.payload["call_id"]) for one in self.happenings if "call_id" in one.payload}


def call(rng: random.Random, account: str, at: float, midnight: float) -> PlayedCall:
    """Let a call of any kind happen in an account."""
    scenario = mix.draw(rng)
    steps = SCENARIOS[scenario].events(
        rng=rng, account_id=account, now=midnight + at, interaction_ids=rng.random() < JOINED
    )
    return PlayedCall(scenario, [Happening(step.at - midnight, account, step.hook, step.payload) for step in steps])


def registration(rng: random.Random, account: str, at: float, midnight: float) -> list[Happening]:
    """A phone registers, and some lose their registration later."""
    phone = payload("register", rng=rng, now=midnight + at, account_id=account)
    happenings = [Happening(at, account, "register", phone)]
    if rng.random() < LOST:
        later = at + round(rng.uniform(360, 7200))
        same = ("username", "realm", "contact", "network_ip", "network_port", "user_agent", "authorizing_id")
        fields = {name: phone[name] for name in same}
        lost = payload("deregister", rng=rng, now=midnight + later, account_id=account, **fields)
        happenings.append(Happening(later, account, "deregister", lost))
    return happenings
