"""The cost of a month at AWS's list prices (prices.toml), based on measurements and a few assumptions."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.quotas import DYNAMODB_WAIT, FULL_CORE, MEMORY, SNS_WAIT, Measured
from hookswitch.dash.hooks import HOOKS
from hookswitch.observability.metrics import CORE, CORE_HOOKS, METRICS, SERVICE

MILLION, GIGABYTE = 1e6, 1e9
MONTH = 30 * 24 * 3600  # seconds


@dataclass(frozen=True)
class Price:
    """A list price.

    Attributes:
        dollars: The price of `quantity` times `unit`.
        unit: The unit of measure.
        source: The source of the price, with its date.
        quantity: The quantity in the price list.
    """

    dollars: float
    unit: str
    source: str
    quantity: int = 1

    @property
    def each(self) -> float:
        """Dollars per unit."""
        return self.dollars / self.quantity


PRICES = {
    name: Price(**price)
    for name, price in tomllib.loads(Path(__file__).with_name("prices.toml").read_text(encoding="utf-8")).items()
}

# Assumptions, the first two by millions of events per month.
COLD_SHARES = {1: 0.2, 10: 0.05, 1000: 0.001}
RECORDS_PER_CALL = {1: 1, 10: 1, 1000: 10}  # for the publish function: two batches share the records read
WRITE_UNITS = 5  # an item of up to 2 KB, one of its two large indexes, and the feed (docs/engineering/scale.md)
STORED_BYTES = 4_500  # per event: the item, one copy in a large index, and the entry in the feed
PLATFORM_BYTES = 700  # that Lambda itself logs per call: platform.start and platform.report
FIRST_TIER = 333 * MILLION  # requests per month
ALARMS = 27
QUEUES = 6  # that functions read: those for redrive, unpublished events and calls, and the three of destinations
POLLERS, LONGEST_POLL = 5, 20  # of an idle queue, and seconds (Lambda, "Configuring scaling behavior for SQS")
POLLS = QUEUES * POLLERS * MONTH / LONGEST_POLL  # requests of a month in which all queues are empty
SQS_WAIT = 0.01  # seconds to send a message; an assumption
SQS_REQUESTS = 3  # for a message: to send, to receive and to delete it
ANSWER_WAIT = 0.2  # seconds until a destination answers
ROUTING, SENDING = 0.003, 0.02  # seconds of computing on a function's share of a core, for an event and for an attempt
ATTEMPT_BYTES = 500  # that an attempt is kept with, for a month
UNSEALED = 0.01  # calls of KMS per delivery: an environment remembers what it decrypted
HANGUP_CAUSES = 13  # the values of the dimension, in docs/metrics.md
FUNCTION_ERRORS = 1  # the metric of the log's filter
CORE_METRICS = len(CORE) + len(CORE_HOOKS) + FUNCTION_ERRORS
ALL_METRICS = (
    sum(SERVICE in metric.dimensions for metric in METRICS.values()) + len(HOOKS) + HANGUP_CAUSES + FUNCTION_ERRORS
)


@dataclass(frozen=True)
class Delivery:
    """What a delivery to a destination takes that answers at once, besides the event itself.

    Attributes:
        attempts: To send it.
        routed: Invocations of the route function.
        sent: Invocations of the send function, each for a message that wakes it.
        operations: Of DynamoDB.
        writes: Write units.
        reads: Read units.
        at_once: How many are on their way to a destination at the same time.
    """

    attempts: float
    routed: float
    sent: float
    operations: float
    writes: float
    reads: float
    at_once: int = 1

    @property
    def requests(self) -> float:
        """Requests of SQS: the topic's, those that receive and delete batches of events, and three for each wake-up."""
        return 1 + 2 * self.routed + SQS_REQUESTS * self.sent

    @property
    def billed_seconds(self) -> float:
        """How long the functions run, with their share of a core, and the assumed waits."""
        attempting = self.attempts * (SENDING + ANSWER_WAIT / self.at_once)
        return ROUTING + attempting + self.operations * DYNAMODB_WAIT + self.sent * SQS_WAIT


# Counted in tests/unit/bench/test_deliveries.py. A destination's row takes two write units, every other row here one.
ALONE = Delivery(attempts=1, routed=1, sent=1, operations=11, writes=9, reads=5)
FIFTY = Delivery(attempts=1, routed=0.1, sent=0.1, operations=3.6, writes=3.4, reads=1.3, at_once=5)
NOT_WANTED = Delivery(attempts=0, routed=1, sent=0, operations=1, writes=0, reads=1)  # no filter matches


@dataclass(frozen=True)
class Call:
    """What a call takes. All are numbers for one call; those of several kinds of calls are their mean.

    Attributes:
        legs: Its legs.
        events: Its events.
        invocations: Of the calls function: by the stream for each event, and by the queue.
        operations: Of DynamoDB.
        leg_writes: Write units for the items of its legs.
        call_writes: Write units for its record.
        party_writes: Write units for the entries by number, user and device.
        index_writes: Write units of the indexes, for all of these.
        reads: Read units.
        messages: Published on SNS.
        checks: Messages of the calls queue.
        stored_bytes: Of its items, with the copies in the indexes.
        seconds: Of computing on a full core.
    """

    legs: float
    events: float
    invocations: float
    operations: float
    leg_writes: float
    call_writes: float
    party_writes: float
    index_writes: float
    reads: float
    messages: float
    checks: float
    stored_bytes: float
    seconds: float

    @property
    def writes(self) -> float:
        """All write units."""
        return self.leg_writes + self.call_writes + self.party_writes + self.index_writes

    @property
    def billed_seconds(self) -> float:
        """How long the function runs, with its share of a core, and the assumed waits."""
        waits = self.operations * DYNAMODB_WAIT + self.messages * SNS_WAIT + self.checks * SQS_WAIT
        return self.seconds * FULL_CORE / MEMORY + waits


