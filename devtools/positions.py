"""How far a command has come, so that the same command goes on where it was interrupted.

It is a file of this machine, not an item of a table: to write there takes permissions that nobody who reads should
have. Where the file is lost, all is done again, which has to change nothing.
"""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class PositionFile[Position: DataclassInstance]:
    """The positions of commands of one kind that were interrupted."""

    def __init__(self, kind: type[Position], command: str, path: Path) -> None:
        """Use the position of one command.

        Args:
            kind: What a position is: a dataclass whose fields JSON can hold.
            command: What tells it apart from others, also from the same one about another table.
            path: The file.
        """
        self._kind = kind
        self._command = command
        self._path = path

    def load(self) -> Position | None:
        """Return where it was interrupted; None if it was not, or the file is damaged."""
        found: Any = self._all().get(self._command)
        with suppress(TypeError):
            return self._kind(**found) if found else None
        return None

    def save(self, position: Position) -> None:
        """Remember a position."""
        self._write(self._all() | {self._command: asdict(position)})

    def forget(self) -> None:
        """Remember none: the command is done."""
        self._write({name: value for name, value in self._all().items() if name != self._command})

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
