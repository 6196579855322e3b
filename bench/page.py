"""Writes what was measured: docs/engineering/performance.md, and its chart."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from bench import money
from bench.journey import Journey
from bench.measure import Costs, Spread
from bench.subjects import (
    AS_BUILT,
    BARE,
    FASTAPI,
    FASTAPI_COMPILED,
    FLOOR,
    PUBLISH,
    PUBLISH_BATCH,
    USUAL,
    USUAL_COMPILED,
)
from hookswitch.dash.hooks import HOOKS

PEERS = (BARE, USUAL, USUAL_COMPILED, FASTAPI, FASTAPI_COMPILED)
SLOWEST, MEDIAN = "slowest hook", "median hook"
RECORDS = 100

_INTRODUCTION = """\
# Performance

<!-- Written by `make bench`; the words are in bench/page.py. -->

What the fourteen hook functions cost, beside three peers that do the same work, measured in one run. Ratios carry over
to another machine, milliseconds do not. This was {machine}; Lambda gives a function of 512 MB less than
a third of a core.

![Cold start and warm call, in processor time](performance.svg)
"""
_METHOD = """\
## How

Each function is what `sam build` makes of it: its own folder and the layer, nothing of the development environment.
"With bytecode" means after `python3.13 devtools/bytecode.py`. Every cold start is a process of its own ({rounds} for
each function, in turns and in random order), from its begin to its first answer; the warm calls ({calls} for each)
follow in the same processes. AWS is a stub on loopback that answers at once, without TLS except where it is said; by
TLS a function reads as many authorities as botocore has. Each answer is checked: what does not store or publish is
not measured.
Bytecode is never written, as on Lambda's read-only file system; boto3, which comes with Lambda's runtime, has
its bytecode. All log lines are written. Processor time is the median, with the quartiles in parentheses.

The peers: **bare boto3** parses JSON and does one conditional put, and neither checks a sender nor validates anything.
The **usual Powertools** handler has resolver, parser, logger, metrics, tracer, idempotency and a boto3 resource.
**FastAPI behind Mangum** has a model and boto3. All of them are in `bench/peers/`.

