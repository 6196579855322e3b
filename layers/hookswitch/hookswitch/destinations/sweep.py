"""Looks after all destinations every few minutes: measures, wakes senders that nobody wakes, and cleans up."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from hookswitch.destinations.send import OVERDUE
from hookswitch.destinations.table import DestinationTable, Standing
from hookswitch.destinations.waking import wake
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.settings.functions import DestinationsSettings

AT_ONCE = 16  # destinations that are looked at at the same time
DELETED_ROWS = 2_000  # of removed destinations, in one sweep
IDLE = 60_000  # milliseconds after which somebody should have begun to send what is owed


def sweep(table: DestinationTable, settings: DestinationsSettings, metrics: MetricsRecorder) -> None:
    """Look after all destinations.

    Raises:
        StorageUnavailableError, QueueUnavailableError, ClientError, BotoCoreError: A service did not do its part.
    """
    standings = [*table.standings()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        owed_since = [*pool.map(partial(_look_after, table, settings), standings)]
    states = [standing.destination for standing in standings]
    now = _now()
    metrics.add("destination_backlog", sum(1 for since in owed_since if since))
    metrics.add("destination_backlog_age", max((now - since for since in owed_since if since), default=0) / 1000)
    metrics.add("destinations_off", sum(1 for each in states if each.state == "off"))
    left = DELETED_ROWS
    for destination_id in table.removed():
        if not table.delete_rows(destination_id, left):
            break


def _look_after(table: DestinationTable, settings: DestinationsSettings, standing: Standing) -> int:
    """Return since when a destination that is on is owed something, 0 if nothing; wake a sender if nobody will."""
    now, destination = _now(), standing.destination
    first = table.first_owed(destination.id) if destination.state == "on" else None
    if not first:
        return 0
    is_served = standing.lease_until >= now or (standing.kept and standing.kept_until > now - OVERDUE)
    if not is_served and first.since < now - IDLE:
        wake([destination], now, settings.send_queue, settings.retry_queue)
    return first.since


def _now() -> int:
    return time.time_ns() // 1_000_000
