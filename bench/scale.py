"""`make scale`: reckons docs/engineering/scale.md from quotas, prices, and what was measured."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from bench.local import SUMMARY
from bench.money import DYNAMODB_WAIT, FULL_CORE, GATEWAYS, MEMORY, PRICES, SNS_WAIT, WRITE_UNITS
from bench.walls import KEY_UNITS, Measured, Wall, walls
from devtools.local import ROOT
from hookswitch.dash.hooks import HOOKS

PAGE = ROOT / "docs" / "engineering" / "scale.md"
LOAD = ROOT / "docs" / "engineering" / "load.json"
VOLUMES = (1, 10, 1000)  # million events a month
MILLION, GIGABYTE = 1e6, 1e9

# Assumptions.
COLD_SHARES = {1: 0.2, 10: 0.05, 1000: 0.001}  # of the calls, by volume
RECORDS_A_CALL = {1: 1, 10: 2, 1000: 20}  # of the publish function, by volume
PLATFORM_BYTES = 700  # that Lambda itself logs of a call: platform.start and platform.report
STORED_BYTES = 4_500  # of an event: the item, one copy in a large index, and the line in the feed
ALARMS = 20
FIRST_TIER = 333 * MILLION
METRICS = {  # by docs/operations.md, one for each combination of name and dimensions
    "deliveries": 10,
    "stored by hook": len(HOOKS),
    "publishing": 2,
    "redriven": 1,
    "reconcile": 8,
    "calls": 6,
    "hang-up causes": 12,
    "failed functions": 1,
}
PHONES, BUSY_HOUR_CALLS, EVENTS_A_CALL, CREATES_A_CALL = 20, 6, 7, 2
ACCOUNTS = 1_000
LARGE_ACCOUNT = 500  # phones


@dataclass(frozen=True)
class Inputs:
    """What was measured elsewhere.

    Attributes:
        measured: By `make bench`.
        log_bytes: That the functions wrote for each delivery, by `make load`.
    """

    measured: Measured
    log_bytes: float


def inputs() -> Inputs:
    """Read what the other pages say."""
    found, load = (json.loads(file.read_text(encoding="utf-8")) for file in (SUMMARY, LOAD))
    share = MEMORY / FULL_CORE
    return Inputs(
        Measured(warm=found["warm"] / share, cold=found["cold"] / share, published=found["published"]),
        load["log_bytes"] / load["totals"]["deliveries"],
    )


def month(found: Inputs, millions: int) -> dict[str, float]:
    """Return what a month of so many million events costs, in dollars by part."""
    events = millions * MILLION
    measured = found.measured
    share = MEMORY / FULL_CORE
    calls = events / RECORDS_A_CALL[millions]
    hooks = events * (measured.call + COLD_SHARES[millions] * measured.cold)
    publishing = events / (measured.published * share) + calls * SNS_WAIT
    rest, beyond = PRICES["REST API"].each, PRICES["REST API, beyond"].each
    logged = (events * found.log_bytes + (events + calls) * PLATFORM_BYTES) / GIGABYTE
    stored = events * STORED_BYTES / GIGABYTE
    storage = PRICES["DynamoDB storage"].each + PRICES["DynamoDB point-in-time recovery"].each
    return {
        "API Gateway, REST": min(events, FIRST_TIER) * rest + max(0, events - FIRST_TIER) * beyond,
        "Lambda, requests": (events + calls) * PRICES["Lambda requests"].each,
        "Lambda, time": (hooks + publishing) * MEMORY / 1024 * PRICES["Lambda on arm64"].each,
        "DynamoDB, writes": events * WRITE_UNITS * PRICES["DynamoDB writes"].each,
        "DynamoDB, storage and recovery of that month's events": stored * storage,
        "SNS": events * PRICES["SNS"].each,
        "CloudWatch Logs": logged * (PRICES["CloudWatch Logs"].each + PRICES["CloudWatch Logs, kept"].each),
        "CloudWatch metrics": sum(METRICS.values()) * PRICES["CloudWatch metrics"].each,
        "CloudWatch alarms and dashboard": ALARMS * PRICES["CloudWatch alarms"].each
        + PRICES["CloudWatch dashboard"].each,
        "Secrets": 2 * PRICES["Secrets Manager"].each
        + (events * COLD_SHARES[millions]) * PRICES["Secrets Manager calls"].each,
    }


def extras(millions: int) -> dict[str, float]:
    """Return what is paid for only if it is chosen."""
    events = millions * MILLION
    return {
        "A KMS key of your own, a call for every hundredth event": PRICES["KMS key"].each
        + events / 100 * PRICES["KMS calls"].each,
        "X-Ray, one request in twenty": events / 20 * PRICES["X-Ray"].each,
        "A WAF web ACL with one rule": PRICES["WAF"].each
        + PRICES["WAF rule"].each
        + events * PRICES["WAF requests"].each,
    }


def document(found: Inputs) -> str:
    """Return the page."""
    limits = walls(found.measured)
    first = next(wall for wall in limits if wall.usual)
    return "\n".join(
        [
            *_introduction(found, first),
            *_walls(limits),
            *_keys(),
            *_loads(first),
            *_costs(found),
            *_prices(),
        ]
    )


def _introduction(found: Inputs, first: Wall) -> Iterable[str]:
    yield "# Scale\n"
    yield "<!-- Written by `make scale`; words are in bench/scale.py, prices in money.py, quotas in walls.py. -->\n"
    yield (
        "How many events a second each part takes, where the first wall stands, which quota to raise, and what a month "
        "costs. Nothing of this was run on AWS: the limits are AWS's default quotas, the functions' own times those of "
        f"[the benchmark](performance.md) ({found.measured.warm * 1000:.1f} ms of computing for a warm call, "
        f"{found.measured.cold:.1f} s for a cold start, at {MEMORY} MB), the log's bytes those of [the load "
        "test](load.md). "
        f"Assumed are the waits: {DYNAMODB_WAIT * 1000:.0f} ms for DynamoDB, {SNS_WAIT * 1000:.0f} ms for SNS.\n"
    )
    yield (
        f"**The first wall of a stack is at about {first.events:,.0f} events a second "
        f"({first.part[0].lower()}{first.part[1:]}), "
        "and what comes beyond it is late, not lost.** On a day on which DynamoDB is slow, and in regions where SNS "
        "takes less, another one comes before it.\n"
    )


def _walls(limits: Iterable[Wall]) -> Iterable[str]:
    yield "## The walls, the lowest first\n"
    yield "| part | events a second | why | beyond it | raise it by | source |"
    yield "|---|---|---|---|---|---|"
    for wall in limits:
        cells = (wall.part, f"{wall.events:,.0f}", wall.why, wall.beyond, wall.raise_it, wall.source)
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        "SQS standard queues and CloudWatch Logs have no wall that these would not come before; SNS sends at most ten "
        "e-mails a second to a subscription, which is why `AlertEmail` is filtered. A function starts up to 1,000 "
        "environments in ten seconds, each of the fourteen hooks for itself. New AWS accounts begin with a smaller "
        "*Concurrent executions* quota: look before you go live. The sources are AWS's pages as stored copies had them "
        "in November 2026.\n"
    )


def _keys() -> Iterable[str]:
    yield "## The busiest keys: what one account can reach\n"
    yield (
        f"DynamoDB writes {KEY_UNITS:,} units a second to one partition key of an index, and an index that throttles "
        "holds up its table's writes for that item ([the keys](decisions/0002-event-table-and-outbox.md)).\n"
    )
    yield "| key | units an event | events a second | who could reach it |"
    yield "|---|---|---|---|"
    calls = KEY_UNITS / CREATES_A_CALL
    yield (
        f"| feed: account, hook and day | 1 | {KEY_UNITS:,} of one hook | an account that begins {calls:,.0f} calls "
        f"a second, or {calls * 3600 / BUSY_HOUR_CALLS:,.0f} phones with {BUSY_HOUR_CALLS} calls in the busy hour |"
    )
    yield f"| feed: the quarantine of the whole stack | 1 | {KEY_UNITS:,} | a Dash upgrade that no payload type fits |"
    yield f"| one call, one device, one mailbox | 2 | {KEY_UNITS // 2:,} | nobody: a call has a dozen events |"
    yield "| `event_id` | 2 | no limit: it is a hash | |\n"


def _loads(first: Wall) -> Iterable[str]:
    def events(phones: int) -> float:
        return phones * BUSY_HOUR_CALLS * EVENTS_A_CALL / 3600

    reseller = ACCOUNTS * PHONES
    yield "## Where that is, in phones\n"
    yield (
        f"Assumed: {BUSY_HOUR_CALLS} calls of each phone in the busy hour, {EVENTS_A_CALL} events a call. The "
        "catch-all, if it is registered, adds a request for every notification.\n"
    )
    yield "| who | phones | events a second, busy hour | of the first wall |"
    yield "|---|---|---|---|"
    for who, phones in (("a large account", LARGE_ACCOUNT), (f"a reseller with {ACCOUNTS:,} accounts", reseller)):
        yield f"| {who} | {phones:,} | {events(phones):,.1f} | {events(phones) / first.events:.1%} |"
    yield (
        f"\nAfter an outage all of that reseller's phones register again: {reseller:,} events, "
        f"{reseller / 60:,.0f} a second if it takes a minute. That is a cold burst on one function, the `register` "
        "hook's. "
        f"The first wall is reached with {first.events / events(1):,.0f} phones. Raise first: `ParallelizationFactor`, "
        "then *Concurrent executions*, then *Throttle rate*.\n"
    )


def _costs(found: Inputs) -> Iterable[str]:
    columns = [month(found, millions) for millions in VOLUMES]
    yield "## What a month costs\n"
    yield (
        "Dollars, list prices of us-east-1, without the free tier and taxes. Assumed: "
        + "; ".join(
            f"at {millions:,} million {COLD_SHARES[millions]:.1%} cold starts and {RECORDS_A_CALL[millions]} events "
            "for each call of the publish function"
            for millions in VOLUMES
        )
        + f"; {STORED_BYTES:,} bytes stored and {found.log_bytes:,.0f} bytes logged (as measured) for each event, and "
        f"{PLATFORM_BYTES} bytes by Lambda itself for each call; {sum(METRICS.values())} metrics, {ALARMS} alarms. "
        "Events that are kept cost their storage every further month.\n"
    )
    yield "| | " + " | ".join(f"{millions:,} million events" for millions in VOLUMES) + " |"
    yield "|---|" + "---|" * len(VOLUMES)
    for part in columns[0]:
        yield f"| {part} | " + " | ".join(f"{column[part]:,.2f}" for column in columns) + " |"
    yield "| **all** | " + " | ".join(f"**{sum(column.values()):,.2f}**" for column in columns) + " |"
    chosen = [extras(millions) for millions in VOLUMES]
    for part in chosen[0]:
        yield f"| {part} | " + " | ".join(f"+ {column[part]:,.2f}" for column in chosen) + " |"
    yield (
        "\nThe metrics are " + ", ".join(f"{count} {name}" for name, count in METRICS.items()) + ". "
        "Fixed costs are theirs, the alarms', the dashboard's and the secrets'; all else is paid by use.\n"
    )


def _prices() -> Iterable[str]:
    yield "## Prices\n"
    yield "| | $ | for | source |"
    yield "|---|---|---|---|"
    for price in (*PRICES.values(), *GATEWAYS):
        quantity = f"{price.quantity:,.0f} " if price.quantity > 1 else "one "
        yield f"| {price.what} | {price.dollars:.10g} | {quantity}{price.unit} | {price.source} |"
    yield ""


def main() -> None:
    """Write the page."""
    PAGE.write_text(document(inputs()), encoding="utf-8")


if __name__ == "__main__":
    main()
