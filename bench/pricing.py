"""The cost of a month at AWS's list prices (prices.toml), based on measurements and a few assumptions."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.quotas import SNS_WAIT, Measured
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
ALARMS = 21
QUEUES = 3  # that functions read: the redrive queue, the publish dead-letter queue and the calls queue
POLLERS, LONGEST_POLL = 5, 20  # of an idle queue, and seconds (Lambda, "Configuring scaling behavior for SQS")
POLLS = QUEUES * POLLERS * MONTH / LONGEST_POLL  # requests of a month in which all queues are empty
HANGUP_CAUSES = 13  # the values of the dimension, in docs/metrics.md
FUNCTION_ERRORS = 1  # the metric of the log's filter
CORE_METRICS = len(CORE) + len(CORE_HOOKS) + FUNCTION_ERRORS
ALL_METRICS = (
    sum(SERVICE in metric.dimensions for metric in METRICS.values()) + len(HOOKS) + HANGUP_CAUSES + FUNCTION_ERRORS
)


def monthly_costs(measured: Measured, log_bytes: float, millions: int) -> Mapping[str, float]:
    """Return the costs of a month, in dollars by part.

    Args:
        measured: The functions' times.
        log_bytes: The bytes that the functions log per event.
        millions: Events per month, in millions; a key of COLD_SHARES.
    """
    price = {name: it.each for name, it in PRICES.items()}
    events = millions * MILLION
    cold = events * COLD_SHARES[millions]
    calls = events / RECORDS_PER_CALL[millions]  # to the publish function
    seconds = events * measured.call + cold * measured.cold + events / measured.published + calls * SNS_WAIT
    logged = (events * log_bytes + (events + calls) * PLATFORM_BYTES) / GIGABYTE
    return {
        "API Gateway, REST": min(events, FIRST_TIER) * price["REST API"]
        + max(0, events - FIRST_TIER) * price["REST API, beyond"],
        "Lambda, requests": (events + calls) * price["Lambda requests"],
        "Lambda, time": seconds * measured.gigabytes * price["Lambda on arm64"],
        "DynamoDB, writes": events * WRITE_UNITS * price["DynamoDB writes"],
        "DynamoDB, storage of that month's events": events * STORED_BYTES / GIGABYTE * price["DynamoDB storage"],
        "SNS": events * price["SNS"],
        "SQS, polling of three empty queues": POLLS * price["SQS requests"],
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
