"""What the functions count and measure, as CloudWatch metrics in the embedded metric format, by Powertools.

`METRICS` is the one list; docs/metrics.md says what each means. Namespace and service come from the template
(POWERTOOLS_METRICS_NAMESPACE, POWERTOOLS_SERVICE_NAME).
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from hookswitch.observability.log import log_fault, logger

SERVICE = ("service",)
MAX_VALUES = 100  # of one metric in a line (CloudWatch, "Embedded metric format specification")
_TELLING = ("hook", "correlation_id", "event_id", "call_id")  # of the logger's keys, those that a metric's line has too


@dataclass(frozen=True, slots=True)
class Metric:
    """What CloudWatch is told about a metric besides its name.

    Attributes:
        unit: As CloudWatch knows it.
        dimensions: The sets of dimensions under which its values appear, each with all of them.
    """

    unit: MetricUnit = MetricUnit.Count
    dimensions: tuple[tuple[str, ...], ...] = (SERVICE,)


_COUNT, _MILLISECONDS, _SECONDS = Metric(), Metric(MetricUnit.Milliseconds), Metric(MetricUnit.Seconds)

METRICS: Mapping[str, Metric] = {
    # deliveries, by the hook functions
    "received": _COUNT,
    "stored": Metric(dimensions=(SERVICE, (*SERVICE, "hook"))),
    "duplicate": _COUNT,
    "quarantined": _COUNT,
    "queued": _COUNT,
    "left_to_dedicated_hook": _COUNT,
    "refused": _COUNT,
    "failed": _COUNT,
    "handling_time": _MILLISECONDS,
    "delay_to_stored": _MILLISECONDS,
    # events, behind the hooks
    "published": _COUNT,
    "delay_to_published": _MILLISECONDS,
    "redriven": _COUNT,
    # webhooks and what they missed, by reconcile
    "webhook_disabled": _COUNT,
    "webhook_missing": _COUNT,
    "webhook_restored": _COUNT,
    "recovered": _COUNT,
    "reported": _COUNT,
    "not_recoverable": _COUNT,
    "not_yet": _COUNT,
    "reconciled": _COUNT,
    # deliveries that do not come, by the silence check
    "silent": _COUNT,
    # calls, by the payload types of their hooks
    "calls": _COUNT,
    "answered": _COUNT,
    "abandoned": _COUNT,
    "talk_time": _SECONDS,
    "ring_time": _SECONDS,
    "hangups": Metric(dimensions=((*SERVICE, "hangup_cause"),)),
    "missed": _COUNT,
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value for a metric.

    Attributes:
        name: The metric's, in `METRICS`.
        value: In the metric's unit.
        dimensions: The values of its dimensions other than the service.
    """

    name: str
    value: float = 1
    dimensions: Mapping[str, str] = field(default_factory=dict)


class MetricsRecorder:
    """What one invocation counts and measures: printed when the block ends, however it ends.

    All of it goes into one line, or into several if a metric has more values than one may hold. A dimension has one
    value in an invocation, so the metrics of several sets of dimensions fit into one document of the format, which has
    a directive for each.
    """

    def __init__(self, **dimensions: str) -> None:
        """Begin with values of dimensions, such as the hook."""
        self._dimensions = dict(dimensions)
        self._values: dict[str, list[float]] = {}

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Print; a fault in that must not cost anybody the answer."""
        try:
            self._print()
        except Exception as fault:  # noqa: BLE001 - what was done is done, counted or not
            log_fault(fault)

    def add(self, name: str, value: float = 1, **dimensions: str) -> None:
        """Count, or note a value: counts of one name are added up, other values stand each for itself.

        Raises:
            KeyError: There is no such metric.
        """
        values = self._values.setdefault(name, [])
        if values and METRICS[name].unit is MetricUnit.Count:
            values[0] += value
        else:
            values.append(float(value))
        self._dimensions |= dimensions

    def add_delay(self, name: str, since: float) -> None:
        """Note how long ago something was, given in Unix seconds; clocks differ, so what is to come is now."""
        self.add(name, round(max(0.0, time.time() - since) * 1000, 3))

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long the block takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, round((time.perf_counter() - began) * 1000, 3))

    def _print(self) -> None:
        keys = logger.get_current_keys()
        told = {name: keys[name] for name in _TELLING if keys.get(name)}
        most = max(map(len, self._values.values()), default=0)
        for start in range(0, most, MAX_VALUES):
            part = {name: values[start : start + MAX_VALUES] for name, values in self._values.items() if values[start:]}
            print(json.dumps(self._document(part, told), separators=(",", ":")))  # noqa: T201 - the way to CloudWatch

    def _document(self, values: Mapping[str, list[float]], told: Mapping[str, str]) -> dict[str, Any]:
        """Return values as a document of the format, made by Powertools for each of the metrics' sets of dimensions."""
        by_sets: dict[tuple[tuple[str, ...], ...], dict[str, dict[str, Any]]] = {}
        for name, found in values.items():
            metric = METRICS[name]
            by_sets.setdefault(metric.dimensions, {})[name] = {"Unit": metric.unit.value, "Value": found}
        document: dict[str, Any] = {}
        for sets, metrics in by_sets.items():
            # The metrics are handed over as a whole: added one by one, each value would cost more than the last.
            part: dict[str, Any] = dict(self._provider(sets, told).serialize_metric_set(metrics))
            if document:
                part["_aws"]["CloudWatchMetrics"] = [
                    *document["_aws"]["CloudWatchMetrics"],
                    *part["_aws"]["CloudWatchMetrics"],
                ]
            document |= part
        return document

    def _provider(self, sets: tuple[tuple[str, ...], ...], told: Mapping[str, str]) -> EphemeralMetrics:
        provider = EphemeralMetrics()
        values = {"service": provider.service, **self._dimensions}
        for name in sets[0]:
            provider.add_dimension(name, values[name])
        for names in sets[1:]:
            provider.add_dimensions(**{name: values[name] for name in names})
        for name, value in told.items():
            provider.add_metadata(name, value)
        return provider
