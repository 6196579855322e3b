"""What the measured times mean in Lambda's memory sizes and in money, at list prices."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.measure import Costs
from bench.subjects import BARE, PUBLISH, USUAL, USUAL_COMPILED
from hookswitch.dash.hooks import HOOKS

MEMORY_SIZES = (128, 256, 512, 1024)
MEMORY = 512
FULL_CORE = 1769  # MB of memory for which Lambda gives one core (AWS Lambda, "Configure memory")
RECORDS, ENTRIES = 100, 10  # of a publish call, and messages of one PublishBatch


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


# None was read at AWS itself: what others have copied from its pages and its price list bears the date of that.
_LIST = "AWS Price List, {}, as copied by others on 2026-09-24"
_LAMBDA = _LIST.format("AWSLambda of 2026-09-19")
_DYNAMODB = _LIST.format("AmazonDynamoDB of 2026-09-11")
_LOGS = _LIST.format("AmazonCloudWatch of 2026-09-22")
_SECRETS = "aws.amazon.com/secrets-manager/pricing, as copied by others on 2026-09-20"
_SNS = "factualminds.com/blog/amazon-sns-pricing-publishes-fanout-protocols, June 2026"
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
        Price("HTTP API", 1.00, 1e6, "requests", _LIST.format("AmazonApiGateway of 2026-09-21")),
        Price("Lambda on arm64", 0.0000133334, 1, "GB-second", _LAMBDA),
        Price("Lambda requests", 0.20, 1e6, "requests", _LAMBDA),
        Price("Lambda snapshots", 0.0000015046, 1, "GB-second", _LAMBDA),
        Price("Lambda snapshots, restored", 0.0001397998, 1, "GB", _LAMBDA),
        Price("DynamoDB writes", 0.625, 1e6, "write units", _DYNAMODB),
        Price("DynamoDB storage", 0.25, 1, "GB and month", _DYNAMODB),
        Price("DynamoDB point-in-time recovery", 0.20, 1, "GB and month", _UNCHECKED),
        Price("SNS", 0.50, 1e6, "messages", _SNS),
        Price("Secrets Manager", 0.40, 1, "secret and month", _SECRETS),
        Price("Secrets Manager calls", 0.05, 1e4, "calls", _SECRETS),
        Price("CloudWatch metrics", 0.30, 1, "metric and month, the first 10,000", _CLOUDWATCH),
        Price("CloudWatch alarms", 0.10, 1, "alarm and month", _LOGS),
        Price("CloudWatch dashboard", 3.00, 1, "dashboard and month", _CLOUDWATCH),
        Price("CloudWatch Logs", 0.50, 1, "GB taken in, the first 10 TB", _LOGS),
        Price("CloudWatch Logs, kept", 0.03, 1, "GB and month", _LOGS),
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

GATEWAYS = (  # managed webhook gateways
    Price("A managed webhook gateway, by use", 10.00, 1e6, "events", "secondary sources, November 2026"),
    Price(
        "A managed webhook gateway, by plan",
        79.00,
        2e6,
        "events a month",
        "hookbase.app/pricing, as copied by others on 2026-10-18",
    ),
)

# Assumptions: seconds of a conditional write with its indexes, and of one PublishBatch.
DYNAMODB_WAIT, SNS_WAIT = 0.008, 0.015

# An item of up to 2 KB, one of its two large indexes, and the feed:
# docs/engineering/decisions/0002-event-table-and-outbox.md
WRITE_UNITS = 5
MONTH = 30 * 24 * 3600
MILLION = 1e6


def memory_sizes(costs: Mapping[str, Costs], sized: Mapping[int, Costs]) -> Iterable[str]:
    """Yield the table of memory sizes for the slowest hook: as measured with quotas, or reckoned without them."""
    yield "## Memory size\n"
    yield (
        "Lambda gives processor time in proportion to memory, one core for 1,769 MB, and charges for time and memory. "
        + (
            "Measured with the hook that is slowest to start: for each size, its process had that share of a core by "
            "the kernel's quota, in periods of 20 ms"
            if sized
            else "The kernel here lets nobody set quotas, so the table is the processor time of the slowest hook "
            "divided by that share"
        )
        + f", and AWS took {DYNAMODB_WAIT * 1000:.0f} ms to answer, which is assumed.\n"
    )
    rows = {size: _durations(costs, sized, size) for size in MEMORY_SIZES}
    prices = {size: tuple(_price(size, time) * MILLION for time in times) for size, times in rows.items()}
    yield "| memory, MB | cold start, s | warm call, ms | a million cold starts | a million warm calls |"
    yield "|---|---|---|---|---|"
    for size, (cold, warm) in rows.items():
        yield f"| {size} | {cold:.2f} | {warm * 1000:.1f} | ${prices[size][0]:.2f} | ${prices[size][1]:.3f} |"
    small, large = MEMORY_SIZES[0], MEMORY_SIZES[-1]
    slow, fast = rows[small][0], rows[large][0]
    more = prices[MEMORY][1] - prices[small][1]
    yield (
        "\nA warm call waits more than it computes, so it takes about as long at every size, and costs least at the "
        f"smallest. A cold start computes, so it costs about the same at every size, and takes {slow:.1f} s at {small} "
        f"MB and {fast:.1f} s at {large} MB. {MEMORY} MB costs ${more:.2f} more than {small} MB for a million warm "
        f"calls, and saves {slow - rows[MEMORY][0]:.1f} s of each cold start, which a mostly cold hook has at nearly "
        "each delivery; from there on less is left to save. What can't be told here: Lambda's own part of a start, how "
        "much faster its processor is during it, and how AWS's cores compare with these. A power-tuning run in your "
        "account decides.\n"
    )


def _durations(costs: Mapping[str, Costs], sized: Mapping[int, Costs], size: int) -> tuple[float, float]:
    """Return the seconds of a cold start and of a warm call at a size."""
    if size in sized:
        return statistics.median(sized[size].cold_wall), statistics.median(sized[size].warm_wall)
    cold, warm = (_slowest(costs, kind) * FULL_CORE / size for kind in ("cold_cpu", "warm_cpu"))
    return cold + 2 * DYNAMODB_WAIT, warm + DYNAMODB_WAIT  # a cold start reads the secret, too


def _price(size: int, seconds: float) -> float:
    return size / 1024 * seconds * GB_SECOND


def events(costs: Mapping[str, Costs], publishing: Mapping[str, Costs], restored: Mapping[str, Costs]) -> Iterable[str]:
    """Yield the table of what a million events cost."""

    def function(seconds: float, waits: float = DYNAMODB_WAIT) -> float:
        """Return what a million calls cost that compute and wait so long each."""
        return (_price(MEMORY, seconds * FULL_CORE / MEMORY + waits) + INVOCATION) * MILLION

    warm = function(_slowest(costs, "warm_cpu"))
    cold = function(_slowest(costs, "cold_cpu"), 2 * DYNAMODB_WAIT)
    restore = function(_slowest(restored, "cold_cpu"), 2 * DYNAMODB_WAIT)
    restore += MEMORY / 1024 * SNAPSHOT_RESTORE * MILLION
    publish = function(statistics.median(publishing[PUBLISH].warm_cpu), RECORDS / ENTRIES * SNS_WAIT) / RECORDS
    rest = (WRITE_UNITS * WRITE_UNIT + SNS_PUBLISH) * MILLION + publish
    snapshots = MEMORY / 1024 * SNAPSHOT_GB_SECOND * MONTH * len(HOOKS)
    peers = {name: function(statistics.median(costs[name].cold_cpu)) for name in (BARE, USUAL, USUAL_COMPILED)}
    yield "## Cost of a million events\n"
    yield (
        f"At {MEMORY} MB on arm64 and list prices of us-east-1 ([each with its source](scale.md#prices)), without the "
        "free tier, log storage and transfer. Computing is as measured for the slowest hook; assumed are "
        f"{DYNAMODB_WAIT * 1000:.0f} ms of waiting for DynamoDB or Secrets Manager, and {SNS_WAIT * 1000:.0f} ms for "
        "SNS.\n"
    )
    yield "| | REST API | HTTP API |"
    yield "|---|---|---|"
    for name, calls in (
        ("all calls warm", warm),
        ("all calls cold", cold),
        ("SnapStart, all calls just after a restore", restore),
    ):
        sums = (calls + rest + request * MILLION for request in (REST_REQUEST, HTTP_REQUEST))
        yield f"| {name} | " + " | ".join(f"${total:.2f}" for total in sums) + " |"
    yield f"| and for the snapshots of {len(HOOKS)} hooks, a month | ${snapshots:.2f} | ${snapshots:.2f} |"
    for gateway in GATEWAYS:
        yield f"| {gateway.what[0].lower()}{gateway.what[1:]} | ${gateway.each * MILLION:.2f} | |"
    told = ", ".join(f"{name} ${price:.2f}" for name, price in peers.items())
    yield (
        f"\nOf that, a hook's Lambda function is ${warm:.2f} warm, with SnapStart and without, and ${cold:.2f} cold "
        f"(all cold, the peers would be: {told}); DynamoDB ${WRITE_UNITS * WRITE_UNIT * MILLION:.2f}; publishing "
        f"${publish + SNS_PUBLISH * MILLION:.2f} in full batches. Hookswitch has the REST API: the other has no "
        "resource policies, which `AllowedIpRanges` is made of, and no web ACL.\n"
    )


def _slowest(costs: Mapping[str, Costs], kind: str) -> float:
    medians: list[float] = [statistics.median(getattr(costs[hook], kind)) for hook in HOOKS if hook in costs]
    return max(medians)