`make bench` repeats it all and writes this page; `make bench QUICK=1` takes three hooks, few runs, and writes nothing.
"""


@dataclass(frozen=True)
class Figures:
    """All that was measured.

    Attributes:
        machine: On which, in one line.
        rounds: Cold starts of each function.
        calls: Warm calls of each.
        costs: By function, peers included.
        publishing: The publish function and its peer, a batch of records a call.
        sizes: Bytes of each hook's zip and the layer's, with bytecode.
        plain_sizes: The same as `sam build` makes them.
        emulated: Seconds of start, first answer, later answers under the Runtime Interface Emulator.
        journeys: By number of senders.
        restored: Of each hook with SnapStart: what comes after the restore, and as its imports what comes before.
        secured: Of each hook, bare boto3 and the usual Powertools with bytecode: the same with AWS by TLS.
        sized: By memory size: the slowest hook with the share of a core that it has there; empty without quotas.
    """

    machine: str
    rounds: int
    calls: int
    costs: Mapping[str, Costs]
    publishing: Mapping[str, Costs]
    sizes: Mapping[str, int]
    plain_sizes: Mapping[str, int]
    emulated: Mapping[str, tuple[float, float, float]]
    journeys: Mapping[int, Journey]
    restored: Mapping[str, Costs]
    secured: Mapping[str, Costs]
    sized: Mapping[int, Costs]


def loaded(text: str) -> Figures:
    """Return the figures of a file that an earlier run wrote."""
    found = json.loads(text)
    for part in ("costs", "publishing", "restored", "secured", "sized"):
        found[part] = {name: Costs(**cost) for name, cost in found[part].items()}
    found["sized"] = {int(size): cost for size, cost in found["sized"].items()}
    found["journeys"] = {int(senders): Journey(**way) for senders, way in found["journeys"].items()}
    return Figures(**found)


def document(figures: Figures) -> str:
    """Return the page."""
    return "\n".join(
        [
            _INTRODUCTION.format(machine=figures.machine),
            *_ratios(figures),
            *_functions(figures),
            *_restored(figures),
            *_emulated(figures),
            *_journeys(figures),
            *_publishing(figures),
            *money.memory_sizes(figures.costs, figures.sized),
            *money.events(figures.costs, figures.publishing, figures.restored),
            _METHOD.format(rounds=figures.rounds, calls=f"{figures.calls:,}"),
        ]
    )


def summary(figures: Figures) -> str:
    """Return what other pages reckon with, as JSON: seconds of processor time of the slowest hook, records a second."""
    cold, warm = (max(_medians(figures.costs, kind)[hook] for hook in HOOKS) for kind in ("cold_cpu", "warm_cpu"))
    published = RECORDS / statistics.median(figures.publishing[PUBLISH].warm_cpu)
    found = {"cold": round(cold, 6), "warm": round(warm, 6), "published": round(published)}
    return json.dumps(found, indent=2) + "\n"


def _ratios(figures: Figures) -> Iterable[str]:
    """Yield the table that the targets are about."""
    costs = figures.costs
    cold, warm = (_medians(costs, kind) for kind in ("cold_cpu", "warm_cpu"))
    hooks = [hook for hook in HOOKS if hook in costs]
    built = [AS_BUILT.format(hook) for hook in hooks]
    memory = [max(costs[hook].memory) / 1e6 for hook in (*hooks, *built)]

    def row(what: str, target: str, of: Mapping[str, float], peer: str) -> str:
        def told(names: Sequence[str]) -> str:
            ratios = [of[name] / of[peer] for name in names]
            return f"{max(ratios):.2f} | {statistics.median(ratios):.2f}"

        return f"| {what} | {target} | {told(hooks)} | {told(built)} |"

    def secured(peer: str) -> str:
        by_tls = _medians(figures.secured, "cold_cpu")
        ratios = [by_tls[hook] / by_tls[peer] for hook in hooks]
        return f"{max(ratios):.2f} | {statistics.median(ratios):.2f} | | |"

    size = (max(figures.sizes.values()) / 1e6, max(figures.plain_sizes.values()) / 1e6)
    yield "## Ratios\n"
    yield "| | target | with bytecode: slowest | median | as `sam build` makes it: slowest | median |"
    yield "|---|---|---|---|---|---|"
    yield row("Cold start, × bare boto3", "≤ 1.35", cold, BARE)
    yield row("Cold start, × usual Powertools", "≤ 0.60", cold, USUAL)
    yield row("Cold start, × usual Powertools with bytecode", "≤ 0.60", cold, USUAL_COMPILED)
    yield row("Cold start, × FastAPI", "", cold, FASTAPI)
    yield f"| Cold start with AWS by TLS, × bare boto3 | ≤ 1.35 | {secured(BARE)}"
    yield f"| Cold start with AWS by TLS, × usual Powertools with bytecode | ≤ 0.60 | {secured(USUAL_COMPILED)}"
    yield row("Warm call, × bare boto3", "≤ 1.30", warm, BARE)
    yield row("Warm call, × usual Powertools", "", warm, USUAL)
    half = len(hooks)
    yield (
        f"| Peak memory, MB | ≤ 80 | {max(memory[:half]):.0f} | {statistics.median(memory[:half]):.0f} "
        f"| {max(memory[half:]):.0f} | {statistics.median(memory[half:]):.0f} |"
    )
    yield f"| Zip of function and layer, MB | ≤ 5 | {size[0]:.2f} | | {size[1]:.2f} | |\n"
    yield (
        "As `sam build` alone makes it, a function compiles what it imports at each cold start, and misses the first "
        "target; `devtools/bytecode.py` spares it that ([why it is a step of its own](decisions/0020-cold-start.md)).\n"
    )


def _functions(figures: Figures) -> Iterable[str]:
    yield "## Each function\n"
    yield "| | cold, CPU ms | of it imports | cold, wall ms | warm, CPU ms | warm, wall ms | peak MB |"
    yield "|---|---|---|---|---|---|---|"
    for name, costs in figures.costs.items():
        yield (
            f"| {name} | {_ms(costs.cold_cpu)} | {statistics.median(costs.import_cpu) * 1000:.0f} "
            f"| {_ms(costs.cold_wall)} | {_ms(costs.warm_cpu, 2)} | {_ms(costs.warm_wall, 2)} "
            f"| {statistics.median(costs.memory) / 1e6:.0f} |"
        )
    yield f"\n*{FLOOR.capitalize()}* is Python itself and a handler that returns at once.\n"


def _restored(figures: Figures) -> Iterable[str]:
    """Yield what SnapStart changes, as far as that can be told without Lambda's snapshots."""
    rows = (
        ("cold start without SnapStart", figures.costs, "cold_cpu", 0),
        ("spared: before the snapshot", figures.restored, "import_cpu", 0),
        ("from the restore to the first answer", figures.restored, "cold_cpu", 0),
        ("warm call without SnapStart", figures.costs, "warm_cpu", 2),
        ("warm call with it", figures.restored, "warm_cpu", 2),
    )
    yield "## Started from a snapshot\n"
    yield (
        "With `SnapStart` a function is started when it is published, and a cold start begins with the copy that "
        "Lambda restores. Processor milliseconds; the restore itself is Lambda's, and can't be told here. What is "
        "spared is more than a cold start without SnapStart takes: a copy has its credentials from an endpoint, which "
        "the SDK is to ask, so that is loaded as well. The first delivery asks for them.\n"
    )
    yield "| | median hook | slowest hook |"
    yield "|---|---|---|"
    for what, costs, kind, digits in rows:
        found = [_medians(costs, kind)[hook] * 1000 for hook in figures.restored]
        yield f"| {what} | {statistics.median(found):.{digits}f} | {max(found):.{digits}f} |"
    yield ""


