"""Quiet hours, in the time of the destination's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.destinations.filters import parse_filter
from hookswitch.destinations.quiet_hours import quiet_until
from hookswitch.destinations.record import Filter
from hookswitch.errors import InvalidDestinationError

NEW_YORK = "America/New_York"


def ends(quiet: str, now: str, zone: str = NEW_YORK) -> str | None:
    """Return when it is no longer quiet, as the clocks of the zone show it; November 26, 2026 is a Thursday."""
    moment = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
    end = quiet_until(parse_filter(quiet=quiet), zone, moment.astimezone(UTC))
    return f"{end:%a %d %H:%M}" if end else None


@pytest.mark.parametrize(
    ("quiet", "now", "expected"),
    [
        ("20:00-07:00", "2026-11-26 19:59", None),
        ("20:00-07:00", "2026-11-26 20:00", "Fri 27 07:00"),
        ("20:00-07:00", "2026-11-27 00:00", "Fri 27 07:00"),
        ("20:00-07:00", "2026-11-27 06:59", "Fri 27 07:00"),
        ("20:00-07:00", "2026-11-27 07:00", None),
        ("12:00-13:00", "2026-11-26 12:30", "Thu 26 13:00"),
        ("22:00-24:00", "2026-11-26 23:00", "Fri 27 00:00"),
        ("SAT-SUN", "2026-11-27 23:59", None),
        ("SAT-SUN", "2026-11-28 00:00", "Mon 30 00:00"),
        ("SAT-SUN", "2026-11-29 23:59", "Mon 30 00:00"),
        ("SUN", "2026-11-28 12:00", None),
        ("SUN", "2026-11-29 12:00", "Mon 30 00:00"),
        ("FRI-MON", "2026-11-26 12:00", None),
        ("FRI-MON", "2026-11-28 12:00", "Tue 01 00:00"),
        ("MON-FRI 18:00-08:00", "2026-11-26 20:00", "Fri 27 08:00"),
        ("MON-FRI 18:00-08:00", "2026-11-28 07:00", "Sat 28 08:00"),
        ("MON-FRI 18:00-08:00", "2026-11-28 20:00", None),
        ("MON-FRI 18:00-08:00", "2026-11-30 07:00", None),
        ("MON-FRI 18:00-08:00,SAT-SUN,MON 00:00-08:00", "2026-11-27 20:00", "Mon 30 08:00"),
        ("MON-THU 18:00-08:00,FRI-SUN", "2026-11-26 20:00", "Mon 30 00:00"),
        ("12:00-13:00,20:00-07:00", "2026-11-26 15:00", None),
        ("", "2026-11-26 15:00", None),
    ],
)
def test_when_quiet_hours_end(quiet: str, now: str, expected: str | None) -> None:
    """Days are those on which a window begins; windows that touch are one."""
    assert ends(quiet, now) == expected


@pytest.mark.parametrize(
    ("quiet", "now", "hours"),
    [
        ("20:00-07:00", "2026-10-31T22:00:00-04:00", 10),  # the clocks go back in that night
        ("20:00-07:00", "2026-03-07T22:00:00-05:00", 8),  # and forward in this one
        ("20:00-02:30", "2026-03-07T22:00:00-05:00", 4.5),  # 02:30 is skipped: when the clocks show 03:30
        ("20:00-01:30", "2026-10-31T22:00:00-04:00", 3.5),  # the first 01:30 of two
        ("SUN", "2026-11-01T00:00:00-04:00", 25),
        ("SUN", "2026-03-08T00:00:00-05:00", 23),
    ],
)
def test_nights_in_which_the_clocks_change(quiet: str, now: str, hours: float) -> None:
    """The end is when the clocks show it, however long the night is."""
    moment = datetime.fromisoformat(now)
    end = quiet_until(Filter(quiet=(quiet,)), NEW_YORK, moment)
    assert end is not None
    assert end.astimezone(UTC) - moment == timedelta(hours=hours)


minutes = st.integers(0, 24 * 60 - 1)


@given(
    seconds=st.integers(0, 2 * 365 * 24 * 3600),
    zone=st.sampled_from([NEW_YORK, "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]),
    windows=st.lists(st.tuples(st.sampled_from(["", "SAT-SUN ", "WED "]), minutes, minutes), min_size=1, max_size=3),
)
@settings(max_examples=40)
def test_the_end_is_later_and_not_quiet(seconds: int, zone: str, windows: list[tuple[str, int, int]]) -> None:
    """Once what was quiet ends, it is not quiet, so that whatever waited is sent."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    texts = tuple(
        f"{days}{start // 60}:{start % 60:02}-{end // 60}:{end % 60:02}" for days, start, end in windows if start != end
    )
    end = quiet_until(Filter(quiet=texts), zone, moment)
    if end is not None and end - moment < timedelta(days=7):
        assert end > moment
        assert quiet_until(Filter(quiet=texts), zone, end) is None
        assert quiet_until(Filter(quiet=texts), zone, end - timedelta(seconds=1)) == end


@pytest.mark.parametrize(
    "quiet", ["20:00", "25:00-07:00", "MON-FRIDAY", "20:00-20:00", "7-20", "MO", "MON-SUN", "00:00-12:00,12:00-24:00"]
)
def test_what_is_no_quiet_time(quiet: str) -> None:
    """Neither a part of a window nor one that never ends is taken."""
    with pytest.raises(InvalidDestinationError, match="QUIET"):
        parse_filter(quiet=quiet)
