"""How far a backfill of calls has come."""

from dataclasses import dataclass

from devtools.local import LOCAL

FILE = LOCAL / "backfill-calls.json"


@dataclass
class Position:
    """How far a backfill has come.

    Attributes:
        first: The first day in UTC, as ISO 8601.
        last: The last one.
        place: What is done, of `Batch`.
        days: How many days are done.
        events: How many events were read that are a part of calls.
        calls: How many calls there are of the days that are done.
        published: How many records were published.
    """

    first: str
    last: str
    place: str = ""
    days: int = 0
    events: int = 0
    calls: int = 0
    published: int = 0
