"""Reads the table of expected records."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hookswitch.calls.record import Direction, State, Status, Step

TABLE = Path(__file__).with_name("expected.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The record that a scenario must give. The head of expected.toml explains each column.

    None stands for what must be absent from the record.
    """

    status: Status
    direction: Direction
    state: State
    from_: str
    to: str
    via: list[Step]
    leg_count: int
    wait_seconds: int | None = None
    talk_seconds: int | None = None
    duration_seconds: int | None = None
    answered_by: str | None = None
    reached: str | None = None
    voicemail_seconds: int | None = None
    missed_calls: int = 0
    faxes: list[str] = field(default_factory=list)
    complete: bool = True
    hangup_cause: str | None = None
    calls: int = 1


def _read() -> dict[str, Expected]:
    document = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {
        name: Expected(**{"from_" if column == "from" else column: value for column, value in row.items()})
        for name, row in document.items()
    }


EXPECTED: Mapping[str, Expected] = _read()
"""The expected record of each scenario, by the scenario's name."""
