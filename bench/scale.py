"""`make scale`: writes docs/engineering/scale.md from quotas, prices and measurements."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import calls, page, pricing
from bench.pricing import (
    ALONE,
    FIFTY,
    NOT_WANTED,
    PRICES,
    Call,
    Delivery,
    call_costs,
    delivery_costs,
    monthly_costs,
    optional_costs,
)
from bench.quotas import DYNAMODB_WAIT, KEY_UNITS, MEMORY, SNS_WAIT, Limit, Measured, limits
from devtools.local import ROOT
from devtools.markdown import fill, table
from devtools.template import parsed

PAGE = ROOT / "docs" / "engineering" / "scale.md"
LOAD = ROOT / "docs" / "engineering" / "load.json"
TEMPLATE = Path(__file__).parent / "templates" / "scale.md"
VOLUMES = tuple(pricing.COLD_SHARES)  # million events per month
EVENTS_PER_PHONE = 6 * 7 / 3600  # per second in the busy hour
PHONES = {"a large account": 500, "a reseller with 1,000 accounts": 20_000}
LIMITS = {
    "part": ("part", ""),
    "events": ("events per second", ",.0f"),
    "why": ("why", ""),
    "beyond": ("above it", ""),
    "raise_it": ("how to raise it", ""),
    "source": ("source", ""),
}
PHONE_COLUMNS = {
    "who": ("who", ""),
    "phones": ("phones", ",d"),
    "events": ("events per second, busy hour", ",.1f"),
    "share": ("of the first limit of a stack", ".1%"),
}
CALL_PARTS: Mapping[str, Callable[[Call], float]] = {
    "legs": lambda call: call.legs,
    "events": lambda call: call.events,
    "invocations of the calls function": lambda call: call.invocations,
    "operations of DynamoDB": lambda call: call.operations,
    "write units, items of its legs": lambda call: call.leg_writes,
    "write units, its record": lambda call: call.call_writes,
    "write units, entries by number, user and device": lambda call: call.party_writes,
    "write units, indexes": lambda call: call.index_writes,
    "read units": lambda call: call.reads,
    "messages published": lambda call: call.messages,
    "messages of the calls queue": lambda call: call.checks,
    "kilobytes stored": lambda call: call.stored_bytes / 1000,
}
DELIVERIES = {
    "alone": ("a delivery by itself", ALONE),
    "fifty": ("one of fifty together", FIFTY),
    "none": ("an event that nobody wants", NOT_WANTED),
}
DELIVERY_PARTS: Mapping[str, Callable[[Delivery], float]] = {
    "invocations of the route function": lambda delivery: delivery.routed,
    "invocations of the send function": lambda delivery: delivery.sent,
    "requests of SQS": lambda delivery: delivery.requests,
    "operations of DynamoDB": lambda delivery: delivery.operations,
    "write units": lambda delivery: delivery.writes,
    "read units": lambda delivery: delivery.reads,
    "milliseconds of both functions": lambda delivery: delivery.billed_seconds * 1000,
}
PRICE_COLUMNS = {"what": ("", ""), "dollars": ("$", ".10g"), "for": ("for", ""), "source": ("source", "")}


@dataclass(frozen=True)
class Inputs:
    """The figures that this page uses.

    Attributes:
        measured: The functions' times, from `make bench`.
        log_bytes: The bytes that the functions logged per delivery, from `make load`.
        calls: What calls take, in the mean and of some kinds.
    """

    measured: Measured
    log_bytes: float
    calls: Mapping[str, Call]


def inputs() -> Inputs:
    """Read the figures of the other pages."""
    found, load = page.committed(), json.loads(LOAD.read_text(encoding="utf-8"))
    times = found["slowest_hook"]
    measured = Measured.on_a_full_core(times["warm"], times["cold"], found["publishing"]["records_per_second"])
    return Inputs(measured, load["log_bytes"] / load["totals"]["deliveries"], calls.committed())


def document(found: Inputs) -> str:
    """Return the page."""
    throttle = int(parsed()["Parameters"]["ThrottlingRate"]["Default"])
    stream = parsed()["Resources"]["Publish"]["Properties"]["Events"]["Stream"]["Properties"]
    found_limits = limits(found.measured, throttle, int(stream["ParallelizationFactor"]))
    first = next(limit for limit in found_limits if limit.everyday and limit.events > throttle)
    return fill(
        TEMPLATE,
        {
            "warm_ms": f"{found.measured.warm * 1000:.1f}",
            "cold_s": f"{found.measured.cold:.1f}",
            "memory": MEMORY,
            "dynamodb_ms": f"{DYNAMODB_WAIT * 1000:.0f}",
            "sns_ms": f"{SNS_WAIT * 1000:.0f}",
            "throttle": f"{throttle:,}",
            "first": f"{first.events:,.0f}",
            "first_part": f"{first.part[0].lower()}{first.part[1:]}",
            "limits": table(LIMITS, map(vars, found_limits)),
            "key_units": f"{KEY_UNITS:,}",
            "phones": table(PHONE_COLUMNS, _phones(first)),
            "assumptions": "; ".join(map(_assumption, VOLUMES)),
            "stored_bytes": f"{pricing.STORED_BYTES:,}",
            "log_bytes": f"{found.log_bytes:,.0f}",
            "platform_bytes": pricing.PLATFORM_BYTES,
            "core_metrics": pricing.CORE_METRICS,
            "all_metrics": pricing.ALL_METRICS,
            "alarms": pricing.ALARMS,
            "core_dollars": f"{pricing.CORE_METRICS * PRICES['CloudWatch metrics'].each:.2f}",
            "all_dollars": f"{pricing.ALL_METRICS * PRICES['CloudWatch metrics'].each:.2f}",
            "polls": f"{pricing.POLLS / pricing.MILLION:.1f}",
            "pollers": pricing.POLLERS,
            "poll_seconds": pricing.LONGEST_POLL,
            "costs": _costs(found),
            "call_takes": _calls_take(found),
            "call_costs": _calls_cost(found),
            "call_dollars": f"{sum(call_costs(found.calls['mean']).values()):.0f}",
            "call_writes": f"{found.calls['mean'].writes:.0f}",
            "call_ms": f"{found.calls['mean'].billed_seconds / found.calls['mean'].invocations * 1000:.0f}",
            "sqs_ms": f"{pricing.SQS_WAIT * 1000:.0f}",
            "delivery_takes": _deliveries_take(),
            "delivery_costs": _deliveries_cost(),
            "delivery_dollars": f"{sum(delivery_costs(ALONE).values()):.0f}",
            "delivery_rate": f"{_served() * FIFTY.at_once / pricing.ANSWER_WAIT:.0f}",
            "answer_ms": f"{pricing.ANSWER_WAIT * 1000:.0f}",
            "prices": table(PRICE_COLUMNS, _prices()),
        },
    )


def _phones(first: Limit) -> Iterable[dict[str, Any]]:
    for who, phones in PHONES.items():
        events = phones * EVENTS_PER_PHONE
        yield {"who": who, "phones": phones, "events": events, "share": events / first.events}


def _assumption(millions: int) -> str:
    cold, records = pricing.COLD_SHARES[millions], pricing.RECORDS_PER_CALL[millions]
    return f"at {millions:,} million {cold:.1%} cold starts and {records} events per call of the publish function"


def _costs(found: Inputs) -> str:
    required = [monthly_costs(found.measured, found.log_bytes, millions, found.calls["mean"]) for millions in VOLUMES]
    optional = [optional_costs(found.measured, millions) for millions in VOLUMES]
    columns = {"part": ("", "")} | {str(millions): (f"{millions:,} million events", ",.2f") for millions in VOLUMES}

    def row(part: str, costs: Iterable[float]) -> dict[str, Any]:
        return {"part": part} | dict(zip(map(str, VOLUMES), costs, strict=True))

    rows = [row(part, (costs[part] for costs in required)) for part in required[0]]
    rows.append(row("**all**", (sum(costs.values()) for costs in required)))
    rows += [row(f"*+ {part}*", (costs[part] for costs in optional)) for part in optional[0]]
    return table(columns, rows)


def _calls_take(found: Inputs) -> str:
    rows = [
        {"part": part} | {name: value(call) for name, call in found.calls.items()} for part, value in CALL_PARTS.items()
    ]
    return table(_call_columns(found, ",.1f"), rows)


def _calls_cost(found: Inputs) -> str:
    costs = {name: call_costs(call) for name, call in found.calls.items()}
    rows = [{"part": part} | {name: cost[part] for name, cost in costs.items()} for part in costs["mean"]]
    rows.append({"part": "**all**"} | {name: sum(cost.values()) for name, cost in costs.items()})
    return table(_call_columns(found, ",.2f"), rows)


def _served() -> int:
    return int(parsed()["Parameters"]["DestinationConcurrency"]["Default"])


def _deliveries_take() -> str:
    rows = [
        {"part": part} | {name: value(delivery) for name, (_, delivery) in DELIVERIES.items()}
        for part, value in DELIVERY_PARTS.items()
    ]
    return table(_delivery_columns(",.2f"), rows)


def _deliveries_cost() -> str:
    costs = {name: delivery_costs(delivery) for name, (_, delivery) in DELIVERIES.items()}
    rows = [{"part": part} | {name: cost[part] for name, cost in costs.items()} for part in costs["alone"]]
    rows.append({"part": "**all**"} | {name: sum(cost.values()) for name, cost in costs.items()})
    return table(_delivery_columns(",.2f"), rows)


def _delivery_columns(form: str) -> Mapping[str, tuple[str, str]]:
    return {"part": ("", "")} | {name: (title, form) for name, (title, _) in DELIVERIES.items()}


def _call_columns(found: Inputs, form: str) -> Mapping[str, tuple[str, str]]:
    names = {name: "mean of all" if name == "mean" else f"`{name}`" for name in found.calls}
    return {"part": ("", "")} | {name: (title, form) for name, title in names.items()}


def _prices() -> Iterable[dict[str, Any]]:
    for what, price in PRICES.items():
        quantity = f"{price.quantity:,} " if price.quantity > 1 else "one "
        yield {"what": what, "dollars": price.dollars, "for": f"{quantity}{price.unit}", "source": price.source}


def main() -> None:
    """Count what calls take, and write the page."""
    calls.main()
    PAGE.write_text(document(inputs()), encoding="utf-8")


if __name__ == "__main__":
    main()
