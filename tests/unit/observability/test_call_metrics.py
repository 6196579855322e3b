"""What the end of a leg says of its call, as a phone manager reads it (docs/metrics.md)."""

from typing import Any

import pytest

from simulator.encoding import encode_json
from simulator.payloads import older_channel_destroy, payload
from tests.emf import samples_in, total
from tests.unit.observability.test_metrics import BY, shapes
from tests.unit.receiving.test_receiver import Places, call, places, request

__all__ = ["places"]  # a fixture

type Capture = pytest.CaptureFixture[str]


def ended(**fields: Any) -> dict[str, Any]:
    """Return a request with the end of a leg."""
    return request("channel_destroy", encode_json(payload("channel_destroy", **fields)))


def of_calls(log: str) -> dict[str, float]:
    """Return the metrics of calls in a log, hang-ups under their causes."""
    return {
        dict(sample.dimensions).get("hangup_cause", sample.name): sum(sample.values)
        for sample in samples_in(log)
        if BY[sample.name] == "channel_destroy"
    }


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    ("leg", "expected"),
    [
        (
            {"hangup_cause": "NORMAL_CLEARING", "billing_seconds": 32, "ringing_seconds": 6},
            {"calls": 1, "answered": 1, "talk_time": 32, "ring_time": 6, "NORMAL_CLEARING": 1},
        ),
        (
            {"hangup_cause": "ORIGINATOR_CANCEL", "billing_seconds": 0, "ringing_seconds": 9},
            {"calls": 1, "abandoned": 1, "ring_time": 9, "ORIGINATOR_CANCEL": 1},
        ),
        (
            {"hangup_cause": "NO_ANSWER", "billing_seconds": 0, "ringing_seconds": 0},
            {"calls": 1, "ring_time": 0, "NO_ANSWER": 1},
        ),
        (
            {"hangup_cause": "PROGRESS_TIMEOUT", "billing_seconds": None, "ringing_seconds": None},
            {"calls": 1, "OTHER": 1},
        ),
        ({"hangup_cause": None, "billing_seconds": -1, "ringing_seconds": 10**400}, {"calls": 1}),
        (
            {"hangup_cause": "ORIGINATOR_CANCEL", "billing_seconds": None, "ringing_seconds": "soon"},
            {"calls": 1, "abandoned": 1, "ORIGINATOR_CANCEL": 1},
        ),
        ({"call_direction": "outbound"}, {}),
        ({"call_direction": None}, {}),
        ({"is_internal_leg": True}, {}),
    ],
)
def test_call(leg: dict[str, Any], expected: dict[str, float], capsys: Capture) -> None:
    """The leg that began a call stands for it; what a system does not say is not counted."""
    assert call("channel_destroy", ended(**leg))[1]["status"] == "stored"
    assert of_calls(capsys.readouterr().out) == expected


@pytest.mark.usefixtures("places")
def test_call_of_an_older_system(capsys: Capture) -> None:
    """An older system's strings count as numbers do."""
    sent = older_channel_destroy(hangup_cause="NORMAL_CLEARING", billing_seconds="7", ringing_seconds="3")
    call("channel_destroy", request("channel_destroy", encode_json(sent)))
    expected = {"calls": 1, "answered": 1, "talk_time": 7, "ring_time": 3, "NORMAL_CLEARING": 1}
    assert of_calls(capsys.readouterr().out) == expected


def test_duplicate_is_no_call(places: Places, capsys: Capture) -> None:
    """A call counts once, however often its event comes."""
    places.store = lambda: ("the-key", False)
    call("channel_destroy", ended())
    call("missed_call", request("missed_call", encode_json(payload("missed_call"))))
    assert shapes(capsys.readouterr().out).keys() == {"received", "duplicate", "handling_time"}


@pytest.mark.usefixtures("places")
def test_other_legs_of_a_day(capsys: Capture) -> None:
    """Three phones that ring for one call make one call."""
    call("channel_destroy", ended(call_direction="inbound", billing_seconds=5))
    for _ in range(3):
        call("channel_destroy", ended(call_direction="outbound", hangup_cause="LOSE_RACE"))
    assert total(capsys.readouterr().out, "calls") == 1
