"""Looks after all destinations every few minutes.

It measures, wakes senders that nobody wakes, cleans up, and routes events that did not come the usual way.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from hookswitch.destinations import clock
from hookswitch.destinations.leases import Standing
from hookswitch.destinations.quiet_hours import quiet_until
from hookswitch.destinations.record import Destination
from hookswitch.destinations.refused import route_refused
from hookswitch.destinations.route import Router
from hookswitch.destinations.rows import LIVE, Owed
from hookswitch.destinations.send import OVERDUE
from hookswitch.destinations.table import DestinationTable
from hookswitch.destinations.waking import wake
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.destinations import DestinationsSettings, RouteSettings

AT_ONCE = 16  # destinations that are looked at at the same time
DELETED_ROWS = 2_000  # of removed destinations, in one sweep
AFTER_QUIET = timedelta(minutes=15)  # in which what waited for the end of quiet hours is still sent
IDLE = 60_000  # milliseconds after which somebody should have begun to send what is owed


def sweep(table: DestinationTable, settings: DestinationsSettings, metrics: MetricsRecorder) -> None:
    """Look after all destinations.

    Raises:
        StorageUnavailableError, QueueUnavailableError, NotTakenError, ClientError, BotoCoreError: A service did not do
            its part.
    """
    standings = [*table.standings()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        first_owed = [*pool.map(partial(_look_after, table, settings), standings)]
    if standings:  # else nothing is owed, and CloudWatch charges for each metric in use
        _measure([standing.destination for standing in standings], first_owed, metrics)
    left = DELETED_ROWS
    for destination_id in table.removed():
        if not table.delete_rows(destination_id, left):
            break
    queues = settings.refused_queue, settings.send_queue, settings.retry_queue
    router = Router(RouteSettings(settings.destinations_table, settings.events_table, *queues))
    route_refused(settings.refused_queue, router)


def _measure(destinations: Sequence[Destination], first_owed: Sequence[Owed | None], metrics: MetricsRecorder) -> None:
    now = clock.now()
    ages = [
        now - first.since
        for destination, first in zip(destinations, first_owed, strict=True)
        if first and first.lane == LIVE and not _is_quiet(destination)  # somebody asked for the past, however long
    ]
    metrics.add("destination_backlog", sum(1 for first in first_owed if first))
    metrics.add("destination_backlog_age", max(ages, default=0) / 1000)
    metrics.add("destinations_off", sum(1 for each in destinations if each.state == "off"))


def _is_quiet(destination: Destination) -> bool:
    """Tell whether what a destination is owed waits, or waited until just now, for the end of its quiet hours."""
    now, zone = datetime.fromtimestamp(clock.now() / 1000, UTC), ZoneInfo(destination.options.zone)
    return any(quiet_until(destination.filter, zone, moment) for moment in (now, now - AFTER_QUIET))


def _look_after(table: DestinationTable, settings: DestinationsSettings, standing: Standing) -> Owed | None:
    """Return the first delivery that a destination is owed, if it is on; wake a sender if nobody will."""
    now, destination = clock.now(), standing.destination
    first = table.first_owed(destination.id) if destination.state == "on" else None
    if not first:
        return None
    is_served = standing.lease_until >= now or (standing.kept and standing.kept_until > now - OVERDUE)
    if not is_served and first.since < now - IDLE:
        wake([destination], now, settings.send_queue, settings.retry_queue)
    return first
