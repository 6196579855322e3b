"""What functions print in CloudWatch's embedded metric format, as CloudWatch would read it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """The values of one metric under one set of dimensions, from one line."""

    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    values: tuple[float, ...]


def documents_in(text: str) -> list[dict[str, Any]]:
    """Return the lines of a log that are in the format."""
    lines = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
    return [line for line in lines if "_aws" in line]


def samples_in(text: str) -> list[Sample]:
    """Return all samples of a log.

    Raises:
        KeyError: A line names a dimension or a metric that it has no value of, so CloudWatch would take nothing of it.
    """
    return [sample for document in documents_in(text) for sample in _samples(document)]


def total(text: str, name: str, **dimensions: str) -> float:
    """Return the sum of a metric's values under exactly these dimensions and the service."""
    return sum(
        sum(sample.values)
        for sample in samples_in(text)
        if sample.name == name and {**dict(sample.dimensions), "service": ""} == {**dimensions, "service": ""}
    )


def _samples(document: dict[str, Any]) -> Iterator[Sample]:
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = tuple((name, document[name]) for name in sorted(names))
            for metric in directive["Metrics"]:
                values = document[metric["Name"]]
                values = tuple(values) if isinstance(values, list) else (values,)
                yield Sample(directive["Namespace"], metric["Name"], metric["Unit"], dimensions, values)