def _emulated(figures: Figures) -> Iterable[str]:
    if not figures.emulated:
        return
    yield "## Under Lambda's Runtime Interface Emulator\n"
    yield "With AWS's own runtime client, wall milliseconds; the emulator itself is a part of each.\n"
    yield "| | start | first answer | later answers |"
    yield "|---|---|---|---|"
    for name, (init, first, later) in figures.emulated.items():
        yield f"| {name} | {init * 1000:.0f} | {first * 1000:.0f} | {later * 1000:.1f} |"
    yield ""


def _journeys(figures: Figures) -> Iterable[str]:
    count = len(next(iter(figures.journeys.values())).answered)
    yield "## The whole way\n"
    yield (
        f"On the emulator of AWS, {count} missed calls for each number of senders, milliseconds (p50 / p90 / p99). The "
        "emulator, the senders and who watches share the machine, and the emulator takes a process a request: this "
        "says how the parts work together, not how fast AWS is. *Stored* is when a reader first saw the item.\n"
    )
    yield "| senders | request → 200 | request → stored | request → message received |"
    yield "|---|---|---|---|"
    for senders, way in figures.journeys.items():
        yield f"| {senders} | " + " | ".join(map(_percentiles, (way.answered, way.stored, way.received))) + " |"
    yield ""


def _publishing(figures: Figures) -> Iterable[str]:
    ours, bare = (statistics.median(figures.publishing[name].warm_cpu) for name in (PUBLISH, PUBLISH_BATCH))
    yield "## Publishing\n"
    yield (
        f"Batches of {RECORDS} stream records: {RECORDS / ours:,.0f} records a second and core, against "
        f"{RECORDS / bare:,.0f} of a loop that only calls `publish_batch` with messages that are ready: "
        f"{bare / ours:.2f} × (target: ≥ 0.7).\n"
    )


def _medians(costs: Mapping[str, Costs], kind: str) -> dict[str, float]:
    return {name: statistics.median(getattr(cost, kind)) for name, cost in costs.items()}


def _ms(seconds: Sequence[float], digits: int = 0) -> str:
    spread = Spread.of([value * 1000 for value in seconds])
    return f"{spread.median:.{digits}f} ({spread.low:.{digits}f} to {spread.high:.{digits}f})"


def _percentiles(seconds: Sequence[float]) -> str:
    found = statistics.quantiles([value * 1000 for value in seconds], n=100, method="inclusive")
    return " / ".join(f"{found[at - 1]:.0f}" for at in (50, 90, 99))


def chart(figures: Figures) -> str:
    """Return the chart: processor time of a cold start and of a warm call, as multiples of bare boto3."""
    hooks = [hook for hook in HOOKS if hook in figures.costs]
    panels = []
    for at, (title, kind) in enumerate((("Cold start", "cold_cpu"), ("Warm call", "warm_cpu"))):
        found = _medians(figures.costs, kind)
        bars = {
            f"{SLOWEST}, with bytecode": max(found[hook] for hook in hooks),
            f"{MEDIAN}, with bytecode": statistics.median(found[hook] for hook in hooks),
            f"{SLOWEST}, as built": max(found[AS_BUILT.format(hook)] for hook in hooks),
            **{name: found[name] for name in PEERS},
        }
        panels.append(_panel(f"{title}, × bare boto3", {name: it / found[BARE] for name, it in bars.items()}, at))
    width, height = 860, 2 * _PANEL + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(panels)}</svg>\n"
    )


_ROW, _LEFT, _SPAN = 24, 270, 520
_PANEL = 9 * _ROW + 40


def _panel(title: str, bars: Mapping[str, float], at: int) -> str:
    scale = _SPAN / max(bars.values())
    top = at * _PANEL + 30
    bottom = top + 12 + len(bars) * _ROW
    parts = [f'<text x="10" y="{top}" font-weight="bold" fill="#111">{escape(title)}</text>']
    for number, (name, value) in enumerate(bars.items()):
        y = top + 12 + number * _ROW
        fill = "#2563eb" if "hook" in name else "#9ca3af"
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end" fill="#111">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y}" width="{value * scale:.1f}" height="17" fill="{fill}"/>'
        )
    parts.append(f'<path d="M{_LEFT + scale:.1f} {top + 8}V{bottom}" stroke="#dc2626" stroke-dasharray="4 3"/>')
    parts += [  # over the line, each with an edge that keeps it from being struck through
        f'<text x="{_LEFT + value * scale + 6:.1f}" y="{top + 25 + number * _ROW}" fill="#111" stroke="#fff" '
        f'stroke-width="4" paint-order="stroke">{value:.2f}</text>'
        for number, value in enumerate(bars.values())
    ]
    return "".join(parts)
