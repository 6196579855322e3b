"""What the measured times mean in Lambda's memory sizes and in money, at list prices."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .local import HOOKS
from .measure import Costs
from .subjects import BARE, PUBLISH, USUAL, USUAL_COMPILED

MEMORY_SIZES = (128, 256, 512, 1024)
MEMORY = 512
FULL_CORE = 1769  # MB of memory for which Lambda gives one core (AWS Lambda, "Configure memory")
RECORDS = 100


@dataclass(frozen=True)
class Price:
    """What something costs at AWS's list prices of us-east-1, without the free tier.

    Attributes:
        what: The thing.
        dollars: For `quantity` of `unit`.
        quantity: As the price list has it.
        unit: Of what.
        source: Where the price is from, with its date.
    """

    what: str
    dollars: float
    quantity: float
    unit: str
    source: str

    @property
    def each(self) -> float:
        """Dollars for one."""
        return self.dollars / self.quantity


# Secondary sources, unless the source is aws.amazon.com: nobody has checked those with AWS.
_SECONDARY = "secondary sources, November 2026"
_CLOUDWATCH = "cloudburn.io/blog/amazon-cloudwatch-pricing, February 2026"
_API = "docs.aws.amazon.com/whitepapers, API Gateway private APIs, Table 4, as stored in November 2026"
_WAF = "c3x.dev/blog/aws-waf-cost-explained, as stored in November 2026"
_UNCHECKED = "from memory of AWS's price list, not checked"
_KMS = "aws.amazon.com/kms/pricing, as stored in November 2026"
PRICES = {
    price.what: price
    for price in (
        Price("REST API", 3.50, 1e6, "requests, the first 333 million of a month", _API),
        Price("REST API, beyond", 2.80, 1e6, "requests, the next 667 million", _API),
        Price("HTTP API", 1.00, 1e6, "requests", _API),
        Price("Lambda on arm64", 0.0000133334, 1, "GB-second", _SECONDARY),
        Price("Lambda requests", 0.20, 1e6, "requests", _SECONDARY),
        Price("Lambda snapshots", 0.0000015046, 1, "GB-second", _SECONDARY),
        Price("Lambda snapshots, restored", 0.0001397998, 1, "GB", _SECONDARY),
        Price("DynamoDB writes", 0.625, 1e6, "write units", _SECONDARY),
        Price("DynamoDB storage", 0.25, 1, "GB and month", "aws.amazon.com/dynamodb/pricing, as stored, date unknown"),
        Price("DynamoDB point-in-time recovery", 0.20, 1, "GB and month", _UNCHECKED),
        Price("SNS", 0.50, 1e6, "messages", _SECONDARY),
        Price("Secrets Manager", 0.40, 1, "secret and month", _SECONDARY),
        Price("Secrets Manager calls", 0.05, 1e4, "calls", _UNCHECKED),
        Price("CloudWatch metrics", 0.30, 1, "metric and month, the first 10,000", _CLOUDWATCH),
        Price("CloudWatch alarms", 0.10, 1, "alarm and month", _CLOUDWATCH),
        Price("CloudWatch dashboard", 3.00, 1, "dashboard and month", _CLOUDWATCH),
        Price("CloudWatch Logs", 0.50, 1, "GB taken in, the first 10 TB", _CLOUDWATCH),
        Price("CloudWatch Logs, kept", 0.03, 1, "GB and month", _UNCHECKED),
        Price("KMS key", 1.00, 1, "key and month", _KMS),
        Price("KMS calls", 0.03, 1e4, "calls", "cloudburn.io/blog/aws-kms-pricing, March 2026"),
        Price("X-Ray", 5.00, 1e6, "traces recorded", "aws.amazon.com/xray/pricing, as stored in November 2026"),
        Price("WAF", 5.00, 1, "web ACL and month", _WAF),
        Price("WAF rule", 1.00, 1, "rule and month", _WAF),
        Price("WAF requests", 0.60, 1e6, "requests", _WAF),
    )
}
GB_SECOND = PRICES["Lambda on arm64"].each
INVOCATION = PRICES["Lambda requests"].each
REST_REQUEST = PRICES["REST API"].each
HTTP_REQUEST = PRICES["HTTP API"].each
WRITE_UNIT = PRICES["DynamoDB writes"].each
SNS_PUBLISH = PRICES["SNS"].each
SNAPSHOT_GB_SECOND = PRICES["Lambda snapshots"].each
SNAPSHOT_RESTORE = PRICES["Lambda snapshots, restored"].each
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
