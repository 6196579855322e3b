"""Whatever is stopped, failed or killed, and when: each event is stored once and published, and none is invented."""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from hookswitch.publishing import dead_letter_queue
from hookswitch.receiving import processing, redrive
from hookswitch.receiving.redelivery import Outcome
from hookswitch.reconcile.redeliverer import Redeliverer
from tests.interleaving.run import run

SEEDS, CHUNK = 200, 20
ENOUGH = 150  # seeds in which a break of the promise has to show


@pytest.mark.parametrize("start", range(0, SEEDS, CHUNK))
def test_promise(start: int) -> None:
    """Once all services have recovered, everything that Dash sent is in the table once, and was published."""
    for seed in range(start, start + CHUNK):
        outcome = run(seed)
        assert not outcome.faults, outcome.report()


def test_seed_repeats_a_run() -> None:
    """The same seed makes the same run, so that a counter-example can be looked at."""
    first, again = run(12), run(12)
    assert first == again
    assert first.kills
    assert first.trace != run(13).trace


def _drops_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letter_queue, "add", lambda *_: [])


def _forgets_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing, "enqueue", lambda *_: None)


def _swallows_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrive, "_carry_out", _without_errors(redrive._carry_out))  # noqa: SLF001 - what is broken


def _skips_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Redeliverer, "send", lambda _, batch: [(failure, Outcome.STORED) for failure in batch])


def _without_errors(work: Callable[..., None]) -> Callable[..., None]:
    def carry_out(*given: Any) -> None:
        with contextlib.suppress(Exception):
            work(*given)

    return carry_out


@pytest.mark.parametrize(
    ("breaks", "fault"),
    [
        (_drops_notes, "stored and not published"),
        (_forgets_queued, "lost"),
        (_swallows_failures, "lost"),
        (_skips_recovery, "lost"),
    ],
)
def test_broken_promise_is_found(
    breaks: Callable[[pytest.MonkeyPatch], None], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that skips its part of the promise shows within some dozens of seeds, with the seed in the report."""
    breaks(monkeypatch)
    outcomes = map(run, itertools.count())
    found = next(outcome for outcome in itertools.islice(outcomes, ENOUGH) if fault in " ".join(outcome.faults))
    assert f"SEED={found.seed}" in found.report()
