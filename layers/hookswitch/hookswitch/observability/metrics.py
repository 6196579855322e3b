"""CloudWatch metrics in the embedded metric format, made by Powertools.

`METRICS` lists them all; docs/metrics.md describes each. CloudWatch charges for each metric that a log line declares.
So unless the template's parameter Metrics is `all`, only those in `CORE` are declared; the others are plain properties
of the same line. Namespace and service come from the template (POWERTOOLS_METRICS_NAMESPACE, POWERTOOLS_SERVICE_NAME).
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from hookswitch.observability.log import log_fault, logger
from hookswitch.settings import declares_all_metrics

SERVICE = ("service",)
BY_HOOK = (*SERVICE, "hook")
LONGEST_DELAY = timedelta(days=31)  # queues keep messages for 14 days at most
MAX_VALUES = 100  # of one metric in a log line (CloudWatch, "Embedded metric format specification")
_CONTEXT_KEYS = ("hook", "correlation_id", "event_id", "call_id")  # keys of the logger that a line of metrics has too


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's definition.

    Attributes:
        unit: CloudWatch's name of the unit.
        dimensions: Sets of dimensions; all values of the metric appear under each set.
    """

    unit: MetricUnit = MetricUnit.Count
    dimensions: tuple[tuple[str, ...], ...] = (SERVICE,)


_COUNT, _MILLISECONDS, _SECONDS = Metric(), Metric(MetricUnit.Milliseconds), Metric(MetricUnit.Seconds)

METRICS: Mapping[str, Metric] = {
    # deliveries, by the hook functions
    "received": _COUNT,
    "stored": Metric(dimensions=(SERVICE, BY_HOOK)),
    "duplicate": _COUNT,
    "quarantined": _COUNT,
    "queued": _COUNT,
    "preview": _COUNT,
    "test": _COUNT,
    "refused": _COUNT,
    "failed": _COUNT,
    "handling_time": _MILLISECONDS,
    "delay_to_stored": _MILLISECONDS,
    # events, behind the hooks
    "published": _COUNT,
    "delay_to_published": _MILLISECONDS,
    "unpublishable": _COUNT,
    "redriven": _COUNT,
    # webhooks and what they missed, by reconcile
    "webhook_disabled": _COUNT,
    "webhook_missing": _COUNT,
    "webhook_restored": _COUNT,
    "recovered": _COUNT,
    "reported": _COUNT,
    "not_recoverable": _COUNT,
    "deferred": _COUNT,
    "malformed_attempts": _COUNT,
    "overflowed_seconds": _COUNT,
    "watermark_age": _SECONDS,
    "legs_on_dash": _COUNT,
    "legs_here": _COUNT,
    "legs_missing": _COUNT,
    "reconciled": _COUNT,
    # deliveries that do not come, by the silence check
    "silent": _COUNT,
    # calls, by the calls function
    "calls": _COUNT,
    "answered": _COUNT,
    "voicemail": _COUNT,
    "missed": _COUNT,
    "abandoned": _COUNT,
    "busy": _COUNT,
    "not_connected": _COUNT,
    "talk_time": _SECONDS,
    "wait_time": _SECONDS,
    "hangups": Metric(dimensions=((*SERVICE, "hangup_cause"),)),
    "call_revisions": _COUNT,
    # deliveries to destinations, by the send function; what is owed, by the sweep of the destinations function
    "destination_deliveries": _COUNT,
    "destination_failures": _COUNT,
    "destination_dead_letters": _COUNT,
    "destination_backlog": _COUNT,
    "destination_backlog_age": _SECONDS,
    "destinations_off": _COUNT,
}

# What alarms, the silence check and the dashboard's first row need: docs/engineering/decisions/0077-core-metrics.md
CORE = frozenset(
    {
        "received",
        "quarantined",
        "failed",
        "webhook_disabled",
        "webhook_missing",
        "not_recoverable",
        "overflowed_seconds",
        "watermark_age",
        "legs_missing",
        "reconciled",
        "silent",
        "calls",
        "answered",
        "voicemail",
        "missed",
        "abandoned",
        "destination_dead_letters",
        "destination_backlog_age",
        "destinations_off",
    }
)
CORE_HOOKS = frozenset({"outbound_fax_error", "inbound_fax_error", "deregister"})  # `stored`, by hook


