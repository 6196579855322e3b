"""Calls by the keys of the table: of a period, of a number, in progress, or one by whatever names it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.errors import LaptopError
from hookswitch.calls.items import party_key
from hookswitch.calls.log import takes_part
from tests.unit.devtools.call_records import ACCOUNT, BOB, JANE, START, at, leg, record
from tests.unit.devtools.call_table import Table, keys

DAY = 24 * 3600
OTHER = "1" * 32


@given(st.lists(st.integers(-3 * DAY, 3 * DAY), max_size=12), st.integers(-2 * DAY, DAY), st.integers(1, 2 * DAY))
def test_period(starts: list[int], start: int, length: int) -> None:
    """The calls that began in a period come newest first, however many days in UTC it has; its end is not in it."""
    table = Table(record(number, started_at=at(second)) for number, second in enumerate(starts))
    period = (START + timedelta(seconds=start), START + timedelta(seconds=start + length))
    found = [call["started_at"] for call in table.log().of_period(period)]
    assert found == [at(second) for second in sorted(starts, reverse=True) if start <= second < start + length]


def test_number() -> None:
    """Any way of writing a number finds its calls of all days, newest first, and no others."""
    other = {"number": "+15550000000"}
    calls = [record(number, started_at=at(-number * DAY)) for number in range(5)]
    calls += [record(9, **{"from": other, "to": other}), record(10, account_id=OTHER)]
    log, period = Table(calls).log(), (START - timedelta(days=100), START + timedelta(days=1))
    for text in ("+15551234567", "(555) 123-4567", "1 555 123 4567", "sip:+15551234567@example.com"):
        assert keys(log.of_number(text, period)) == keys(calls[:5])
    assert keys(log.of_number("201", period)) == keys([calls[5], *calls[:5]])
    assert not list(log.of_number("202", period))


def test_not_final() -> None:
    """Calls in progress are those of the account, though the table has them together with all others."""
    mine, theirs = record(1, state="ringing"), record(2, state="ringing", account_id=OTHER)
    log = Table([mine, theirs, record(3)]).log()
    assert keys(log.not_final()) == keys([mine])


def test_plain_values() -> None:
    """A record is as it was written: its numbers are integers."""
    call = record(1)
    assert next(Table([call]).log().of_period((START, START + timedelta(days=1)))) == call


@pytest.mark.parametrize(
    "text",
    [
        "abcdef" + "f" * 26,
        "ABCDEF" + "F" * 26,
        "call-abcdef" + "f" * 26,
        "call-abcdef" + "f" * 26 + "-12",
        "abcdef",
        "call-abcdeff",
        "a@pbx",
        "c@pbx",
        "e" * 32,
    ],
)
def test_what_names_a_call(text: str) -> None:
    """A call is found by its key, the beginning of that, the id of a CloudEvent, a leg, or an event of a leg."""
    event = {"event_id": "e" * 32, "kind": "event", "account_id": ACCOUNT, "call_id": "b@pbx"}
    assert Table([record(0xABCDEF)], [event]).log().find(text)["call"] == "abcdef" + "f" * 26


def test_beginning_of_a_call_in_progress() -> None:
    """It is found too, and once, however many feeds it is in."""
    assert Table([record(0xABCDEF, state="ringing")]).log().find("abcdef")["state"] == "ringing"


@pytest.mark.parametrize("text", ["abcdef", "0" * 32, "call-" + "0" * 32, "nothing@pbx", "../x", "\x1b[31m"])
def test_call_that_does_not_exist(text: str) -> None:
    """The error says how to find calls."""
    with pytest.raises(LaptopError, match="make calls"):
        Table([record(1)]).log().find(text)


def test_ambiguous_beginning() -> None:
    """Several calls that begin alike are listed; a longer beginning, or the day, tells them apart."""
    old = record(0xABCDE1, started_at=at(-2 * DAY), legs=[leg("x", "caller")])
    log = Table([record(0xABCDE0), old]).log()
    with pytest.raises(LaptopError, match="2 calls begin with abcde") as error:
        log.find("abcde")
    assert old["call"] in str(error.value)
    assert log.find("abcde1") == old
    assert log.find("abcde", (START - timedelta(days=3), START - timedelta(days=1))) == old


def test_call_of_another_account() -> None:
    """A leg is looked for in the account that is asked about: Dash's ids are unique there."""
    table = Table([record(1, account_id=OTHER)])
    assert table.log(OTHER).find("a@pbx")
    with pytest.raises(LaptopError):
        table.log().find("a@pbx")


def test_merged_calls() -> None:
    """A call that became a part of another leads to it, over several steps, and never in a circle for ever."""
    first, second, third = (record(number, legs=[leg(f"{number}", "caller")]) for number in (1, 2, 3))
    second["merged_into"], third["merged_into"] = first["call"], second["call"]
    log = Table([first, second, third]).log()
    assert log.merged(third) == first
    assert log.merged(first) == first
    first["merged_into"] = third["call"]
    assert Table([first, second, third]).log().merged(third)
    lost = record(4, merged_into="9" * 32)
    assert log.merged(lost) == lost


def test_events() -> None:
    """They come in the order of time; those that have expired are left out."""
    events = [{"event_id": f"{at:032x}", "timeline_key": f"{9 - at}"} for at in range(1, 10)]
    found = Table(events=events).log().events(record(1))
    assert [str(item["timeline_key"]) for item in found] == [*"012345678"]


@pytest.mark.parametrize(("number", "is_in"), [("555-123-4567", True), ("201", True), ("202", False), ("203", False)])
def test_party(number: str, *, is_in: bool) -> None:
    """A call in progress has no index entries yet; a phone that only rang is none of its parties."""
    call = record(1, to={}, reached=None, requested=None)
    assert call["from"] == JANE
    assert call["answered_by"] == BOB
    assert takes_part(call, party_key(ACCOUNT, "number", number)) is is_in
