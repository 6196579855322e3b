"""The times in payloads: gregorian seconds, as Dash documents them, and what else systems send in their place."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import PlainValidator

# Seconds from the year 0, where Erlang's calendar begins, to 1970, where Unix time does.
GREGORIAN_EPOCH = 62_167_219_200

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # Unix seconds of the years 2000 and 2100
_MICROSECONDS = (1_000_000, 1_000, 1)  # in a second, a millisecond, and a microsecond itself
_MAX_LENGTH = 20  # characters; a longer text is not a number of any of these


def moment(value: object) -> datetime:
    """Return the moment that a number in a payload means, in UTC.

    Dash documents gregorian seconds. Kazoo has sent Unix seconds in the same fields (its pull request 4247), and other
    programs count milliseconds or microseconds. No number means one moment of the years 2000 to 2099 in one of these
    units and another such moment in another unit, so its size alone tells the unit.

    Args:
        value: An integer, or a string of digits.

    Raises:
        ValueError: The value is not a number, or means no moment of those years: it is as good as absent.
    """
    text = str(value)
    number = int(text) if len(text) <= _MAX_LENGTH and text.isdecimal() and text.isascii() else 0
    for unit in _MICROSECONDS:
        per_second = 1_000_000 // unit
        for epoch in (GREGORIAN_EPOCH, 0):
            unix = number - epoch * per_second
            if _EARLIEST * per_second <= unix < _LATEST * per_second:
                return _UNIX_EPOCH + timedelta(microseconds=unix * unit)
    raise ValueError("not a time of the years 2000 to 2099 in gregorian or Unix seconds")


GregorianSeconds = Annotated[datetime, PlainValidator(moment, json_schema_input_type=int | str)]
"""Seconds since the year 0, as an integer or a string of digits; becomes a datetime in UTC. See `moment`."""
