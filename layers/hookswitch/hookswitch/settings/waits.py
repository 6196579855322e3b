"""Waits that tests shorten."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class WaitSettings:
    """Waits that tests shorten; the template sets none.

    Attributes:
        dash_read: Seconds to wait for an answer of Dash, None for the default (DASH_READ_SECONDS).
        calls_settle: Seconds after the end of a call until its record is final, None for the default
            (CALLS_SETTLE_SECONDS).
        callback_settle: Seconds after a change of the callback secret until its tokens may be registered, None for the
            default (CALLBACK_SETTLE_SECONDS).
        console_refresh: Seconds after which the user pool is asked again who somebody is, None for the default
            (CONSOLE_REFRESH_SECONDS).
    """

    dash_read: float | None
    calls_settle: float | None
    callback_settle: float | None
    console_refresh: float | None

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings of the function that runs."""
        return cls(
            _seconds("DASH_READ_SECONDS"),
            _seconds("CALLS_SETTLE_SECONDS"),
            _seconds("CALLBACK_SETTLE_SECONDS"),
            _seconds("CONSOLE_REFRESH_SECONDS"),
        )


def _seconds(name: str) -> float | None:
    value = os.environ.get(name)
    return float(value) if value else None
