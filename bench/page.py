"""Summarizes the measurements in docs/engineering/performance.json, and writes performance.md from that."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.end_to_end import Clocked
from bench.local import DATA, PAGE
from bench.measure import Costs
from bench.pricing import PRICES
from bench.quotas import DYNAMODB_WAIT, SNS_WAIT
from bench.ringing import Ringing
from bench.ringing import summarize as summarize_ringing
from bench.subjects import AS_BUILT, BARE, FLOOR, PEER_NAMES, PUBLISH, PUBLISH_BATCH, USUAL_COMPILED
from devtools.markdown import fill, table

TEMPLATE = Path(__file__).parent / "templates" / "performance.md"
RECORDS = 100  # per call of the publish function
PERCENTILES = (50, 90, 99)
STREAM_POLL = 0.125  # seconds on average: Lambda asks a stream four times a second (AWS Lambda, "Polling and batching")
TARGETS = {
    "name": "*target for a hook*",
    "cold_vs_bare": "≤ 1.35",
    "cold_vs_powertools": "≤ 0.60",
    "warm_vs_bare": "≤ 1.30",
    "peak_mb": "≤ 80",
    "zip_mb": "≤ 5",
}
FUNCTIONS = {
    "name": ("", ""),
    "cold_ms": ("cold start, ms", ".0f"),
    "import_ms": ("of it imports", ".0f"),
    "cold_vs_bare": ("× bare boto3", ".2f"),
    "cold_vs_powertools": ("× usual Powertools with bytecode", ".2f"),
    "warm_ms": ("warm call, ms", ".2f"),
    "warm_vs_bare": ("× bare boto3", ".2f"),
    "peak_mb": ("peak memory, MB", ".0f"),
    "zip_mb": ("zip of function and layer, MB", ".2f"),
}
SNAPSHOT = {"what": ("", ""), "median": ("median hook", ".3g"), "slowest": ("slowest hook", ".3g")}
EMULATED = {
    "name": ("", ""),
    "start_ms": ("start", ".0f"),
    "first_ms": ("first answer", ".0f"),
    "later_ms": ("later answers", ".1f"),
}
END_TO_END = {
    "senders": ("senders", ""),
    "answered": ("request → 200", ""),
    "stored": ("request → stored", ""),
    "received": ("request → message received", ""),
}
RINGING = {"what": ("", ""), "p50": ("median", ".0f"), "p95": ("p95", ".0f")}
RINGING_ROWS = {
    "other": "request → message of an event that is not about a call",
    "call": "request → message of the call that rings",
    "event": "request → message of the call's first event",
    "publish_function": "of these, the publish function",
    "calls_function": "of these, the calls function",
}
MEMORY = {
    "mb": ("memory, MB", ""),
    "cold_s": ("cold start, s", ".2f"),
    "warm_ms": ("warm call, ms", ".1f"),
    "cold_dollars": ("a million cold starts, $", ".2f"),
    "warm_dollars": ("a million warm calls, $", ".3f"),
}

type Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """All measurements.

    Attributes:
        machine: A description of the machine, in one line.
        cold_starts: The number per function.
        warm_calls: The number per function.
        costs: By function, peers included.
        publishing: The costs of the publish function and its peer, with a batch of RECORDS per call.
        zips: Bytes of the largest hook's zip plus the layer's, with bytecode and from `sam build` alone.
        emulated: Seconds of start, first response and later responses under the Runtime Interface Emulator.
        end_to_end: By number of senders.
        ringing: How fast calls are told.
        restored: The costs of each hook with SnapStart after the restore; what comes before counts as its imports.
        secured: The costs of each hook, bare boto3 and the usual Powertools with bytecode, with AWS over TLS.
        sized: By memory size, the costs of the slowest hook with the share of a core for that size.
    """

    machine: str
    cold_starts: int
    warm_calls: int
    costs: Mapping[str, Costs]
    publishing: Mapping[str, Costs]
    zips: tuple[int, int]
    emulated: Mapping[str, tuple[float, float, float]]
    end_to_end: Mapping[int, Clocked]
    ringing: Ringing
    restored: Mapping[str, Costs]
    secured: Mapping[str, Costs]
    sized: Mapping[int, Costs]


def summarize(measured: Measured) -> Row:
    """Return the figures of the page; the page on scale uses `slowest_hook` and `publishing`."""
    hooks = list(measured.restored)
    cold = [statistics.median(measured.costs[hook].cold_cpu) for hook in hooks]
    warm = [statistics.median(measured.costs[hook].warm_cpu) for hook in hooks]
    ours, bare = (RECORDS / statistics.median(measured.publishing[name].warm_cpu) for name in (PUBLISH, PUBLISH_BATCH))
    emulated_hooks = [measured.emulated[hook] for hook in hooks if hook in measured.emulated]
    return {
        "machine": measured.machine,
        "cold_starts": measured.cold_starts,
        "warm_calls": measured.warm_calls,
        "slowest_hook": {"cold": round(max(cold), 6), "warm": round(max(warm), 6)},
        "functions": list(_functions(measured, hooks)),
        "snapshot": list(_snapshot(measured, hooks)),
        "emulated": [
            *_of_hooks(emulated_hooks),
            *(_emulated_row(name, measured.emulated[name]) for name in PEER_NAMES if name in measured.emulated),
        ],
        "end_to_end": [_clocked(senders, clocked) for senders, clocked in measured.end_to_end.items()],
        "events": len(next(iter(measured.end_to_end.values())).answered),
        "ringing": summarize_ringing(measured.ringing),
        "publishing": {"records": RECORDS, "records_per_second": round(ours), "publish_batch_alone": round(bare)},
        "memory": [
            {"mb": mb, "cold_s": round(_median(costs, "cold_wall"), 3), "warm_ms": _ms(_median(costs, "warm_wall"))}
            for mb, costs in measured.sized.items()
        ],
    }


def document(summary: Row) -> str:
    """Return the page."""
    publishing = summary["publishing"]
    return fill(
        TEMPLATE,
        {
            "machine": summary["machine"],
            "cold_starts": summary["cold_starts"],
            "warm_calls": f"{summary['warm_calls']:,}",
            "functions": table(FUNCTIONS, [TARGETS, *summary["functions"]]),
            "snapshot": table(SNAPSHOT, summary["snapshot"]),
            "emulated": table(EMULATED, summary["emulated"]),
            "events": summary["events"],
            "end_to_end": table(END_TO_END, summary["end_to_end"]),
            "rung": summary["ringing"]["calls"],
            "ringing": table(RINGING, _ringing(summary["ringing"])),
            "ringing_ratio": f"{summary['ringing']['ratio']:.2f}",
            "ringing_ratio_to_other": f"{summary['ringing']['ratio_to_other']:.2f}",
            "poll_ms": f"{STREAM_POLL * 1000:.0f}",
            "ringing_on_aws": f"{_ringing_on_aws():.1f}",
            "records": publishing["records"],
            "published": f"{publishing['records_per_second']:,}",
            "published_bare": f"{publishing['publish_batch_alone']:,}",
            "published_ratio": f"{publishing['records_per_second'] / publishing['publish_batch_alone']:.2f}",
            "memory": table(MEMORY, map(_priced, summary["memory"])),
        },
    )


def write(summary: Row) -> None:
    """Write the figures and the page."""
    DATA.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(document(summary), encoding="utf-8")


def committed() -> Row:
    """Return the figures of the last run."""
    summary: Row = json.loads(DATA.read_text(encoding="utf-8"))
    return summary


def _functions(measured: Measured, hooks: Sequence[str]) -> Iterable[Row]:
    costs = measured.costs
    for suffix, name, zipped in (
        ("", "{}", measured.zips[0]),
        (", as `sam build` makes it", AS_BUILT, measured.zips[1]),
    ):
        chosen = [costs[name.format(hook)] for hook in hooks]
        yield _row(f"slowest hook{suffix}", max, chosen, costs) | {"zip_mb": round(zipped / 1e6, 2)}
        yield _row(f"median hook{suffix}", statistics.median, chosen, costs)
    over_tls = _row(
        "slowest hook, with AWS over TLS", max, [measured.secured[hook] for hook in hooks], measured.secured
    )
    yield {key: over_tls[key] for key in ("name", "cold_ms", "import_ms", "cold_vs_bare", "cold_vs_powertools")}
    for name in (*PEER_NAMES, FLOOR):
        yield _row(name, max, [costs[name]], costs)


def _row(name: str, pick: Any, chosen: Sequence[Costs], among: Mapping[str, Costs]) -> Row:
    """Return a row of the table of functions: for each figure, the median that `pick` selects."""
    cold, warm, imports, memory = (
        pick(_median(costs, kind) for costs in chosen) for kind in ("cold_cpu", "warm_cpu", "import_cpu", "memory")
    )
    bare, powertools = among[BARE], among[USUAL_COMPILED]
    return {
        "name": name,
        "cold_ms": _ms(cold),
        "import_ms": _ms(imports),
        "cold_vs_bare": round(cold / _median(bare, "cold_cpu"), 3),
        "cold_vs_powertools": round(cold / _median(powertools, "cold_cpu"), 3),
        "warm_ms": _ms(warm),
        "warm_vs_bare": round(warm / _median(bare, "warm_cpu"), 3),
        "peak_mb": round(memory / 1e6, 1),
    }


def _snapshot(measured: Measured, hooks: Sequence[str]) -> Iterable[Row]:
    for what, costs, kind in (
        ("cold start without SnapStart", measured.costs, "cold_cpu"),
        ("spared: before the snapshot", measured.restored, "import_cpu"),
        ("from the restore to the first answer", measured.restored, "cold_cpu"),
        ("warm call without SnapStart", measured.costs, "warm_cpu"),
        ("warm call with it", measured.restored, "warm_cpu"),
    ):
        found = [_ms(_median(costs[hook], kind)) for hook in hooks]
        yield {"what": what, "median": statistics.median(found), "slowest": max(found)}


def _of_hooks(emulated: Sequence[tuple[float, float, float]]) -> Iterable[Row]:
    if emulated:
        parts = list(zip(*emulated, strict=True))
        yield _emulated_row("slowest hook", [max(part) for part in parts])
        yield _emulated_row("median hook", [statistics.median(part) for part in parts])


def _emulated_row(name: str, seconds: Sequence[float]) -> Row:
    return {"name": name} | dict(zip(("start_ms", "first_ms", "later_ms"), map(_ms, seconds), strict=True))


def _clocked(senders: int, clocked: Clocked) -> Row:
    def percentiles(seconds: Sequence[float]) -> str:
        found = statistics.quantiles([value * 1000 for value in seconds], n=100, method="inclusive")
        return " / ".join(f"{found[at - 1]:.0f}" for at in PERCENTILES)

    return {"senders": senders} | {name: percentiles(seconds) for name, seconds in vars(clocked).items()}


def _ringing(summary: Row) -> Iterable[Row]:
    for name, what in RINGING_ROWS.items():
        yield {"what": what} | summary[name]


def _ringing_on_aws() -> float:
    """Return how much later a call would be told than an event, by the waits alone."""
    event = DYNAMODB_WAIT + STREAM_POLL + SNS_WAIT  # to store it; until Lambda reads it; to publish it
    return (event + 2 * DYNAMODB_WAIT) / event


def _priced(row: Row) -> Row:
    gigabytes = row["mb"] / 1024
    second = PRICES["Lambda on arm64"].each * 1e6 * gigabytes
    return row | {"cold_dollars": row["cold_s"] * second, "warm_dollars": row["warm_ms"] / 1000 * second}


def _median(costs: Costs, kind: str) -> float:
    values: list[float] = getattr(costs, kind)
    return statistics.median(values)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