def core_dimensions(name: str, hook: str | None) -> tuple[tuple[str, ...], ...]:
    """Return the sets of dimensions under which a metric is declared if only core metrics are.

    Args:
        name: The metric's name in `METRICS`.
        hook: The hook that it is counted for, if any.
    """
    if name in CORE:
        return METRICS[name].dimensions
    return (BY_HOOK,) if name == "stored" and hook in CORE_HOOKS else ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of a metric.

    Attributes:
        name: The metric's name in `METRICS`.
        value: In the metric's unit.
        dimensions: The values of its dimensions other than the service.
    """

    name: str
    value: float = 1
    dimensions: Mapping[str, str] = field(default_factory=dict)


class MetricsRecorder:
    """Records the metrics of one invocation, and prints them when the block ends, also by an error.

    They are printed in one line, or in several if a metric has more than MAX_VALUES values. A dimension has one value
    in an invocation, so one document of the format holds the metrics of all sets of dimensions, with a directive for
    each set. Metrics that are not declared are in the same document, in the same form, and in no directive.
    """

    def __init__(self, **dimensions: str) -> None:
        """Start with values of dimensions, such as the hook."""
        self._dimensions = dict(dimensions)
        self._values: dict[str, list[float]] = {}
        self._only = ""

    def __enter__(self) -> Self:
        """Start to record."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Print. A fault in printing must not fail the invocation."""
        try:
            self._print()
        except Exception as fault:  # noqa: BLE001 - the work is done, whether it is counted or not
            log_fault(fault)

    def add(self, name: str, value: float = 1, **dimensions: str) -> None:
        """Record a value. Counts of one name are added up; every other value is recorded by itself.

        Raises:
            KeyError: There is no such metric.
        """
        values = self._values.setdefault(name, [])
        if values and METRICS[name].unit is MetricUnit.Count:
            values[0] += value
        else:
            values.append(float(value))
        self._dimensions |= dimensions

    def add_only(self, name: str) -> None:
        """Count one, and drop all other metrics of the invocation, those before and those after."""
        self.add(name)
        self._only = name

    def add_delay(self, name: str, since: float) -> None:
        """Record the time since a moment in Unix seconds.

        A moment in the future, by another clock, counts as now. One that is longer ago than anything here waits is not
        a delay, but a wrong clock or a wrong number, and is left out.
        """
        delay = max(0.0, time.time() - since)
        if delay <= LONGEST_DELAY.total_seconds():
            self.add(name, round(delay * 1000, 3))

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Record how long the block takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, round((time.perf_counter() - started) * 1000, 3))

    def _print(self) -> None:
        if self._only:
            self._values = {self._only: self._values[self._only]}
        keys = logger.get_current_keys()
        context = {name: keys[name] for name in _CONTEXT_KEYS if keys.get(name)}
        most = max(map(len, self._values.values()), default=0)
        for start in range(0, most, MAX_VALUES):
            part = {name: values[start : start + MAX_VALUES] for name, values in self._values.items() if values[start:]}
            print(json.dumps(self._document(part, context), separators=(",", ":")))  # noqa: T201 - CloudWatch reads it from the log

    def _document(self, values: Mapping[str, list[float]], context: Mapping[str, str]) -> dict[str, Any]:
        """Return values as one document of the format, with a directive for all metrics of the same dimensions."""
        provider = EphemeralMetrics()
        dimensions = {"service": provider.service, **self._dimensions}
        document: dict[str, Any] = {**dimensions, **context}
        by_sets: dict[tuple[tuple[str, ...], ...], dict[str, dict[str, Any]]] = {}
        declares_all = declares_all_metrics()
        for name, found in values.items():
            metric = METRICS[name]
            if sets := metric.dimensions if declares_all else core_dimensions(name, dimensions.get("hook")):
                by_sets.setdefault(sets, {})[name] = {"Unit": metric.unit.value, "Value": found}
            else:
                document[name] = found
        directives: list[dict[str, Any]] = []
        for sets, metrics in by_sets.items():
            # All metrics at once: Powertools takes longer for each value and each dimension that is added by itself.
            used = {name: dimensions[name] for names in sets for name in names}
            document |= provider.serialize_metric_set(metrics, used, dict(context))
            (directive,) = document["_aws"]["CloudWatchMetrics"]
            directives.append({**directive, "Dimensions": [list(names) for names in sets]})
        if directives:
            document["_aws"]["CloudWatchMetrics"] = directives
        return document
