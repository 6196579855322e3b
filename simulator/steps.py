"""What happens on a simulated phone system, one event after the other."""

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class LegFacts:
    """What Dash knows of a leg and tells in its records, but not in its events.

    Attributes:
        interaction_id: What all legs of a call have in common.
        began: Unix seconds.
        bridge_id: The Call-ID of the leg that it was made for, or its own.
        answered: Whether it was answered.
    """

    interaction_id: str
    began: float
    bridge_id: str
    answered: bool = False


class Step(NamedTuple):
    """One event.

    Attributes:
        hook: The hook that it belongs to.
        payload: Its fields, with Dash's own types.
        note: What happens, in words.
        at: Unix seconds at which it happens. Some events, such as those of parking, have no time of their own.
        leg: The facts of the leg that it is about, if it is about one.
    """

    hook: str
    payload: dict[str, Any]
    note: str
    at: float
    leg: LegFacts | None = None
