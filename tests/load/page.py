"""Writes docs/engineering/load.md from what `make load` measured."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from devtools import machine
from tests.load.calls import CALLS, LOST, OTHERS, PARKED
from tests.load.day import BROKEN, TWICE, Break
from tests.load.run import Run
from tests.load.shape import HOUR, senders
from tests.load.totals import QUEUED

HOURS = 24

_PAGE = """\
# Load

<!-- Written by `make load`; the words are in tests/load/page.py, the figures in docs/engineering/load.json. -->

A business day of a reseller with {accounts:,} accounts, in fast motion: `make load` sends it to the deployed stack on
the emulator and reckons whether everything that was sent was stored and published, and nothing twice. `make test` does
the same with a small day.

**{verdict}**

| | |
|---|---|
| events that happened | {events:,} |
| deliveries, of which {twice:,} a second time | {deliveries:,} |
| connections, of which {broken:,} broke | {connections:,} |
| answered `stored` | {stored_answers:,} |
| answered `duplicate` | {duplicates:,} |
| answered `queued`: the table did not answer in time, redrive brought them in | {queued:,} |
| items in the table | {stored:,} |
| messages that a subscriber got | {published:,} |

{date}, on {machine}, load average {load:.1f} before it began. Emulator, functions and senders share the machine, so the
times say how the parts work together, not how fast AWS is. Sending took {sending:.0f} seconds ({rate:.0f} deliveries a
second; the plan was {planned:.0f} seconds); {draining:.0f} seconds later the last event was published. At the worst
the senders were {late:.0f} seconds behind the day's clock. The functions wrote {log_bytes:.0f} bytes of log for each
delivery, metrics and publishing included.

## By hour of the day

Milliseconds from the last connection of a delivery to its whole answer.

| hour | senders at most | deliveries | p50 | p90 | p99 |
|---|---|---|---|---|---|
{hours}

## The day

- Senders, webhooks and bodies are those of the simulated Dash (simulator), with the reseller's webhooks and the
  subaccounts' events. [Locust](https://locust.io) runs as many senders as the hour has; each takes the next event that
  is due.
- The hours' weights follow the shape that call centres publish (tests/load/shape.py names the source): next to nothing
  at night, a peak after ten, fewer at noon, a second peak in the afternoon.
- Each call has all events of both of its legs, in order. The mix is an assumption, no customer's figures: {calls}.
  {parked:.0%} of answered calls are parked. Each account has one registration, of which {lost:.0%} are lost later, and
  one in {faxes:.0f} sends a fax.
- It is thinned: {per_account:.1f} calls for each account, where a real one has dozens. What it tests is the totals,
  with the day's changing rate; [scale](scale.md) is about volume.
- {twice_share:.0%} of the events are delivered twice. {broken_share:.0%} of the deliveries lose their first connection,
  half of them before the request is whole and half after it, and are tried again as Dash does.
- Stored is counted in the table, by event id and by hook and account. Published is counted in a queue that is
  subscribed to the topic.
"""


def figures(done: Run) -> dict[str, Any]:
    """Return what was measured, as JSON types."""
    by_hour: dict[int, list[float]] = {hour: [] for hour in range(HOURS)}
    for answer in done.answers:
        hour = min(int(done.day[answer.number].happening.at / HOUR), HOURS - 1)
        by_hour[hour].append(answer.milliseconds)
    outcomes = Counter(answer.outcome for answer in done.answers)
    return {
        "date": str(datetime.now(UTC).date()),
        "machine": machine.described(),
        "load_average": done.load_average,
        "size": asdict(done.size),
        "totals": asdict(done.totals),
        "twice": sum(one.twice for one in done.day),
        "broken": sum(one.breaks is not Break.NO for one in done.day),
        "outcomes": dict(outcomes),
        "hooks": dict(Counter(one.happening.hook for one in done.day)),
        "sending_seconds": done.sending,
        "draining_seconds": done.draining,
        "late_seconds": max(answer.late for answer in done.answers),
        "log_lines": done.log_lines,
        "log_bytes": done.log_bytes,
        "hours": [{"deliveries": len(found), **_percentiles(found)} for found in by_hour.values()],
    }


def _percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    if len(milliseconds) < 2:
        return dict.fromkeys(("p50", "p90", "p99"), sum(milliseconds))
    found = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return {f"p{at}": round(found[at - 1], 1) for at in (50, 90, 99)}


def written(found: Mapping[str, Any]) -> str:
    """Return the page of figures."""
    totals, size = found["totals"], found["size"]
    holds = not totals["problems"] and totals["events"] == totals["stored"] == totals["published"]
    return _PAGE.format(
        accounts=size["accounts"],
        verdict="Sent = stored = published, none twice." if holds else " ".join(totals["problems"]),
        events=totals["events"],
        twice=found["twice"],
        deliveries=totals["deliveries"],
        broken=totals["connections"] - totals["deliveries"],
        connections=totals["connections"],
        stored_answers=found["outcomes"].get("stored", 0),
        queued=found["outcomes"].get(QUEUED, 0),
        duplicates=found["outcomes"].get("duplicate", 0),
        stored=totals["stored"],
        published=totals["published"],
        date=found["date"],
        machine=found["machine"],
        load=found["load_average"],
        sending=found["sending_seconds"],
        rate=totals["deliveries"] / found["sending_seconds"],
        planned=size["seconds"],
        draining=found["draining_seconds"],
        late=found["late_seconds"],
        log_bytes=found["log_bytes"] / totals["deliveries"],
        hours="\n".join(_row(hour, of, size["senders"]) for hour, of in enumerate(found["hours"])),
        calls=", ".join(f"{share:.0%} {make.__name__.replace('_', ' ')}" for make, share in CALLS.items()),
        parked=PARKED,
        lost=LOST,
        faxes=1 / next(share for make, share in OTHERS.items() if make.__name__ == "fax"),
        per_account=size["calls"] / size["accounts"],
        twice_share=TWICE,
        broken_share=BROKEN,
    )


def _row(hour: int, of: Mapping[str, Any], most: int) -> str:
    times = " | ".join(f"{of[name]:.0f}" for name in ("p50", "p90", "p99"))
    return f"| {hour:02} | {senders(hour, most)} | {of['deliveries']:,} | {times} |"
