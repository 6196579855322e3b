"""What happens on a simulated phone system, one event after the other."""

from typing import Any, NamedTuple


class Step(NamedTuple):
    """One event.

    Attributes:
        hook: The hook that it belongs to.
        payload: Its fields, with Dash's own types.
        note: What happens, in words.
        at: Unix seconds at which it happens. Some events, such as those of parking, have no time of their own.
    """

    hook: str
    payload: dict[str, Any]
    note: str
    at: float
