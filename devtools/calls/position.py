"""How far a backfill of calls has come, so that the same command goes on where it was interrupted.

It is a file of this machine, not an item of the table: to write there takes a permission to forge events, which nobody
who reads calls should have. Where the file is lost, all is done again, which changes nothing.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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


class PositionFile:
    """The positions of the backfills that were interrupted."""

    def __init__(self, backfill: str, path: Path = FILE) -> None:
        """Use the position of one backfill.

        Args:
            backfill: What tells it apart from others.
            path: The file.
        """
        self._backfill = backfill
        self._path = path

    def load(self) -> Position | None:
        """Return where it was interrupted; None if it was not, or the file is damaged."""
        found: Any = self._all().get(self._backfill)
        with suppress(TypeError):
            return Position(**found) if found else None
        return None

    def save(self, position: Position) -> None:
        """Remember a position."""
        self._write(self._all() | {self._backfill: asdict(position)})

    def forget(self) -> None:
        """Remember none: the backfill is done."""
        self._write({name: value for name, value in self._all().items() if name != self._backfill})

    def _all(self) -> dict[str, dict[str, object]]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, positions: dict[str, dict[str, object]]) -> None:
        self._path.parent.mkdir(exist_ok=True)
        written = self._path.with_suffix(".new")
        written.write_text(json.dumps(positions, indent=1), encoding="utf-8")
        written.replace(self._path)  # at once, so that an interruption leaves the old one or the new one
