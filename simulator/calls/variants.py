"""What else Dash can tell of the same calls: less, or in another order (docs/dash-protocol.md, section 6)."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from simulator.calls.legs import INTERACTION
from simulator.steps import Step

type Variant = Callable[[Sequence[Step]], list[Step]]

_CARRIER_FIELDS = ("authorizing_type", "authorizing_id", "local_resource_used")
_CARRIER_VARIABLES = ("Resource-ID", "Global-Resource")


def without_interaction_ids(steps: Sequence[Step]) -> list[Step]:
    """Return the steps of a system that keeps the interaction id to itself."""
    return [_without_variables(step, INTERACTION) for step in steps]


def one_sided(steps: Sequence[Step]) -> list[Step]:
    """Return the steps with the other leg named by one side only.

    Where two legs name each other, only the younger one still does. A bridge still names both.
    """
    began = {leg: index for index, leg in reversed([*enumerate(map(_leg, steps))])}
    naming = {(_leg(step), _other(step)) for step in steps}

    def is_superfluous(step: Step) -> bool:
        leg, other = _leg(step), _other(step)
        return step.hook != "channel_bridge" and (other, leg) in naming and began[leg] < began[other]

    return [_without(step, "other_leg_call_id") if is_superfluous(step) else step for step in steps]


def second_leg_first(steps: Sequence[Step]) -> list[Step]:
    """Return the steps leg by leg, the legs that began last before the others."""
    legs: dict[str, list[Step]] = {}
    for step in steps:
        legs.setdefault(_leg(step), []).append(step)
    return [*chain.from_iterable(reversed(legs.values()))]


def without_carriers(steps: Sequence[Step]) -> list[Step]:
    """Return the steps of an older system, which does not tell that a call from outside came from a carrier."""
    return [_without_carrier(step) if step.payload.get("call_direction") == "inbound" else step for step in steps]


VARIANTS: Mapping[str, Variant] = {
    variant.__name__: variant for variant in (without_interaction_ids, one_sided, second_leg_first, without_carriers)
}
"""Every variant, by its name."""


def _leg(step: Step) -> str:
    return str(step.payload.get("call_id", ""))


def _other(step: Step) -> str:
    return str(step.payload.get("other_leg_call_id", ""))


def _without(step: Step, *fields: str) -> Step:
    return step._replace(payload={name: value for name, value in step.payload.items() if name not in fields})


def _without_variables(step: Step, *names: str) -> Step:
    variables = step.payload.get("custom_channel_vars")
    if variables is None:
        return step
    kept = {name: value for name, value in variables.items() if name not in names}
    return step._replace(payload=step.payload | {"custom_channel_vars": kept})


def _without_carrier(step: Step) -> Step:
    if step.payload.get("authorizing_type") != "resource":
        return step
    return _without_variables(_without(step, *_CARRIER_FIELDS), *_CARRIER_VARIABLES)
