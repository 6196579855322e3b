"""What the measured times mean in Lambda's memory sizes and in money, at list prices."""

import statistics
from collections.abc import Iterable, Mapping

from .local import HOOKS
from .measure import Costs
from .subjects import BARE, PUBLISH, USUAL, USUAL_COMPILED

MEMORY_SIZES = (128, 256, 512, 1024)
MEMORY = 512
FULL_CORE = 1769  # MB of memory for which Lambda gives one core (AWS Lambda, "Configure memory")
RECORDS = 100

# Dollars, us-east-1, as secondary sources gave the list prices in November 2026. Nobody has checked them with AWS.
GB_SECOND = 0.0000133334  # Lambda on arm64
INVOCATION = 0.20 / 1e6
REST_REQUEST = 3.50 / 1e6
HTTP_REQUEST = 1.00 / 1e6
WRITE_UNIT = 0.625 / 1e6
SNS_PUBLISH = 0.50 / 1e6
SNAPSHOT_GB_SECOND = 0.0000015046
SNAPSHOT_RESTORE = 0.0001397998  # a GB
GATEWAY = 10.0  # a managed webhook gateway, a million events

WRITE_UNITS = 5  # an item of up to 2 KB, one of its two large indexes, and the feed (docs/decisions/0002)
MONTH = 30 * 24 * 3600
MILLION = 1e6


def memory_sizes(costs: Mapping[str, Costs]) -> Iterable[str]:
    """Yield the table of memory sizes, for the slowest hook."""
    cold, warm = (_slowest(costs, kind) for kind in ("cold_cpu", "warm_cpu"))
    yield "## Memory size\n"
    yield (
        "Lambda gives processor time in proportion to memory, one core for 1,769 MB. So a function that only computes "
        "costs the same at every size below that, and is faster at the larger ones. The table is the measured "
        "processor time of the slowest hook divided by that share. What can't be told here: Lambda's own part of a "
        "start, its faster processor during it, the waiting for DynamoDB (which does cost more at a larger size), and "
        "how AWS's cores compare with these. So 512 MB is a choice between a short start and paid waiting; a "
        "power-tuning run in your account decides.\n"
    )
    yield "| memory, MB | cold start, at least s | warm call, at least ms | computing of a million warm calls |"
    yield "|---|---|---|---|"
    for size in MEMORY_SIZES:
        share = size / FULL_CORE
        price = size / 1024 * warm / share * GB_SECOND * MILLION
        yield f"| {size} | {cold / share:.1f} | {warm / share * 1000:.1f} | ${price:.3f} |"
    yield ""


def events(costs: Mapping[str, Costs], publishing: Mapping[str, Costs], restored: Mapping[str, Costs]) -> Iterable[str]:
    """Yield the table of what a million events cost."""
    share = MEMORY / FULL_CORE

    def computing(seconds: float) -> float:
        return MEMORY / 1024 * seconds / share * GB_SECOND * MILLION + INVOCATION * MILLION

    warm, cold = (computing(_slowest(costs, kind)) for kind in ("warm_cpu", "cold_cpu"))
    publish = computing(statistics.median(publishing[PUBLISH].warm_cpu)) / RECORDS
    rest = (WRITE_UNITS * WRITE_UNIT + SNS_PUBLISH) * MILLION + publish
    snapshots = MEMORY / 1024 * SNAPSHOT_GB_SECOND * MONTH * len(HOOKS)
    restores = MEMORY / 1024 * SNAPSHOT_RESTORE * MILLION + computing(_slowest(restored, "cold_cpu"))
    peers = {name: computing(statistics.median(costs[name].cold_cpu)) for name in (BARE, USUAL, USUAL_COMPILED)}
    yield "## Cost of a million events\n"
    yield (
        f"At {MEMORY} MB on arm64 and list prices of us-east-1 (from secondary sources, November 2026, not checked "
        "with AWS: see bench/money.py), without the free tier, log storage, transfer, and the waiting for DynamoDB.\n"
    )
    yield "| | REST API | HTTP API |"
    yield "|---|---|---|"
    for name, function in (("all calls warm", warm), ("all calls cold", cold)):
        sums = (function + rest + request * MILLION for request in (REST_REQUEST, HTTP_REQUEST))
        yield f"| {name} | " + " | ".join(f"${total:.2f}" for total in sums) + " |"
    sums = (restores + rest + request * MILLION for request in (REST_REQUEST, HTTP_REQUEST))
    yield (
        "| SnapStart, all calls just after a restore | "
        + " | ".join(f"${total:.2f}" for total in sums)
        + f" |\n| and for the snapshots of {len(HOOKS)} hooks, a month | ${snapshots:.2f} | ${snapshots:.2f} |"
    )
    yield f"| a managed webhook gateway | ${GATEWAY:.2f} | ${GATEWAY:.2f} |\n"
    told = ", ".join(f"{name} ${price:.2f}" for name, price in peers.items())
    yield (
        f"Of that, a hook's Lambda function is ${warm:.2f} warm and ${cold:.2f} cold (all cold, the peers would be: "
        f"{told}); DynamoDB ${WRITE_UNITS * WRITE_UNIT * MILLION:.2f}; "
        f"publishing ${publish + SNS_PUBLISH * MILLION:.2f} in full batches.\n"
    )


def _slowest(costs: Mapping[str, Costs], kind: str) -> float:
    medians: list[float] = [statistics.median(getattr(costs[hook], kind)) for hook in HOOKS if hook in costs]
    return max(medians)
