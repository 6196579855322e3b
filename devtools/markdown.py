"""Markdown pages that tools write: a template with the words, filled with tables of data."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

type Columns = Mapping[str, tuple[str, str]]
"""The columns of a table: a row's key to the column's heading and the format of its values, such as `.2f`."""


def fill(template: Path, values: Mapping[str, object]) -> str:
    """Return a template with each `$name` replaced.

    Raises:
        KeyError: A name of the template has no value.
    """
    return Template(template.read_text(encoding="utf-8")).substitute(values)


def table(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a table; a value that is absent or None is an empty cell."""
    lines = [_line([heading for heading, _ in columns.values()]), _line(["---"] * len(columns))]
    lines += [_line([_cell(row.get(key), spec) for key, (_, spec) in columns.items()]) for row in rows]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object, spec: str) -> str:
    if value is None:
        return ""
    return format(value, "" if isinstance(value, str) else spec)
