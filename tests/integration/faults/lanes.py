"""All cells of the matrix in one run, on as many stacks as keep them from disturbing each other."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.integration.faults import hooks, provisioning, publishing, reconciling, redriving, rotating
from tests.integration.faults.ground import DEDICATED, Site, ground
from tests.integration.faults.results import Results


class Lane(NamedTuple):
    """What is run on one stack.

    Attributes:
        hooks: That are registered.
        run: Runs the cells.
    """

    hooks: Iterable[str]
    run: Callable[[Site, Results], None]


FEW = ("missed_call", "parking")
FIRST = ("publish", "redrive", "hooks")  # what happens to an event on its way
AT_ONCE = 5  # most of a lane is waiting, but what starts cold needs the processor
LANES: Mapping[str, Lane] = {  # the longest first
    "publish": Lane(FEW, publishing.run),
    "redrive": Lane({*redriving.DELIVERED_BY.values(), *redriving.REPLAYED_BY.values()}, redriving.run),
    "hooks": Lane(DEDICATED, hooks.run),
    "reconcile-1": Lane(FEW, partial(reconciling.run, services=("lambda",))),
    "provision": Lane(FEW, provisioning.run),
    "redrive-alone": Lane(("channel_create", *redriving.REPLAYED_BY.values()), redriving.run_alone),
    "reconcile-2": Lane(FEW, partial(reconciling.run, services=("dash", "cloudformation"))),
    "reconcile-3": Lane(FEW, partial(reconciling.run, services=("dynamodb", "secretsmanager"))),
    "rotate": Lane(FEW, rotating.run),
}


def run(directory: Path, names: Iterable[str] = LANES) -> Results:
    """Run all cells, or those of some lanes; `directory` is for what the emulator writes."""
    results = Results()
    with ground(directory) as made:
        # One after the other: nothing else is to make the registration of their webhooks slow.
        sites = {name: made.make(f"faults-{name}", LANES[name].hooks) for name in names}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: results.run_lane(name, sites[name], LANES[name].run), names))
    return results
