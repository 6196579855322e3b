"""All cells of the matrix in one run, on as many stacks as it takes to keep them independent."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.integration.faults import folding, hooks, provisioning, publishing, reconciling, redriving, rotating, sending
from tests.integration.faults.environment import DEDICATED, Site, environment
from tests.integration.faults.results import Results


class Partition(NamedTuple):
    """The cells that run on one stack.

    Attributes:
        hooks: The hooks to register.
        run: Runs the cells.
        sends: Whether the stack has destinations.
    """

    hooks: Iterable[str]
    run: Callable[[Site, Results], None]
    sends: bool = False


FEW = ("missed_call", "parking")
FIRST = ("publish", "redrive", "hooks", "sending")  # the functions on an event's path
AT_ONCE = 5  # partitions mostly wait, but cold starts need the processor
PARTITIONS: Mapping[str, Partition] = {  # longest first
    "publish": Partition(FEW, publishing.run),
    "redrive": Partition({*redriving.DELIVERED_BY.values(), *redriving.REPLAYED_BY.values()}, redriving.run),
    "hooks": Partition(DEDICATED, hooks.run),
    "reconcile-1": Partition(FEW, partial(reconciling.run, services=("lambda",))),
    "provision": Partition(FEW, provisioning.run),
    "redrive-alone": Partition(("channel_create", *redriving.REPLAYED_BY.values()), redriving.run_alone),
    "reconcile-2": Partition(FEW, partial(reconciling.run, services=("dash", "list", "cloudformation"))),
    "reconcile-3": Partition(FEW, partial(reconciling.run, services=("dynamodb", "secretsmanager"))),
    "reconcile-4": Partition(("channel_destroy",), partial(reconciling.run, services=("records",))),
    "sending-all": Partition(FEW, partial(sending.run, wanted=sending.OTHERS), sends=True),
    "rotate": Partition(FEW, rotating.run),
    "calls": Partition(FEW, folding.run),
    "sending": Partition(FEW, partial(sending.run, wanted=sending.FEW), sends=True),
}


def run(directory: Path, names: Iterable[str] = PARTITIONS) -> Results:
    """Run all cells, or those of some partitions; the emulator writes to `directory`."""
    results = Results()
    with environment(directory) as made:
        # One after the other, so that nothing slows down the registration of their webhooks.
        chosen = {name: PARTITIONS[name] for name in names}
        sites = {name: made.make(f"faults-{name}", it.hooks, sends=it.sends) for name, it in chosen.items()}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: results.run_partition(name, sites[name], chosen[name].run), chosen))
    return results
