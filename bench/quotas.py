"""What limits events per second: AWS's quotas, and what each means for hookswitch."""

from dataclasses import dataclass

MEMORY = 512  # MB of each function
FULL_CORE = 1769  # MB for which Lambda gives one core (AWS Lambda, "Configure memory")
RECORDS, ENTRIES = 100, 10  # of a publish call, and messages of one PublishBatch

# Assumptions.
DYNAMODB_WAIT, SNS_WAIT = 0.008, 0.015  # seconds of a conditional write with its indexes, and of one PublishBatch
SLOW_DYNAMODB = 1.0  # seconds, on a bad day
UNITS = 2  # write units of an item of up to 2 KB, in the table and in one of its large indexes

CONCURRENCY, NEW_ACCOUNT_CONCURRENCY = 1_000, 10
API_RATE = 10_000
TABLE_UNITS, NEW_TABLE_UNITS, NEW_TABLE_SHARDS = 40_000, 4_000, 4
KEY_UNITS = 1_000
SECRET_READS = 10_000
PARTITION_UNITS = 1_000  # of writes to one partition of a table, whose changes are one shard of its stream

_LAMBDA = "docs.aws.amazon.com/lambda, Lambda quotas; Lambda scaling behavior"
_DYNAMODB = "repost.aws/knowledge-center/on-demand-table-throttling-dynamodb"
_LATER = "the redrive queue takes it, and it is stored later"
_LATE = "it waits in the stream, for up to 24 hours"
_REFUSED = (
    "API Gateway answers 429: reconcile recovers it from Dash's attempt log, and six a minute switch a webhook off"
)
_RAISE_CONCURRENCY = "Lambda: *Concurrent executions* (L-B99A9384)"


@dataclass(frozen=True)
class Measured:
    """What the benchmark measured, for functions of MEMORY.

    Attributes:
        warm: Seconds of processor time of a warm call of the slowest hook, as long as it takes with MEMORY.
        cold: The same of its cold start, at least.
        published: Records that publishing does in a second.
    """

    warm: float
    cold: float
    published: float

    @classmethod
    def on_a_full_core(cls, warm: float, cold: float, published: float) -> "Measured":
        """Scale what was measured on a whole core to the share of one that a function has."""
        share = MEMORY / FULL_CORE
        return cls(warm / share, cold / share, published * share)

    @property
    def gigabytes(self) -> float:
        """Memory of a function."""
        return MEMORY / 1024

    @property
    def call(self) -> float:
        """Seconds of a warm call of a hook, with its wait for DynamoDB."""
        return self.warm + DYNAMODB_WAIT

    @property
    def publishing(self) -> float:
        """Records per second that publishing does with one batch after the other."""
        return RECORDS / (RECORDS / self.published + RECORDS / ENTRIES * SNS_WAIT)


@dataclass(frozen=True)
class Limit:
    """One limit.

    Attributes:
        part: Where.
        events: Events per second at the limit.
        why: What the limit is, and how the events follow from it.
        beyond: What happens to what comes beyond it.
        raise_it: What to do, with the quota's name if it is one.
        source: Where the limit is from.
        everyday: Whether it is there on an ordinary day.
    """

    part: str
    events: float
    why: str
    beyond: str
    raise_it: str
    source: str
    everyday: bool = True


def limits(measured: Measured, throttling_rate: int, batches_per_shard: int) -> list[Limit]:
    """Return the limits of a whole stack, the lowest first.

    Args:
        measured: The functions' times.
        throttling_rate: Requests per second of one route, as the template's ThrottlingRate has it.
        batches_per_shard: That are published at once, as the ParallelizationFactor of the stream's event source has it.
    """
    each = measured.publishing * batches_per_shard
    found = [
        Limit(
            "Throttle of one route",
            throttling_rate,
            f"{throttling_rate:,} requests per second of one hook, the template's default",
            _REFUSED,
            "the parameter `ThrottlingRate`",
            "template.yaml",
        ),
        Limit(
            "Publish function, new table",
            each * NEW_TABLE_SHARDS,
            f"{NEW_TABLE_SHARDS} shards, {batches_per_shard} batches of each at a time: {each:,.0f} events per second "
            f"each, and a shard gets {PARTITION_UNITS / UNITS:,.0f} at most",
            _LATE,
            "`ParallelizationFactor` of the stream's event source in the template, up to 10; more memory",
            "measured (performance.md), with the assumed wait for SNS",
        ),
        Limit(
            "Cold burst",
            CONCURRENCY / (measured.cold + DYNAMODB_WAIT),
            f"every delivery starts a function, of {measured.cold:.1f} s, within {CONCURRENCY:,} at once",
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
            f"{NEW_TABLE_UNITS:,} write units, {UNITS} an event; it doubles within 30 minutes",
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
            f"{CONCURRENCY:,} at once of {measured.call * 1000:.0f} ms, and 10 requests per second for each of them",
            _REFUSED,
            _RAISE_CONCURRENCY,
            _LAMBDA,
        ),
        Limit(
            "Table",
            TABLE_UNITS / UNITS,
            f"{TABLE_UNITS:,} write units, {UNITS} an event",
            _LATER,
            "DynamoDB: *Table-level write throughput limit*",
            _DYNAMODB,
        ),
        Limit(
            "Secrets Manager",
            SECRET_READS,
            f"{SECRET_READS:,} reads per second, if every delivery starts a function; a warm one reads every 300 s",
            "functions that have just started answer 500, and reconcile recovers it from Dash's attempt log",
            "not adjustable, and never reached first",
            "aws.amazon.com/about-aws/whats-new/2025/03, Secrets Manager",
        ),
    ]
    return sorted(found, key=lambda limit: limit.events)
