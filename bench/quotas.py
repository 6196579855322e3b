"""The limits of events per second: AWS's quotas, and what each means for hookswitch."""

from dataclasses import dataclass

MEMORY = 512  # MB per function
FULL_CORE = 1769  # MB for one full core (AWS Lambda, "Configure memory")
RECORDS, ENTRIES = 100, 10  # per publish call, and messages per PublishBatch

# Assumptions.
DYNAMODB_WAIT, SNS_WAIT = 0.008, 0.015  # seconds for a conditional write with its indexes, and for one PublishBatch
SLOW_DYNAMODB = 1.0  # seconds, on a bad day
UNITS = 2  # write units for an item of up to 2 KB, in the table and in one of its large indexes

CONCURRENCY, NEW_ACCOUNT_CONCURRENCY = 1_000, 10
API_RATE = 10_000
TABLE_UNITS, NEW_TABLE_UNITS, NEW_TABLE_SHARDS = 40_000, 4_000, 4
KEY_UNITS = 1_000
SECRET_READS = 10_000
PARTITION_UNITS = 1_000  # for writes to one partition of a table, whose changes are one shard of its stream

_LAMBDA = "docs.aws.amazon.com/lambda, Lambda quotas; Lambda scaling behavior"
_DYNAMODB = "repost.aws/knowledge-center/on-demand-table-throttling-dynamodb"
_LATER = "queued for redrive, and stored later"
_LATE = "waits in the stream, for up to 24 hours"
_REFUSED = "API Gateway answers 429; reconcile recovers it from Dash's attempt log; six a minute disable a webhook"
_RAISE_CONCURRENCY = "Lambda: *Concurrent executions* (L-B99A9384)"


@dataclass(frozen=True)
class Measured:
    """The measurements of the benchmark, scaled to functions with MEMORY.

    Attributes:
        warm: Seconds of computing for a warm call of the slowest hook.
        cold: Seconds of computing for its cold start, at least.
        published: Records per second of computing by the publish function.
    """

    warm: float
    cold: float
    published: float

    @classmethod
    def on_a_full_core(cls, warm: float, cold: float, published: float) -> "Measured":
        """Scale measurements on a full core to a function's share of a core."""
        share = MEMORY / FULL_CORE
        return cls(warm / share, cold / share, published * share)

    @property
    def gigabytes(self) -> float:
        """The memory of a function."""
        return MEMORY / 1024

    @property
    def call(self) -> float:
        """Seconds for a warm call of a hook, including its wait for DynamoDB."""
        return self.warm + DYNAMODB_WAIT

    @property
    def publishing(self) -> float:
        """Records per second that can be published with one batch after the other."""
        return RECORDS / (RECORDS / self.published + RECORDS / ENTRIES * SNS_WAIT)


@dataclass(frozen=True)
class Limit:
    """One limit.

    Attributes:
        part: The part that has the limit.
        events: Events per second at the limit.
        why: The limit, and how the events per second follow from it.
        beyond: What happens to events above the limit.
        raise_it: How to raise the limit, with the quota's name if it is a quota.
        source: The source of the limit.
        everyday: Whether the limit applies on an ordinary day.
    """

    part: str
    events: float
    why: str
    beyond: str
    raise_it: str
    source: str
    everyday: bool = True


def limits(measured: Measured, throttling_rate: int, batches_per_shard: int) -> list[Limit]:
    """Return the limits of a whole stack, lowest first.

    Args:
        measured: The functions' times.
        throttling_rate: Requests per second and route, the template's ThrottlingRate.
        batches_per_shard: Batches published at the same time, the ParallelizationFactor of the stream's event source.
    """
    each = measured.publishing * batches_per_shard
    found = [
        Limit(
            "Throttle of one route",
            throttling_rate,
            f"{throttling_rate:,} requests per second per hook, the template's default",
            _REFUSED,
            "the parameter `ThrottlingRate`",
            "template.yaml",
        ),
        Limit(
            "Publish function, new table",
            each * NEW_TABLE_SHARDS,
            f"{NEW_TABLE_SHARDS} shards, {batches_per_shard} batches of each at a time: {each:,.0f} events per second "
            f"each, but a shard gets at most {PARTITION_UNITS / UNITS:,.0f}",
            _LATE,
            "`ParallelizationFactor` of the stream's event source in the template, up to 10; more memory",
            "measured (performance.md), with the assumed wait for SNS",
        ),
        Limit(
            "Cold burst",
            CONCURRENCY / (measured.cold + DYNAMODB_WAIT),
            f"every delivery is a cold start of {measured.cold:.1f} s, up to {CONCURRENCY:,} at once",
            _REFUSED,
            _RAISE_CONCURRENCY,
            _LAMBDA,
        ),
        Limit(
            "Lambda, if DynamoDB is slow",
            CONCURRENCY / SLOW_DYNAMODB,
            f"{CONCURRENCY:,} at once, each waiting {SLOW_DYNAMODB:.0f} s",
            _REFUSED,
            _RAISE_CONCURRENCY,
            _LAMBDA,
            everyday=False,
        ),
        Limit(
            "New table",
            NEW_TABLE_UNITS / UNITS,
            f"{NEW_TABLE_UNITS:,} write units, {UNITS} per event; it doubles within 30 minutes",
            _LATER,
            "DynamoDB's warm throughput, set before a known peak",
            _DYNAMODB,
        ),
        Limit(
            "API Gateway",
            API_RATE,
            f"{API_RATE:,} requests per second for all APIs of an account and region, bursts of 5,000; "
            "2,500 in small regions",
            _REFUSED,
            "API Gateway: *Throttle rate* (L-8A5B8E43)",
            "docs.aws.amazon.com/apigateway, quotas",
        ),
        Limit(
            "Lambda, warm",
            min(CONCURRENCY / measured.call, CONCURRENCY * 10),
            f"{CONCURRENCY:,} at once, {measured.call * 1000:.0f} ms each, and 10 requests per second for each",
            _REFUSED,
            _RAISE_CONCURRENCY,
            _LAMBDA,
        ),
        Limit(
            "Table",
            TABLE_UNITS / UNITS,
            f"{TABLE_UNITS:,} write units, {UNITS} per event",
            _LATER,
            "DynamoDB: *Table-level write throughput limit*",
            _DYNAMODB,
        ),
        Limit(
            "Secrets Manager",
            SECRET_READS,
            f"{SECRET_READS:,} reads per second, if every delivery is a cold start; a warm function reads every 300 s",
            "cold starts answer 500; reconcile recovers it from Dash's attempt log",
            "not adjustable, but never reached first",
            "aws.amazon.com/about-aws/whats-new/2025/03, Secrets Manager",
        ),
    ]
    return sorted(found, key=lambda limit: limit.events)
