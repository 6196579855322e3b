"""The times in payloads."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.observability.metrics import LONGEST_DELAY, MetricsRecorder
from hookswitch.payloads.times import GREGORIAN_EPOCH, moment
from tests.emf import total
from tests.unit.payloads.cases import case
from tests.unit.payloads.front_door import FrontDoor, front_door

__all__ = ["front_door"]  # a fixture

SECONDS = st.integers(946_684_800, 4_102_444_799)  # Unix, of the years 2000 to 2099
UNITS = st.sampled_from((1, 1_000, 1_000_000))
NONSENSE: tuple[object, ...] = (
    *("", "soon", "1.5", "-63962662779", "٦٣٩٦٢٦٦٢٧٧٩", "1_795_616_932", "9" * 5_000, " 63962662779", "1e10"),
    *(0, -1, 1.5, True, None, Decimal("1.5"), 10**30, -(10**30), {}, [], 62_167_219_200, 377_705_116_799, 2**31 * 5),
)


@given(SECONDS, UNITS, st.sampled_from((0, GREGORIAN_EPOCH)), st.sampled_from((int, str)))
def test_every_unit_and_epoch(unix: int, unit: int, epoch: int, spelled: Any) -> None:
    """Seconds, milliseconds and microseconds, gregorian or Unix, number or text, become the same moment."""
    assert moment(spelled((unix + epoch) * unit)) == datetime.fromtimestamp(unix, UTC)


@given(SECONDS, st.integers(0, 999_999))
def test_fractions_are_kept(unix: int, fraction: int) -> None:
    """A finer unit keeps its fraction of a second."""
    made = moment((unix + GREGORIAN_EPOCH) * 1_000_000 + fraction)
    assert made == datetime.fromtimestamp(unix, UTC) + timedelta(microseconds=fraction)


@given(st.one_of(st.integers(), st.text(), st.integers(0, 10**18).map(str)))
def test_any_value(value: object) -> None:
    """Whatever comes is a moment of the years 2000 to 2099, or none."""
    try:
        made = moment(value)
    except ValueError:
        return
    assert 2000 <= made.year <= 2099
    assert made.tzinfo is UTC


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: ascii(value)[:20])
def test_nonsense(value: object) -> None:
    """A value that is not a number, or fits no unit, is not a time."""
    with pytest.raises(ValueError, match="not a time"):
        moment(value)


def test_case_of_unix_seconds(front_door: FrontDoor, capsys: pytest.CaptureFixture[str]) -> None:
    """A time in Unix seconds is that time, in the item, in its feed and in the delay."""
    front_door.deliver("channel_answer", case("unix_seconds.json"))
    (item,) = front_door.events()
    assert item["occurred_at"] == "2026-11-25T14:28:52.000Z"
    assert item["feed"].endswith("/channel_answer/2026-11-25")
    assert item["payload"]["timestamp"] == "2026-11-25T14:28:52Z"
    assert 0 <= total(capsys.readouterr().out, "delay_to_stored") <= LONGEST_DELAY.total_seconds() * 1000


@pytest.mark.parametrize("value", [1, 63_962_662_779_000_000_000, "soon"])
@pytest.mark.parametrize("hook", ["channel_create", "missed_call"])
def test_nonsense_is_as_good_as_absent(hook: str, value: object, front_door: FrontDoor) -> None:
    """An event whose time is nonsense has the time of receipt, and its payload what was sent."""
    sent = {"account_id": case("unix_seconds.json")["account_id"], "call_id": "x", "timestamp": value}
    assert front_door.deliver(hook, sent) == "stored"
    (item,) = front_door.events()
    assert item["occurred_at"] == item["received_at"]
    assert item["payload"]["timestamp"] == value


@given(st.floats(-(10**12), 10**12))
def test_delays_are_never_absurd(unix: float) -> None:
    """A moment of another age makes no delay at all."""
    metrics = MetricsRecorder()
    metrics.add_delay("delay_to_stored", unix)
    for values in metrics._values.values():  # noqa: SLF001 - what would be printed
        assert all(0 <= value <= LONGEST_DELAY.total_seconds() * 1000 for value in values)


@pytest.mark.parametrize("name", ["timestamp", "fax_timestamp", "voicemail_timestamp", "event_timestamp"])
def test_time_of_a_catch_all_event(name: str, front_door: FrontDoor) -> None:
    """An event of the catch-all happened when its own field of time says, which stays as it came."""
    sent = {"msg_id": "x", "event_name": "system_alert", name: 63_962_840_000}
    assert front_door.deliver("notifications", sent) == "stored"
    (item,) = front_door.events()
    assert item["occurred_at"] == "2026-11-25T15:33:20.000Z"
    assert item["payload"][name] == 63_962_840_000


def test_catch_all_event_without_a_time(front_door: FrontDoor) -> None:
    """Without such a field, or with nonsense in it, it happened when it was received."""
    sent = {"msg_id": "x", "event_name": "system_alert", "timestamp": "now"}
    assert front_door.deliver("notifications", sent) == "stored"
    (item,) = front_door.events()
    assert item["occurred_at"] == item["received_at"]
