"""Writes docs/engineering/fuzzing.md from what `make fuzz` measured."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from devtools import machine
from tests.fuzz.run import Fuzzing

_PAGE = """\
# Fuzzing

<!-- Written by `make fuzz`; the words are in tests/fuzz/page.py. -->

`make fuzz` sends requests that no test's author thought of to a stack on the emulator: any verb, path, token,
percent-encoding, query, header and content type, with bodies that Dash sends, such bodies with fields dropped, renamed
and of other types, cut and damaged anywhere, keys twice, those of other hooks, huge and deep and empty ones, odd text,
lone surrogates, NUL. [Hypothesis](https://hypothesis.readthedocs.io) draws them from seeds; what fails is made as small
as it gets and written down. `make test` does the same with a few hundred.

What has to hold:

- With the right token the answer is 200 and says what became of the delivery; with a wrong one it is 403; it is never
  a 5xx, and there always is one.
- What was stored is in the table, as what the answer said. What is quarantined has its reasons, none of which is a
  fault of ours. No password, reset link or key that the catch-all gets is in its item.
- No line of the log holds a token, a secret, a phone number (unless it was sent as the id of a call), an unhandled
  exception or an error.
- In the end nothing is left in the redrive queue or in a dead-letter queue.

## The last long run

{date}, on {machine}: **{sent:,} requests, {verdict}**, in {minutes:.0f} minutes. {by_http:,} of them went by HTTP
through the emulator's API Gateway and Lambda, which take most of the time; {at_handlers:,} went to the hooks' handlers
in the senders' own processes, as API Gateway's events, with the deployed stack's table, secret, queues and publishing
behind them. {senders} senders, none of which sends a request twice. {looked_up:,} items were read back, and
{log_lines:,} lines of the log looked at. First seeds: {seeds}. `make fuzz SEED={first}` repeats it, `make fuzz HTTP=1`
sends all by HTTP.
{failures}
| what came of it | requests |
|---|---|
{outcomes}

| body | requests |
|---|---|
{kinds}

## What it has found

Each has been put right, and has a test:

- JSON in the query of a get is read as a form, in which all of it is one name: a password in it was kept
  (tests/unit/events/test_event.py).
- A voicemail's length that no float holds was quarantined by a fault of ours (tests/unit/events/test_event.py).
- `1e9999999` in a field of whole numbers took a minute to be written out, longer than a function may run
  (tests/unit/deliveries/test_decoding.py).
"""
_ID = re.compile(r"(?:quarantine-)?[0-9a-f]{32}")


def written(done: Fuzzing) -> str:
    """Return the page."""
    return _PAGE.format(
        date=datetime.now(UTC).date(),
        machine=machine.described(),
        sent=done.sent,
        verdict=f"{len(done.failures):,} failures" if done.failures else "no failure",
        failures=_failures(done),
        by_http=done.by_http,
        at_handlers=done.at_handlers,
        minutes=done.seconds / 60,
        senders=len(done.first_seeds),
        looked_up=done.looked_up,
        log_lines=done.log_lines,
        seeds=", ".join(map(str, done.first_seeds)),
        first=done.first_seeds[0],
        outcomes=_table(done.outcomes),
        kinds=_table(done.kinds),
    )


def _failures(done: Fuzzing) -> str:
    """Return a table of what failed, without what differs from one request to the other; nothing if all held."""
    kinds = Counter(_ID.sub("An item", wrong).partition("{")[0] for one in done.failures for wrong in one["wrong"])
    return f"\n| what failed | times |\n|---|---|\n{_table(kinds)}\n" if kinds else ""


def _table(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return "\n".join(f"| {name} | {count:,} |" for name, count in ordered)
