"""What the functions print as metrics: names, units and dimensions as docs/metrics.md has them, and right numbers."""

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.local import ROOT
from devtools.template import parsed
from functions.publish import handler as publishing
from functions.redrive import handler as redriving
from hookswitch.calls.measurements import CAUSES
from hookswitch.dash.hooks import HOOKS
from hookswitch.errors import QueueUnavailableError, SecretUnavailableError, StorageUnavailableError
from hookswitch.observability.metrics import CORE, CORE_HOOKS, METRICS, MetricsRecorder
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.emf import documents_in, samples_in, total
from tests.receiving import delivery
from tests.unit.functions.test_publish import CONTEXT, Services, ids_of, services, stream_of
from tests.unit.functions.test_redrive import DELIVERY, STORED, messages
from tests.unit.functions.test_redrive import Services as Invoked
from tests.unit.functions.test_redrive import services as invoked
from tests.unit.receiving.test_receiver import TEST_ID, Places, call, places, raising, request

__all__ = ["invoked", "places", "services"]  # fixtures

type Capture = pytest.CaptureFixture[str]

PAGE = (ROOT / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([\w, ;]+) \| ([\w ]+) \| ", re.MULTILINE)
BY = {name: by for name, _, _, by in ROW.findall(PAGE)}


def missed(**fields: Any) -> dict[str, Any]:
    """Return a request with a missed call."""
    return request("missed_call", encode_json(payload("missed_call", **fields)))


def all_outcomes(hook: str, places: Places) -> None:
    """Let a hook's function meet with all that may become of a delivery."""
    sent = request(hook, encode_json(payload(hook)))
    call(hook, sent)
    places.store = lambda: ("the-key", False)
    call(hook, sent)
    call(hook, request(hook, b"{}"))
    call(hook, sent | {"pathParameters": {"token": "wrong"}})
    call(hook, request(hook, encode_json(payload(hook, preview=True))))
    call(hook, request(hook, encode_json({"hookswitch_test": TEST_ID})))
    places.store = raising(StorageUnavailableError("away"))
    call(hook, sent)
    places.away = {"queue": QueueUnavailableError("away")}
    call(hook, sent)


def shapes(log: str) -> dict[str, tuple[str, set[tuple[str, ...]]]]:
    """Return the unit and the sets of dimensions of each metric in a log."""
    found: dict[str, tuple[str, set[tuple[str, ...]]]] = {}
    for sample in samples_in(log):
        assert sample.namespace == "Hookswitch"
        assert dict(sample.dimensions)["service"] == "hookswitch"
        assert sample.values
        unit, dimensions = found.setdefault(sample.name, (sample.unit, set()))
        assert unit == sample.unit
        dimensions.add(tuple(sorted(name for name, _ in sample.dimensions)))
    return found


def test_page_has_all_metrics() -> None:
    """The page lists exactly the metrics that there are, in their order, with unit and dimensions."""
    rows = [
        (name, metric.unit.value, "; ".join(", ".join(names) for names in metric.dimensions))
        for name, metric in METRICS.items()
    ]
    assert [(name, unit, dimensions) for name, unit, dimensions, _ in ROW.findall(PAGE)] == rows
    assert {cause for cause in CAUSES if f"`{cause}`" in PAGE} == CAUSES


def test_template_names_them() -> None:
    """Every function has the namespace, and the stack's name as its service."""
    variables = parsed()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Hookswitch"
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_print_what_the_page_says(hook: str, places: Places, capsys: Capture) -> None:
    """A hook's function prints all metrics of hooks, and no other."""
    all_outcomes(hook, places)
    printed = shapes(capsys.readouterr().out)
    assert printed.keys() == {name for name, by in BY.items() if by == "every hook"}
    assert all(shape == declared(name) for name, shape in printed.items())


@pytest.mark.usefixtures("services")
def test_publish_prints_what_the_page_says(capsys: Capture) -> None:
    """So does publish."""
    publishing.handler(stream_of(3), CONTEXT)
    assert_prints("publish", capsys)


def test_redrive_prints_what_the_page_says(invoked: Invoked, capsys: Capture) -> None:
    """So does redrive."""
    invoked.answers = {"missed-call:live": STORED}
    redriving.handler(messages(DELIVERY), CONTEXT)
    assert_prints("redrive", capsys)


def assert_prints(function: str, capsys: Capture) -> None:
    """Check that a function has printed all of its metrics and no other."""
    printed = shapes(capsys.readouterr().out)
    assert printed.keys() == {name for name, by in BY.items() if by == function}
    assert all(shape == declared(name) for name, shape in printed.items())


def declared(name: str) -> tuple[str, set[tuple[str, ...]]]:
    """Return the unit and the sets of dimensions that a metric should have."""
    metric = METRICS[name]
    return metric.unit.value, {tuple(sorted(names)) for names in metric.dimensions}


# Deliveries


@pytest.mark.usefixtures("places")
def test_one_line_a_delivery(capsys: Capture) -> None:
    """All metrics of a delivery are in one line, which says where to look in the log."""
    sent = payload("channel_destroy", call_id="the-call", billing_seconds=9, hangup_cause="NORMAL_CLEARING")
    call("channel_destroy", request("channel_destroy", encode_json(sent)))
    (document,) = documents_in(capsys.readouterr().out)
    keys = {"hook": "channel_destroy", "event_id": "the-key", "call_id": "the-call", "correlation_id": "request"}
    assert document.items() >= keys.items()
    assert len(document["_aws"]["CloudWatchMetrics"]) == 2


def test_each_outcome_counts_once(places: Places, capsys: Capture) -> None:
    """What is received has one outcome; what is refused is not received."""
    all_outcomes("missed_call", places)
    log = capsys.readouterr().out
    outcomes = ("stored", "duplicate", "quarantined", "queued", "preview", "failed")
    assert [total(log, name) for name in ("received", "refused", *outcomes)] == [6, 1, 1, 1, 1, 1, 1, 1]
    assert sum(len(sample.values) for sample in samples_in(log) if sample.name == "handling_time") == 7
    assert total(log, "stored", hook="missed_call") == 1


@pytest.mark.usefixtures("places")
def test_no_secret_no_receipt(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery that nobody can check has failed, and is not counted as received."""
    monkeypatch.setattr(
        "hookswitch.receiving.receiver.secret_reader", lambda _: raising(SecretUnavailableError("away"))
    )
    monkeypatch.setattr(
        "hookswitch.receiving.receiver.SenderCheck.accepts", lambda *_: raising(SecretUnavailableError("away"))()
    )
    assert call("missed_call", missed())[0] == 500
    log = capsys.readouterr().out
    assert (total(log, "received"), total(log, "failed")) == (0, 1)


def test_handler_that_raises_counts(places: Places, capsys: Capture) -> None:
    """A fault of the function itself is a delivery that failed."""
    places.store = raising(StorageUnavailableError("away"))
    places.away = {"queue": RuntimeError("a fault")}
    with pytest.raises(RuntimeError):
        call("missed_call", missed())
    log = capsys.readouterr().out
    assert [total(log, name) for name in ("received", "failed")] == [1, 1]
    assert shapes(log).keys() == {"received", "failed", "handling_time"}


def test_what_is_brought_in(places: Places, capsys: Capture) -> None:
    """A redelivery is not received again, has its outcome and its delay, and has not failed if it has to wait."""
    message = delivery("missed_call", encode_json(payload("missed_call", now=time.time() - 60))).to_message()
    call("missed_call", {"redelivery": message})
    log = capsys.readouterr().out
    assert shapes(log).keys() == {"stored", "handling_time", "delay_to_stored"}
    assert 60_000 <= total(log, "delay_to_stored") < 120_000
    places.store = raising(StorageUnavailableError("away"))
    call("missed_call", {"redelivery": message})
    assert shapes(capsys.readouterr().out).keys() == {"handling_time"}


@pytest.mark.usefixtures("places")
def test_recovered_event_has_no_delay(capsys: Capture) -> None:
    """The delay of an event that Dash could not deliver is not of hookswitch's making."""
    message = delivery("missed_call", encode_json(payload("missed_call"))).to_message()
    call("missed_call", {"redelivery": message | {"attempted_at": message["received_at"]}})
    assert shapes(capsys.readouterr().out).keys() == {"stored", "handling_time"}


@given(ahead=st.integers(-(10**6), 10**9))
def test_delay_is_never_negative(ahead: int) -> None:
    """A clock of Dash's that is ahead makes no negative delay."""
    measures = MetricsRecorder()
    measures.add_delay("delay_to_stored", time.time() + ahead)
    ((value,),) = measures._values.values()  # noqa: SLF001 - what would be printed
    assert value >= 0
    assert value <= max(0, -ahead) * 1000 + 60_000


@pytest.mark.usefixtures("places")
def test_metrics_that_can_not_be_printed(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the metrics costs nobody the answer."""
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE")
    assert call("missed_call", missed()) == (200, {"status": "stored", "event_id": "the-key"})
    assert documents_in(capsys.readouterr().out) == []


# Core metrics


@pytest.mark.parametrize("hook", HOOKS)
def test_core_is_declared(hook: str, places: Places, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default only core metrics are declared to CloudWatch, and `stored` by hook for a few hooks."""
    monkeypatch.setenv("METRICS", "core")
    all_outcomes(hook, places)
    printed = shapes(capsys.readouterr().out)
    by_hook = {"stored"} if hook in CORE_HOOKS else set()
    assert printed.keys() == (CORE & {name for name, by in BY.items() if by == "every hook"}) | by_hook
    for name, shape in printed.items():
        assert shape == (("Count", {("hook", "service")}) if name == "stored" else declared(name))


@pytest.mark.usefixtures("places")
def test_everything_else_can_be_searched_for(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not declared has the same value in the same line, so a query of the log finds it."""
    sent = request("channel_destroy", encode_json(payload("channel_destroy")))
    call("channel_destroy", sent)
    monkeypatch.setenv("METRICS", "core")
    call("channel_destroy", sent)
    everything, core = documents_in(capsys.readouterr().out)
    assert everything.keys() == core.keys()
    clock = {"_aws", "handling_time", "delay_to_stored"}
    assert {name: it for name, it in core.items() if name not in clock} == {
        name: it for name, it in everything.items() if name not in clock
    }


@pytest.mark.usefixtures("services")
def test_line_without_core_metrics(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that counts no core metric prints its line all the same, and declares nothing."""
    monkeypatch.setenv("METRICS", "core")
    publishing.handler(stream_of(3), CONTEXT)
    log = capsys.readouterr().out
    assert documents_in(log) == []
    assert '"published":[3.0]' in log


def test_core_metrics_are_marked() -> None:
    """The page marks exactly the core metrics."""
    marked = set(re.findall(r"^\| `(\w+)` \| .* \*\*Core\.\*\*", PAGE, re.MULTILINE))
    assert marked == CORE | {"stored"}
    assert {
        hook for hook in HOOKS if f"`{hook}`" in PAGE.partition("## Core metrics")[2].partition("\n## ")[0]
    } == CORE_HOOKS


# Behind the hooks


def test_published(services: Services, capsys: Capture) -> None:
    """What SNS took counts, with the delay of what was not recovered; what it refused does not."""
    stream = stream_of(150)
    stream["Records"][0]["dynamodb"]["NewImage"]["recovered"] = {"BOOL": True}
    services.refused = [{ids_of(stream)[1]}] * 20
    publishing.handler(stream, CONTEXT)
    log = capsys.readouterr().out
    assert total(log, "published") == 149
    assert sum(len(sample.values) for sample in samples_in(log) if sample.name == "delay_to_published") == 148
    assert all(len(sample.values) <= 100 for sample in samples_in(log))


def test_redriven(invoked: Invoked, capsys: Capture) -> None:
    """What is brought in counts, what has to wait does not."""
    invoked.answers = {"missed-call:live": STORED, "parking:live": None, "publish": {"unpublished": []}}
    redriving.handler(messages(DELIVERY, DELIVERY | {"function": "parking"}, DELIVERY), CONTEXT)
    redriving.handler(messages({"event_id": "e"}, queue="unpublished"), CONTEXT)
    assert total(capsys.readouterr().out, "redriven") == 3
