"""What a sweep measures: alarms watch it, so it has to be right about what waits on purpose."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from hookswitch.destinations import clock
from hookswitch.destinations import sweep as sweeping
from hookswitch.destinations.leases import Standing
from hookswitch.destinations.record import Destination, Filter, State
from hookswitch.destinations.rows import LIVE, PAST, Lane, Owed
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import DestinationsSettings
from tests.emf import documents_in

if TYPE_CHECKING:
    from hookswitch.destinations.table import DestinationTable

MONDAY = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
HOURS = 3_600
SETTINGS = DestinationsSettings(
    "the-table", "the-events", "send", "retry", "refused", "the-key", "0" * 32, "UTC", frozenset()
)
OFFICE = Destination(name="office", id="office", type="https", shown="", sealed=b"")


class Table:
    """Destinations, each owed something since a moment, and served at this one."""

    def __init__(self, lane: Lane = LIVE, **owed_since: tuple[Destination, datetime | None]) -> None:
        self._lane = lane
        self._owed = {name: since for name, (_, since) in owed_since.items()}
        self._destinations = [replace(each, name=name, id=name) for name, (each, _) in owed_since.items()]

    def standings(self) -> Iterator[Standing]:
        """Return them."""
        return (Standing(each, lease_until=1 << 60) for each in self._destinations)

    def first_owed(self, destination_id: str) -> Owed | None:
        """Return the first delivery that one is owed."""
        since = self._owed[destination_id]
        return Owed("key", self._lane, "", "", int(since.timestamp() * 1000), "stamp") if since else None

    def removed(self) -> list[str]:
        """Return none."""
        return []


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Let a test choose the time."""
    chosen = SimpleNamespace(now=MONDAY)
    monkeypatch.setattr(clock, "now", lambda: int(chosen.now.timestamp() * 1000))
    monkeypatch.setattr(sweeping, "route_refused", lambda *_: None)
    return chosen


def measured(table: Table, capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """Return what a sweep measures."""
    with MetricsRecorder() as metrics:
        sweeping.sweep(cast("DestinationTable", table), SETTINGS, metrics)
    documents: list[dict[str, Any]] = documents_in(capsys.readouterr().out)
    return {name: value[0] for each in documents for name, value in each.items() if name.startswith("destination")}


@pytest.mark.usefixtures("clock")
def test_nothing_without_destinations(capsys: pytest.CaptureFixture[str]) -> None:
    """A stack without destinations pays for no metric of theirs."""
    assert measured(Table(), capsys) == {}


@pytest.mark.usefixtures("clock")
def test_oldest_delivery(capsys: pytest.CaptureFixture[str]) -> None:
    """The age is that of the oldest delivery; of destinations that are paused or off, only how many are off counts."""
    states: dict[State, Destination] = {state: replace(OFFICE, state=state) for state in ("on", "paused", "off")}
    table = Table(
        ready=(OFFICE, None),
        old=(states["on"], MONDAY.replace(hour=19)),
        new=(states["on"], MONDAY.replace(hour=21)),
        paused=(states["paused"], MONDAY.replace(hour=2)),
        off=(states["off"], MONDAY.replace(hour=1)),
    )
    assert measured(table, capsys) == {
        "destination_backlog": 2,
        "destination_backlog_age": 3 * HOURS,
        "destinations_off": 1,
    }


@pytest.mark.parametrize(("hour", "minute", "age"), [(22, 0, 0), (7, 10, 0), (7, 20, 1_200), (19, 0, 0)])
def test_quiet_hours(
    hour: int, minute: int, age: int, clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    """What waits for the end of quiet hours is not late, nor what waited for it until just now."""
    quiet = replace(OFFICE, filter=Filter(quiet=("20:00-07:00",)))
    clock.now = MONDAY.replace(hour=hour, minute=minute)
    table = Table(quiet=(quiet, clock.now.replace(minute=0)))
    assert measured(table, capsys)["destination_backlog_age"] == age


@pytest.mark.usefixtures("clock")
def test_the_past_is_never_late(capsys: pytest.CaptureFixture[str]) -> None:
    """What somebody asked to have sent of the past is owed, but a long replay is no reason for an alarm."""
    found = measured(Table(lane=PAST, office=(OFFICE, MONDAY.replace(hour=2))), capsys)
    assert (found["destination_backlog"], found["destination_backlog_age"]) == (1, 0)
