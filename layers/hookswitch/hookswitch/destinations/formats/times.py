"""Times in the office's zone. Lambda has no time zones of its own: they come from the package tzdata."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo | None:
    """Return the IANA time zone of a name; None if there is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):  # unknown; a folder of zones; no name at all
        return None


def local(time: str, zone: str) -> datetime | None:
    """Return an RFC 3339 time in a zone, in UTC if the zone is unknown; None if it is no time."""
    try:
        return datetime.fromisoformat(time).astimezone(zone_named(zone) or UTC)
    except (OverflowError, TypeError, ValueError):
        return None


def for_people(time: str, zone: str) -> str:
    """Return a time as `Monday, November 23 2026, 09:27 EST`; empty if it is no time."""
    at = local(time, zone)
    return f"{at:%A, %B} {at.day} {at:%Y, %H:%M %Z}" if at else ""


def for_tables(time: str, zone: str) -> str:
    """Return a time as `2026-11-23 09:27:31`, which spreadsheets take for one; empty if it is no time."""
    at = local(time, zone)
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""