def call_costs(call: Call) -> Mapping[str, float]:
    """Return the costs of a million calls, in dollars by part, besides those of their events."""
    price = {name: it.each for name, it in PRICES.items()}
    each = {
        "DynamoDB, writes": call.writes * price["DynamoDB writes"],
        "DynamoDB, reads": call.reads * price["DynamoDB reads"],
        "DynamoDB, storage of a month": call.stored_bytes / GIGABYTE * price["DynamoDB storage"],
        "Lambda, requests": call.invocations * price["Lambda requests"],
        "Lambda, time": call.billed_seconds * MEMORY / 1024 * price["Lambda on arm64"],
        "SNS": call.messages * price["SNS"],
        "SQS": call.checks * SQS_REQUESTS * price["SQS requests"],
        "CloudWatch Logs, of Lambda itself": call.invocations
        * PLATFORM_BYTES
        / GIGABYTE
        * (price["CloudWatch Logs"] + price["CloudWatch Logs, kept"]),
    }
    return {part: dollars * MILLION for part, dollars in each.items()}


def delivery_costs(delivery: Delivery) -> Mapping[str, float]:
    """Return the costs of a million deliveries, in dollars by part, besides those of their events."""
    price = {name: it.each for name, it in PRICES.items()}
    invocations = delivery.routed + delivery.sent
    logged = invocations * PLATFORM_BYTES / GIGABYTE
    each = {
        "SQS": delivery.requests * price["SQS requests"],
        "DynamoDB, writes": delivery.writes * price["DynamoDB writes"],
        "DynamoDB, reads": delivery.reads * price["DynamoDB reads"],
        "DynamoDB, storage of attempts": delivery.attempts * ATTEMPT_BYTES / GIGABYTE * price["DynamoDB storage"],
        "Lambda, requests": invocations * price["Lambda requests"],
        "Lambda, time": delivery.billed_seconds * MEMORY / 1024 * price["Lambda on arm64"],
        "KMS": delivery.attempts * UNSEALED * price["KMS calls"],
        "CloudWatch Logs, of Lambda itself": logged * (price["CloudWatch Logs"] + price["CloudWatch Logs, kept"]),
    }
    return {part: dollars * MILLION for part, dollars in each.items()}


def monthly_costs(measured: Measured, log_bytes: float, millions: int, call: Call) -> Mapping[str, float]:
    """Return the costs of a month, in dollars by part.

    Args:
        measured: The functions' times.
        log_bytes: The bytes that the functions log per event.
        millions: Events per month, in millions; a key of COLD_SHARES.
        call: What a call takes.
    """
    price = {name: it.each for name, it in PRICES.items()}
    events = millions * MILLION
    cold = events * COLD_SHARES[millions]
    invocations = events / RECORDS_PER_CALL[millions]  # of the publish function
    seconds = events * measured.call + cold * measured.cold + events / measured.published + invocations * SNS_WAIT
    share = 1 / RECORDS_PER_CALL[millions]  # of a batch of events for destinations, too
    routing = delivery_costs(replace(NOT_WANTED, routed=share, operations=share, reads=share))
    logged = (events * log_bytes + (events + invocations) * PLATFORM_BYTES) / GIGABYTE
    return {
        "API Gateway, REST": min(events, FIRST_TIER) * price["REST API"]
        + max(0, events - FIRST_TIER) * price["REST API, beyond"],
        "Lambda, requests": (events + invocations) * price["Lambda requests"],
        "Lambda, time": seconds * measured.gigabytes * price["Lambda on arm64"],
        "DynamoDB, writes": events * WRITE_UNITS * price["DynamoDB writes"],
        "DynamoDB, storage of that month's events": events * STORED_BYTES / GIGABYTE * price["DynamoDB storage"],
        "SNS": events * price["SNS"],
        "Calls, if all events are of calls": events / call.events * sum(call_costs(call).values()) / MILLION,
        "Destinations, looking for those of each event": millions * sum(routing.values()),
        "Destinations, their key": price["KMS key"],
        "SQS, polling of six empty queues": POLLS * price["SQS requests"],
        "CloudWatch Logs": logged * (price["CloudWatch Logs"] + price["CloudWatch Logs, kept"]),
        "CloudWatch metrics, core": CORE_METRICS * price["CloudWatch metrics"],
        "CloudWatch alarms and dashboard": ALARMS * price["CloudWatch alarms"] + price["CloudWatch dashboard"],
        "Secrets": 2 * price["Secrets Manager"] + cold * price["Secrets Manager calls"],
    }


def optional_costs(measured: Measured, millions: int) -> Mapping[str, float]:
    """Return the costs of optional features, in dollars by part."""
    price = {name: it.each for name, it in PRICES.items()}
    events = millions * MILLION
    kept = len(HOOKS) * MONTH * price["Lambda snapshots"]
    restored = events * COLD_SHARES[millions] * price["Lambda snapshots, restored"]
    return {
        "All metrics": (ALL_METRICS - CORE_METRICS) * price["CloudWatch metrics"],
        "SnapStart": measured.gigabytes * (kept + restored),
        "A KMS key of your own, a call for every hundredth event": price["KMS key"] + events / 100 * price["KMS calls"],
        "X-Ray, one request in twenty": events / 20 * price["X-Ray"],
        "A WAF web ACL with one rule": price["WAF"] + price["WAF rule"] + events * price["WAF requests"],
    }
