"""The times that people give to commands as SINCE, UNTIL and DAY, and those that commands show.

A date or time without an offset is in this machine's time zone; as DAY, in the office's.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from devtools.errors import LaptopError
from hookswitch.events.items import timestamp

FORMS = '30m, 2h, 7d, today, yesterday, 2026-11-24, "2026-11-24 14:00", 2026-11-24T14:00:00Z'
_AGO = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_MILLISECOND = timedelta(milliseconds=1)
_SOON = timedelta(seconds=5)


def since(text: str, now: datetime | None = None, name: str = "SINCE") -> datetime:
    """Return when a period begins, with this machine's time zone; a day means its first moment.

    Args:
        text: One of `FORMS`. `2h` means two hours ago.
        now: The present; for tests.
        name: The argument that it was given as.

    Raises:
        LaptopError: It is of another form, does not exist, or is in the future.
    """
    now = (now or datetime.now(UTC)).astimezone()
    start = _parsed(name, text, now, end=False)
    if start > now:
        raise LaptopError(f"{name}={text} is in the future: it is {shown(now)} now.")
    return start


def until(text: str, now: datetime | None = None) -> datetime:
    """Return when a period ends, with this machine's time zone; a day means its last moment.

    Args:
        text: One of `FORMS`.
        now: The present; for tests.

    Raises:
        LaptopError: It is of another form, or does not exist.
    """
    return _parsed("UNTIL", text, (now or datetime.now(UTC)).astimezone(), end=True)


def period(text: str, zone: tzinfo, now: datetime | None = None) -> tuple[datetime, datetime]:
    """Return when a period of a zone begins, and the first moment after it.

    Args:
        text: One of `FORMS`. A day is a whole one of the zone; anything else is the beginning of what lasts until now.
        zone: That of days and of times without an offset, and of what is returned.
        now: The present; for tests.

    Raises:
        LaptopError: It is of another form, does not exist, or is in the future.
    """
    now = (now or datetime.now(UTC)).astimezone(zone)
    start = _parsed("DAY", text, now, end=False, zone=zone)
    if start > now:
        raise LaptopError(f"DAY={text} is in the future: it is {now:%b %d %H:%M %Z} now.")
    end = _parsed("DAY", text, now, end=True, zone=zone)
    return start, now if end == start else end + _MILLISECOND


def require_day(text: str) -> None:
    """Check the form of a DAY, before its time zone is known.

    Raises:
        LaptopError: It is of another form, or does not exist.
    """
    _parsed("DAY", text, datetime.now(UTC).astimezone(), end=False)


def require_order(first: date, last: date, given: tuple[str, str], name: str = "SINCE") -> None:
    """Check that a period does not end before it begins.

    Args:
        first: When it begins.
        last: When it ends.
        given: Both as they were given.
        name: The argument that the first was given as.

    Raises:
        LaptopError: It does.
    """
    if first > last:
        raise LaptopError(f"{name}={given[0]} is after UNTIL={given[1]}.")


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC, as the functions, JSON and CSV have it."""
    return timestamp(moment.astimezone(UTC))


def shown(moment: datetime) -> str:
    """Return a moment as people read it, with the name of this machine's time zone."""
    return moment.astimezone().strftime("%b %d %H:%M %Z")


def _parsed(name: str, text: str, now: datetime, *, end: bool, zone: tzinfo | None = None) -> datetime:
    said = text.strip().upper()
    try:
        if ago := _AGO.fullmatch(said.lower()):
            return (now.astimezone(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).astimezone(zone)
        if said == "TODAY":
            return _day(now.date(), zone, end=end)
        if said == "YESTERDAY":
            return _day(now.date() - timedelta(days=1), zone, end=end)
        if _DAY.fullmatch(said):
            return _day(date.fromisoformat(said), zone, end=end)
        if _MOMENT.fullmatch(said):
            return _placed(datetime.fromisoformat(said), zone)
    except (ValueError, OverflowError, OSError):
        pass  # such as February 30
    raise LaptopError(f"{name}={text} is not a time. These forms work: {FORMS}.")


def _day(day: date, zone: tzinfo | None, *, end: bool) -> datetime:
    """Return the first or last moment of a day in a zone; None is this machine's. A day may have 23 or 25 hours."""
    if end:
        after = _day(day + timedelta(days=1), zone, end=False)
        return (after.astimezone(UTC) - _MILLISECOND).astimezone(zone)
    return _placed(datetime.combine(day, time()), zone)


def _placed(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return a moment in a zone; without an offset it is in that zone already."""
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    # By way of UTC: a time that the clocks skip becomes the one that they show then.
    return moment.astimezone(UTC).astimezone(zone)


def age(since: timedelta) -> str:
    """Return a duration as people say it, in its largest unit."""
    seconds = max(0, int(since.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length * 2 or (unit != "minute" and seconds >= length and seconds % length == 0):
            return counted(seconds // length, unit, f"{unit}s")
    return counted(seconds, "second", "seconds")


def left(seconds: float) -> list[str]:
    """Return how long something will still take, as a part of what is said about it: none if it is nearly done."""
    remaining = timedelta(seconds=seconds)
    return [f"{age(remaining)} left"] if remaining > _SOON else []


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{count} {one if count == 1 else many}"
