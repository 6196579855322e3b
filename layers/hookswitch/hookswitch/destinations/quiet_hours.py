"""Quiet hours: when nothing is sent to a destination, in the time of its zone."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from hookswitch.destinations.record import Filter
from hookswitch.errors import InvalidDestinationError

FORMS = "20:00-07:00, SAT-SUN, SUN or MON-FRI 18:00-08:00"
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_DAY = f"(?:{'|'.join(_DAYS)})"
_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_FORM = re.compile(
    rf"(?:(?P<first>{_DAY})(?:-(?P<last>{_DAY}))?)?\s*(?:(?P<start>{_TIME})-(?P<end>{_TIME}|24:00))?", re.ASCII
)
_WEEK = timedelta(days=7)
_MINUTES_OF_WEEK = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """A part of each of some days.

    Attributes:
        days: On which it begins, 0 for Monday.
        start: When, in minutes after midnight.
        end: When it ends, in minutes after the same midnight; more than a day's if that is on the next one.
    """

    days: frozenset[int]
    start: int
    end: int


def quiet_until(which: Filter, zone: str | tzinfo, now: datetime) -> datetime | None:
    """Return when the quiet hours end in which a moment lies; None if it lies in none.

    Windows that touch or overlap are one: the night before a quiet weekend ends after it. Where the clocks change, a
    window begins and ends when they first show its times, or would have shown them.

    Args:
        which: Has the quiet hours, as `parse_quiet_hours` takes them.
        zone: That of the hours: an IANA name, or the zone itself.
        now: The moment, with a time zone.

    Returns:
        The end in `zone`.

    Raises:
        InvalidDestinationError: The quiet hours can't be read.
        ZoneInfoNotFoundError: There is no such zone.
    """
    windows = _windows(which.quiet)
    local = ZoneInfo(zone) if isinstance(zone, str) else zone
    end, latest = now, now + _WEEK
    while windows and end < latest:
        later = max((until for since, until in _around(windows, end, local) if since <= end < until), default=end)
        if later == end:
            break
        end = later
    return None if end == now else end.astimezone(local)


def parse_quiet_hours(texts: Iterable[str]) -> tuple[Window, ...]:
    """Return quiet hours as windows, and check that they leave some time.

    Args:
        texts: Each one of `FORMS`, in capital or small letters.

    Raises:
        InvalidDestinationError: One has another form, or no time is left in which anything could be sent.
    """
    windows = _windows(tuple(texts))
    quiet = {
        (day * 24 * 60 + minute) % _MINUTES_OF_WEEK
        for window in windows
        for day in window.days
        for minute in range(window.start, window.end)
    }
    if len(quiet) == _MINUTES_OF_WEEK:
        raise InvalidDestinationError("QUIET leaves no time in which anything could be sent. Pause the destination.")
    return windows


@lru_cache
def _windows(texts: tuple[str, ...]) -> tuple[Window, ...]:
    return tuple(_parsed(text) for text in texts)


def _parsed(text: str) -> Window:
    found = _FORM.fullmatch(text.strip().upper())
    if not found or not (found["first"] or found["start"]):
        raise InvalidDestinationError(f"QUIET has {text.strip()!r}, which is no quiet time. These forms work: {FORMS}.")
    start, end = _minutes(found["start"] or "0:00"), _minutes(found["end"] or "24:00")
    if start == end:
        raise InvalidDestinationError(f"QUIET has {text.strip()!r}, which begins and ends at the same time.")
    days = range(7)
    if found["first"]:
        first, last = _DAYS.index(found["first"]), _DAYS.index(found["last"] or found["first"])
        days = range(first, last + 1 if first <= last else last + 8)
    return Window(frozenset(day % 7 for day in days), start, end if start < end else end + 24 * 60)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _around(windows: Iterable[Window], moment: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times of the windows that begin on the day of a moment, or the day before."""
    today = moment.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        for window in windows:
            if day.weekday() in window.days:
                yield _at(day, window.start, zone), _at(day, window.end, zone)


def _at(day: date, minutes: int, zone: tzinfo) -> datetime:
    """Return the moment at which the clocks of a zone first show a time; by way of UTC, so that moments compare."""
    days, minutes = divmod(minutes, 24 * 60)
    shown = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), zone)
    return shown.astimezone(UTC)
