"""All kinds of calls, by name."""

import inspect
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.calls import (
    answered,
    conferences,
    faxes,
    internal,
    lost,
    menus,
    outbound,
    parking,
    transfers,
    unanswered,
)
from simulator.calls.system import PhoneSystem
from simulator.steps import Step


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of call.

    Attributes:
        name: Its name.
        title: What happens, in a sentence.
        play: Lets it happen on a phone system.
    """

    name: str
    title: str
    play: Callable[[PhoneSystem], None]

    @classmethod
    def from_function(cls, play: Callable[[PhoneSystem], None]) -> "Scenario":
        """Return the scenario that a function plays, with its name and the first line of its docstring."""
        return cls(play.__name__, (inspect.getdoc(play) or "").partition("\n")[0], play)

    def events(self, *, rng: random.Random, account_id: str, now: float, interaction_ids: bool = False) -> list[Step]:
        """Return what Dash fires, in the order in which it happens.

        Args:
            rng: Draws the call ids; the same seed gives the same events.
            account_id: The account.
            now: Unix seconds at which the call begins.
            interaction_ids: Whether `custom_channel_vars` has `Call-Interaction-ID`. Otherwise all else is the same.
        """
        system = PhoneSystem(rng, account_id, now, interaction_ids=interaction_ids)
        self.play(system)
        return system.steps


SCENARIOS: Mapping[str, Scenario] = {
    play.__name__: Scenario.from_function(play)
    for family in (answered, unanswered, menus, transfers, parking, conferences, internal, outbound, faxes, lost)
    for play in family.PLAYS
}
"""Every kind of call, by its name."""
