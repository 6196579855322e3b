"""What a call adds to the metrics, as a phone manager reads it (docs/metrics.md)."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hookswitch.calls import run
from hookswitch.calls.items import CallItem
from hookswitch.calls.measurements import measurements
from hookswitch.calls.record import Call
from hookswitch.calls.requests import BackfillRequest
from hookswitch.calls.run import Calls
from hookswitch.calls.update import Change
from hookswitch.observability.metrics import METRICS, MetricsRecorder
from hookswitch.publishing.outbox import StreamBatch, StreamBatchResult
from hookswitch.settings.calls import CallsSettings
from simulator.calls.scenarios import SCENARIOS
from simulator.tests.each import for_each
from tests.emf import samples_in
from tests.unit.calls.scenes import calls_of, steps_of
from tests.unit.observability.test_metrics import BY, declared, shapes

type Capture = pytest.CaptureFixture[str]

MEASURED = {name for name, by in BY.items() if by == "calls"} - {"call_revisions"}
STATUSES = {"answered", "voicemail", "missed", "abandoned", "busy", "not_connected"}
ONE_CALL = [name for name in SCENARIOS if len(calls_of(steps_of(name))) == 1]
SETTINGS = CallsSettings("events", "topic", "publish-dead-letter-queue", "calls-queue", 0)


def call_of(scenario: str) -> Call:
    """Return the record of a scenario's call."""
    (call,) = calls_of(steps_of(scenario))
    return call


def measured(call: Call) -> Mapping[str, float]:
    """Return what a call adds to each metric, hang-ups under their cause."""
    return {it.dimensions.get("hangup_cause", it.name): it.value for it in measurements(call)}


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("answered", {"calls": 1, "answered": 1, "talk_time": 32, "wait_time": 6, "NORMAL_CLEARING": 1}),
        ("ring_group", {"calls": 1, "answered": 1, "talk_time": 120, "wait_time": 10, "NORMAL_CLEARING": 1}),
    ],
)
def test_call(scenario: str, expected: Mapping[str, float]) -> None:
    """A call counts once, whatever the number of its legs, with its talk and its wait."""
    assert measured(call_of(scenario)) == expected


@for_each("scenario", SCENARIOS)
def test_every_call_has_one_status(scenario: str) -> None:
    """Each call is one call with one status, and its values are those of its record."""
    for call in calls_of(steps_of(scenario)):
        found = measured(call)
        assert found["calls"] == 1
        assert len(STATUSES & found.keys()) == 1
        assert ("talk_time" in found) is ("talk_seconds" in call)
        assert found.get("wait_time") == call.get("wait_seconds")


def test_what_is_not_known_is_not_counted() -> None:
    """A call whose end nobody saw has no status, no cause and no length, and is a call."""
    known = {name: value for name, value in call_of("answered").items() if name in {"call", "state", "legs"}}
    assert measured(cast("Call", known)) == {"calls": 1}


def test_rare_causes_count_together() -> None:
    """Each cause is a metric that CloudWatch charges for, so only the usual ones have their own."""
    assert measured({**call_of("answered"), "hangup_cause": "PROGRESS_TIMEOUT"})["OTHER"] == 1


class Updates:
    """An updater that has written some changes.

    Attributes:
        changes: What it says that it wrote.
    """

    changes: tuple[Change, ...] = ()

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take what an updater takes."""

    def add(self, _: object) -> Iterator[Change]:
        """Yield the changes."""
        yield from self.changes


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Updates]]:
    """The calls function, with an updater of ours, and a topic and a queue that take everything."""
    monkeypatch.setattr(run, "CallUpdater", Updates)
    taken = SimpleNamespace(publish_batch=lambda *_: StreamBatchResult(()))
    monkeypatch.setattr(run, "Outbox", lambda *_: taken)
    monkeypatch.setattr(Calls, "_request_checks", lambda *_: None)
    monkeypatch.setattr(run, "CallTable", lambda _: SimpleNamespace(images=lambda _: []))
    yield Updates
    Updates.changes = ()


def change(call: Call, *, is_settled_now: bool) -> Change:
    """Return a revision of a call that was written."""
    item = CallItem(call, "", frozenset({"event"})).to_item(at="", received_at="", expires_at=None)
    return Change(item, None, call["legs"][0]["leg"], frozenset({"event"}), is_settled_now=is_settled_now)


def fold() -> None:
    """Let the function fold a batch."""
    with MetricsRecorder() as metrics:
        Calls(SETTINGS, metrics, 0).fold_batch(StreamBatch({}))


def test_function_prints_what_the_page_says(calls: type[Updates], capsys: Capture) -> None:
    """It prints all metrics of calls and no other, with their units and dimensions."""
    calls.changes = tuple(change(call_of(scenario), is_settled_now=True) for scenario in ONE_CALL)
    fold()
    printed = shapes(capsys.readouterr().out)
    assert printed.keys() == MEASURED | {"call_revisions"}
    assert all(shape == declared(name) for name, shape in printed.items())


def test_only_the_first_final_revision_counts(calls: type[Updates], capsys: Capture) -> None:
    """Every revision is a revision; a call counts when its record is final for the first time."""
    call = call_of("answered")
    calls.changes = tuple(change(call, is_settled_now=it) for it in (False, False, True, False))
    fold()
    counted = {sample.name: sum(sample.values) for sample in samples_in(capsys.readouterr().out)}
    assert (counted["call_revisions"], counted["calls"], counted["answered"]) == (4, 1, 1)


def test_calls_of_one_batch_do_not_mix(calls: type[Updates], capsys: Capture) -> None:
    """Each call has the cause of its own."""
    calls.changes = tuple(change(call_of(name), is_settled_now=True) for name in ("answered", "abandoned"))
    fold()
    causes = [
        dict(sample.dimensions)["hangup_cause"]
        for sample in samples_in(capsys.readouterr().out)
        if sample.name == "hangups"
    ]
    assert causes == ["NORMAL_CLEARING", "ORIGINATOR_CANCEL"]


def test_core_is_declared(calls: type[Updates], capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default CloudWatch gets the five of the dashboard's first row."""
    monkeypatch.setenv("METRICS", "core")
    calls.changes = tuple(change(call_of(name), is_settled_now=True) for name in ONE_CALL)
    fold()
    assert shapes(capsys.readouterr().out).keys() == {"calls", "answered", "voicemail", "missed", "abandoned"}


def test_backfill_counts_no_call(calls: type[Updates], capsys: Capture) -> None:
    """A call of the past is not counted today."""
    calls.changes = (change(call_of("answered"), is_settled_now=False),)
    with MetricsRecorder() as metrics:
        Calls(SETTINGS, metrics, 0).backfill(BackfillRequest(("event",)))
    assert not {sample.name for sample in samples_in(capsys.readouterr().out)} - {"call_revisions"}


def test_every_metric_is_one_of_ours() -> None:
    """The names are those of the list."""
    assert METRICS.keys() >= MEASURED
