"""SINCE and UNTIL: what people type, and what it means where they are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.errors import LaptopError
from devtools.since import FORMS, left, period, require_day, require_order, rfc3339, since, until
from tests.unit.devtools.here import in_zone

NOW = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)  # still the evening of the 24th in New York
ZONE = "America/New_York"


@pytest.fixture(autouse=True, scope="module")
def _here() -> Iterator[None]:
    """A machine in New York."""
    with in_zone(ZONE):
        yield


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("90s", "2026-11-25T04:28:30.000Z"),
        ("30m", "2026-11-25T04:00:00.000Z"),
        ("2h", "2026-11-25T02:30:00.000Z"),
        (" 2H ", "2026-11-25T02:30:00.000Z"),
        ("7d", "2026-11-18T04:30:00.000Z"),
        ("1w", "2026-11-18T04:30:00.000Z"),
        ("today", "2026-11-24T05:00:00.000Z"),
        ("Yesterday", "2026-11-23T05:00:00.000Z"),
        ("2026-11-24", "2026-11-24T05:00:00.000Z"),
        ("2026-07-01", "2026-07-01T04:00:00.000Z"),  # daylight saving time
        ("2026-11-24 14:00", "2026-11-24T19:00:00.000Z"),
        ("2026-11-24T14:00:30", "2026-11-24T19:00:30.000Z"),
        ("2026-11-24T14:00:00Z", "2026-11-24T14:00:00.000Z"),
        ("2026-11-24t14:00:00.25z", "2026-11-24T14:00:00.250Z"),
        ("2026-11-24T14:00:00+01:00", "2026-11-24T13:00:00.000Z"),
    ],
)
def test_what_people_type(text: str, start: str) -> None:
    """Each form is the time that it says, days and times of the clock as on this machine."""
    assert rfc3339(since(text, NOW)) == start


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("today", "2026-11-25T04:59:59.999Z"),
        ("2026-11-01", "2026-11-02T04:59:59.999Z"),  # that day has 25 hours
        ("2h", "2026-11-25T02:30:00.000Z"),
        ("2026-11-24T14:00:00Z", "2026-11-24T14:00:00.000Z"),
    ],
)
def test_until(text: str, end: str) -> None:
    """A period that ends with a day has all of it."""
    assert rfc3339(until(text, NOW)) == end


@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "2", "h", "-2h", "2 hours", "2026-02-30", "2026-13-01", "24.11.2026", "2026-W48", "20261124"),
        *(
            "2026-11-24T25:00",
            "2026-11-24T14",
            "999999999d",
            "999999999w",
            "0000-01-01",
            "٢h",
            "2026-11-24T14:00+25:00",
        ),
    ],
)
def test_unknown_form(text: str) -> None:
    """The error repeats what was typed, and names the forms that work."""
    for parse, name in ((since, "SINCE"), (until, "UNTIL")):
        with pytest.raises(LaptopError, match=f"^{name}=") as error:
            parse(text, NOW)
        assert FORMS in str(error.value)


def test_every_form_that_is_named_works() -> None:
    """The error promises nothing that fails."""
    for form in FORMS.split(", "):
        assert since(form.strip('"'), NOW) <= NOW


def test_future() -> None:
    """A period that has not begun is a mistake; one that has not ended is none."""
    with pytest.raises(LaptopError, match="future: it is Nov 24 23:30 EST now"):
        since("2026-11-25", NOW)
    assert until("2030-01-01", NOW) > NOW


@given(st.text(max_size=30) | st.from_regex(r"\d{1,12}[smhdw]|\d{4}-\d\d-\d\d([T ]\d\d:\d\d)?(Z)?", fullmatch=True))
def test_any_text(text: str) -> None:
    """Whatever is typed is a time, or an error for people."""
    for parse in (since, until):
        try:
            moment = parse(text, NOW)
        except LaptopError:
            continue
        assert moment.tzinfo is not None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2026, 11, 24), timezones=st.just(UTC)))  # noqa: DTZ001 - as it asks
def test_round_trip(moment: datetime) -> None:
    """A time as the functions and JSON have it can be typed again."""
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert since(rfc3339(moment), NOW) == moment
    local = moment.astimezone().isoformat(timespec="milliseconds")
    assert since(local, NOW) == moment


@given(st.integers(0, 99_999))
def test_duration(minutes: int) -> None:
    """A duration counts back from now."""
    assert NOW - since(f"{minutes}m", NOW) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("today", "2026-11-24T15:00:00.000Z", "2026-11-25T15:00:00.000Z"),  # the 25th in Tokyo
        ("yesterday", "2026-11-23T15:00:00.000Z", "2026-11-24T15:00:00.000Z"),
        ("2026-11-24", "2026-11-23T15:00:00.000Z", "2026-11-24T15:00:00.000Z"),
        ("2h", "2026-11-25T02:30:00.000Z", "2026-11-25T04:30:00.000Z"),
        ("2026-11-25 09:00", "2026-11-25T00:00:00.000Z", "2026-11-25T04:30:00.000Z"),
        ("2026-11-24T14:00:00Z", "2026-11-24T14:00:00.000Z", "2026-11-25T04:30:00.000Z"),
    ],
)
def test_period(text: str, start: str, end: str) -> None:
    """A day is one of the office, not of this machine or of UTC; anything else lasts until now."""
    tokyo = ZoneInfo("Asia/Tokyo")
    found = period(text, tokyo, NOW)
    assert (rfc3339(found[0]), rfc3339(found[1])) == (start, end)
    assert found[0].tzinfo is tokyo


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)])
def test_day_of_a_change(day: str, hours: int) -> None:
    """A day on which the clocks change is all of it, and the next one begins where it ends."""
    start, end = (moment.astimezone(UTC) for moment in period(day, ZoneInfo(ZONE), NOW))
    assert end - start == timedelta(hours=hours)


def test_day_without_midnight() -> None:
    """Where the clocks skip midnight, the day begins at one."""
    start, _ = period("2018-11-04", ZoneInfo("America/Sao_Paulo"), NOW)
    assert start.isoformat() == "2018-11-04T01:00:00-02:00"


def test_period_of_the_future() -> None:
    """A day that has not begun in the office is a mistake, though it has elsewhere."""
    with pytest.raises(LaptopError, match="DAY=2026-11-25 is in the future: it is Nov 24 23:30 EST now"):
        period("2026-11-25", ZoneInfo(ZONE), NOW)
    with pytest.raises(LaptopError, match="DAY=soon is not a time"):
        require_day("soon")
    require_day("2026-11-25")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, []), (5.0, []), (6.0, ["6 seconds left"]), (180.5, ["3 minutes left"])]
)
def test_left(seconds: float, said: list[str]) -> None:
    """What is nearly done needs no word about how long that takes."""
    assert left(seconds) == said


def test_period_that_ends_before_it_begins() -> None:
    """It is refused by the names and texts that were given, and a period of one moment is none of these."""
    first = datetime(2026, 11, 24, tzinfo=UTC)
    require_order(first, first, ("today", "today"))
    with pytest.raises(LaptopError, match=r"FROM=today is after UNTIL=yesterday\."):
        require_order(first, first - timedelta(days=1), ("today", "yesterday"), "FROM")
