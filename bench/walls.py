"""What limits events a second: AWS's quotas, and what each means for hookswitch."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.money import DYNAMODB_WAIT, ENTRIES, FULL_CORE, MEMORY, RECORDS, SNS_WAIT

# Assumptions.
SLOW_DYNAMODB = 1.0  # seconds, on a bad day
UNITS = 2  # write units of an item of up to 2 KB, in the table and in one of its large indexes
NEW_TABLE_SHARDS = 4  # of 1,000 write units each: a new table takes 4,000

CONCURRENCY, CONCURRENCY_NAME = 1_000, "Concurrent executions"
API_RATE, API_NAME = 10_000, "Throttle rate"
TABLE_UNITS, TABLE_NAME = 40_000, "Table-level write throughput limit"
KEY_UNITS = 1_000
NEW_TABLE_UNITS = 4_000
SNS_RATES: Mapping[str, int] = {"us-east-1": 30_000, "us-west-2, eu-west-1": 9_000, "many smaller regions": 300}
SECRET_READS = 10_000
SECRET_MAX_AGE = 300  # seconds, hookswitch/callback/verification.py
SCALING = 1_000  # execution environments of one function in ten seconds

_API = "docs.aws.amazon.com/apigateway, quotas"
_LAMBDA = "docs.aws.amazon.com/lambda, Lambda quotas; Lambda scaling behavior"
_DYNAMODB = "repost.aws/knowledge-center/on-demand-table-throttling-dynamodb"
_SNS = "docs.aws.amazon.com/general/latest/gr/sns.html; the numbers are from memory of it, not checked"
_SECRETS = "aws.amazon.com/about-aws/whats-new/2025/03, Secrets Manager"


@dataclass(frozen=True)
class Measured:
    """What a benchmark on this project says.

    Attributes:
        warm: Seconds of a warm call of the slowest hook, at the functions' memory size.
        cold: Seconds of its cold start, at least.
        published: Records that publishing does in a second of a whole core.
    """

    warm: float
    cold: float
    published: float

    @property
    def call(self) -> float:
        """Seconds that a warm call of a hook takes, with its wait for DynamoDB."""
        return self.warm + DYNAMODB_WAIT

    @property
    def publishing(self) -> float:
        """Records a second that one shard publishes, a batch after the other."""
        share = MEMORY / FULL_CORE
        return RECORDS / (RECORDS / (self.published * share) + RECORDS / ENTRIES * SNS_WAIT)


@dataclass(frozen=True)
class Wall:
    """One limit.

    Attributes:
        part: Where.
        events: Events a second at the limit.
        why: What the limit is, and how the events follow from it.
        beyond: What happens to what comes beyond it.
        raise_it: What to do, with the quota's name if it is one.
        source: Where the limit is from.
        usual: Whether it stands there on every day, and in every region.
    """

    part: str
    events: float
    why: str
    beyond: str
    raise_it: str
    source: str
    usual: bool = True


QUEUED = "the redrive queue takes it, and it comes in later"
LATE = "it waits in the stream, for up to 24 hours"
LOST = "API Gateway answers 429: reconcile reads it back from Dash's attempt log, and six a minute switch webhooks off"


def walls(measured: Measured) -> list[Wall]:
    """Return the limits of a whole stack, the lowest first."""
    new_table = measured.publishing * NEW_TABLE_SHARDS
    found = [
        Wall(
            "Publish function, new table",
            new_table,
            f"{NEW_TABLE_SHARDS} shards, each one batch at a time: {measured.publishing:,.0f} events a second each",
            LATE,
            "`ParallelizationFactor` of the stream's event source in the template, up to 10; more memory",
            "measured (performance.md), with the assumed wait for SNS",
        ),
        Wall(
            "Cold burst",
            CONCURRENCY / (measured.cold + DYNAMODB_WAIT),
            f"every delivery starts a function, of {measured.cold:.1f} s, within {CONCURRENCY:,} at once",
            LOST,
            f"Lambda: *{CONCURRENCY_NAME}* (L-B99A9384)",
            _LAMBDA,
        ),
        Wall(
            "Lambda, if DynamoDB is slow",
            CONCURRENCY / SLOW_DYNAMODB,
            f"{CONCURRENCY:,} at once, each waiting {SLOW_DYNAMODB:.0f} s",
            LOST,
            f"Lambda: *{CONCURRENCY_NAME}* (L-B99A9384)",
            _LAMBDA,
            usual=False,
        ),
        Wall(
            "New table",
            NEW_TABLE_UNITS / UNITS,
            f"{NEW_TABLE_UNITS:,} write units, {UNITS} an event; it doubles within 30 minutes",
            QUEUED,
            "DynamoDB's warm throughput, set before a known peak",
            _DYNAMODB,
        ),
        Wall(
            "API Gateway",
            API_RATE,
            f"{API_RATE:,} requests a second for all APIs of an account and region, bursts of 5,000; "
            "2,500 in small regions",
            LOST,
            f"API Gateway: *{API_NAME}* (L-8A5B8E43)",
            _API,
        ),
        Wall(
            "Lambda, warm",
            min(CONCURRENCY / measured.call, CONCURRENCY * 10),
            f"{CONCURRENCY:,} at once of {measured.call * 1000:.0f} ms, and 10 requests a second for each of them",
            LOST,
            f"Lambda: *{CONCURRENCY_NAME}* (L-B99A9384)",
            _LAMBDA,
        ),
        Wall(
            "Table",
            TABLE_UNITS / UNITS,
            f"{TABLE_UNITS:,} write units, {UNITS} an event",
            QUEUED,
            f"DynamoDB: *{TABLE_NAME}*",
            _DYNAMODB,
        ),
        *(
            Wall(
                f"SNS in {region}",
                rate,
                "messages published, for all topics of an account",
                LATE,
                "SNS: the quota of messages published per second",
                _SNS,
                usual=region == "us-east-1",
            )
            for region, rate in SNS_RATES.items()
        ),
        Wall(
            "Secrets Manager",
            SECRET_READS,
            f"{SECRET_READS:,} reads a second, if every delivery starts a function; a warm one reads every "
            f"{SECRET_MAX_AGE} s",
            "functions that have just started answer 500, and reconcile reads it back from Dash's attempt log",
            "not adjustable, and far away",
            _SECRETS,
        ),
    ]
    return sorted(found, key=lambda wall: wall.events)
