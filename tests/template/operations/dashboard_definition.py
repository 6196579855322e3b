"""The dashboard as CloudWatch receives it, with names substituted and the shorthand of metrics expanded.

Source: "Dashboard body structure and syntax" (Amazon CloudWatch API Reference).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devtools.template import evaluated, parsed, values_of

SEARCH = re.compile(r"SEARCH\('\{(?P<schema>[\w/,]+)\} (?P<terms>.*)', '(?P<stat>\w+)', (?P<period>\d+)\)")
TERM = re.compile(r'(\w+)="([^"]*)"')
REFERENCE = re.compile(r"\$\{([^!}][^}]*)\}")

type Widget = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A metric that a widget shows.

    Attributes:
        namespace: The metric's.
        name: The metric's.
        dimensions: Names and values.
        stat: The statistic, such as `Sum` or `p99`.
        period: Seconds.
        options: What the widget says besides: `label`, `color`, `yAxis`.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    stat: str
    period: int
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Search:
    """A search of a widget: it shows a metric for each value of the open dimension.

    Attributes:
        namespace: The metrics'.
        name: The metrics'.
        dimensions: The values that are given.
        opens: The dimension that makes the metrics differ.
        stat: The statistic.
        period: Seconds.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    opens: str
    stat: str
    period: int


def body(names: Mapping[str, str], **parameters: str) -> dict[str, Any]:
    """Return the dashboard's definition.

    Args:
        names: What is put in for each reference, as the text of `Fn::Sub` has it: `Publish`, `RedriveQueue.QueueName`.
        parameters: Template parameters that differ from their defaults.

    Raises:
        KeyError: The dashboard refers to something else.
    """
    written = parsed()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    text, variables = evaluated(written, parsed(), values_of(parsed(), **parameters))["Fn::Sub"]
    parts = {
        name: _filled(part["Fn::Sub"], names) if isinstance(part, dict) else part for name, part in variables.items()
    }
    made: dict[str, Any] = json.loads(_filled(text, {**names, **parts}))
    return made


def references() -> set[str]:
    """Return all references in the dashboard's text, including those in its variables."""
    text, variables = parsed()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found: set[str] = set(REFERENCE.findall(text + json.dumps(variables)))
    return found - set(variables)


def shown(widget: Widget) -> Iterator[Line | Search]:
    """Yield what a metric widget shows.

    Raises:
        ValueError: An expression is none that this can read.
    """
    properties = widget["properties"]
    before: Sequence[str] = ()
    for row in properties["metrics"]:
        options = row[-1] if isinstance(row[-1], dict) else {}
        if "expression" in options:
            yield _searched(options["expression"])
            continue
        before = _spelled([part for part in row if isinstance(part, str)], before)
        namespace, name, *rest = before
        yield Line(
            namespace,
            name,
            dict(zip(rest[::2], rest[1::2], strict=True)),
            options.get("stat", properties.get("stat", "Average")),
            options.get("period", properties.get("period", 300)),
            options,
        )


def _spelled(row: Sequence[str], before: Sequence[str]) -> list[str]:
    """Expand "." (as in the previous row) and "..." (as in the previous row, up to what follows)."""
    if row and row[0] == "...":
        return [*before[: len(before) - len(row) + 1], *row[1:]]
    return [before[at] if part == "." else part for at, part in enumerate(row)]


def _searched(expression: str) -> Search:
    found = SEARCH.fullmatch(expression)
    if not found:
        raise ValueError(f"This expression can't be read: {expression}")
    namespace, *dimensions = found["schema"].split(",")
    terms = dict(TERM.findall(found["terms"]))
    name = terms.pop("MetricName")
    (opens,) = set(dimensions) - terms.keys()
    return Search(namespace, name, terms, opens, found["stat"], int(found["period"]))


def _filled(text: str, names: Mapping[str, str]) -> str:
    return REFERENCE.sub(lambda found: names[found[1]], text).replace("${!", "${")
