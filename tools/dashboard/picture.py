"""Turns the dashboard's definition and recorded metrics into what is to be drawn, and has it drawn.

The drawing is done in an environment of its own (requirements/dashboard.in), by draw.py.
"""

import json
import math
import operator
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.cloudformation import parsed, resources
from tools.errors import LaptopError
from tools.local import DASH_ACCOUNT_ID, DASH_API_KEY, LOCAL, REGION, ROOT, STACK_NAME
from tools.processes import shown as path_shown
from tools.screen import say, step

from .day import BEGIN, DAY
from .definition import Line, Search, Widget, body, references, shown
from .recorded import Points, recorded

PICTURE = ROOT / "docs" / "dashboard.svg"
PYTHON = LOCAL / "dashboard" / "bin" / "python"
DRAW = Path(__file__).with_name("draw.py")
ASKED = {"DashAccountId": DASH_ACCOUNT_ID, "DashApiKey": DASH_API_KEY}
OWN_NAMES = {"AWS::StackName": STACK_NAME, "AWS::Region": REGION, "StageName": "v1"}
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}

type Drawing = dict[str, Any]


class PictureError(LaptopError):
    """The dashboard can't be drawn."""


def write(path: Path = PICTURE) -> None:
    """Draw the dashboard with a simulated day.

    Raises:
        PictureError: What draws it is not installed, or failed.
    """
    if not PYTHON.exists():
        raise PictureError("What draws is not installed. Run `make dashboard`, which installs it.")
    with step("Letting a day go by on the simulated Dash"):
        points = recorded()
    with step("Drawing the dashboard"):
        done = subprocess.run(
            [PYTHON, DRAW, path], input=json.dumps(drawings(points)), capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise PictureError(f"The dashboard can't be drawn:\n{done.stderr[-2000:]}")
    say(f"Wrote {path_shown(path)}.")


def drawings(points: Points) -> list[Drawing]:
    """Return each widget with its place on the grid, and with the values that it shows.

    Raises:
        KeyError: The dashboard shows something that this knows no way to draw.
    """
    kinds: Mapping[str, Callable[[Widget, Points], Drawing]] = {
        "text": lambda widget, _: {"kind": "text", "title": widget["properties"]["markdown"].strip("# ")},
        "alarm": _alarms,
        "singleValue": _numbers,
        "timeSeries": _graph,
    }
    made = []
    for widget in body(names())["widgets"]:
        place = {name: widget[name] for name in ("x", "y", "width", "height")}
        kind = widget["properties"]["view"] if widget["type"] == "metric" else widget["type"]
        made.append(place | kinds[kind](widget, points))
    return made


def names() -> dict[str, str]:
    """Return what is put in for each reference of the dashboard: here resources go by their logical ids."""
    return {name: OWN_NAMES.get(name, name.partition(".")[0]) for name in references()}


def statistic(name: str, values: Sequence[float]) -> float:
    """Return one of CloudWatch's statistics; percentiles by the nearest rank.

    Raises:
        KeyError: There is no such statistic.
    """
    if name.startswith("p"):
        return sorted(values)[math.ceil(float(name[1:]) / 100 * len(values)) - 1]
    simple: Mapping[str, Callable[[Sequence[float]], float]] = {
        "Sum": sum,
        "Average": lambda them: sum(them) / len(them),
        "Maximum": max,
        "Minimum": min,
    }
    return float(simple[name](values))


def by_period(values: Sequence[tuple[float, float]], stat: str, period: int) -> list[float | None]:
    """Return a statistic for each period of the day; None for those without a value.

    Args:
        values: Unix seconds and value of each.
        stat: The statistic.
        period: Seconds.
    """
    periods: list[list[float]] = [[] for _ in range(math.ceil(DAY / period))]
    for at, value in values:
        number = int((at - BEGIN) // period)
        if 0 <= number < len(periods):
            periods[number].append(value)
    return [statistic(stat, them) if them else None for them in periods]


def _graph(widget: Widget, points: Points) -> Drawing:
    properties = widget["properties"]
    return {
        "kind": "graph",
        "title": properties["title"],
        "stacked": properties.get("stacked", False),
        "axes": {side: axis["label"] for side, axis in properties["yAxis"].items()},
        "lines": [line for one in shown(widget) for line in _lines(one, points)],
    }


def _lines(one: Line | Search, points: Points) -> Iterator[Drawing]:
    if isinstance(one, Line):
        values = points.get((one.namespace, one.name, frozenset(one.dimensions.items())), [])
        yield {
            "label": one.options["label"],
            "color": one.options.get("color"),
            "axis": one.options.get("yAxis", "left"),
            "period": one.period,
            "values": by_period(values, one.stat, one.period),
        }
        return
    wanted = one.dimensions.items()
    found = {
        dict(dimensions)[one.opens]: values
        for (namespace, name, dimensions), values in points.items()
        if (namespace, name) == (one.namespace, one.name)
        and dict(dimensions).keys() == {*one.dimensions, one.opens}
        and wanted <= set(dimensions)
    }
    for value in sorted(found, key=lambda it: -sum(number for _, number in found[it])):
        line = {"label": value, "color": None, "axis": "left", "period": one.period}
        yield line | {"values": by_period(found[value], one.stat, one.period)}


def _numbers(widget: Widget, points: Points) -> Drawing:
    numbers = []
    for line in shown(widget):
        if not isinstance(line, Line):
            raise PictureError("A number is of one metric; this widget searches.")
        values = points.get((line.namespace, line.name, frozenset(line.dimensions.items())), [])
        number = statistic(line.stat, [value for _, value in values]) if values else None
        numbers.append({"label": line.options["label"], "color": line.options.get("color"), "value": number})
    return {"kind": "numbers", "title": widget["properties"]["title"], "numbers": numbers}


def _alarms(widget: Widget, points: Points) -> Drawing:
    made = resources(parsed(), **ASKED)
    alarms = [
        {"label": name.removesuffix("Alarm"), "alarm": sounds(made[name]["Properties"], points)}
        for name in widget["properties"]["alarms"]
    ]
    return {"kind": "alarms", "title": widget["properties"]["title"], "alarms": alarms}


def sounds(alarm: Mapping[str, Any], points: Points) -> bool:
    """Tell whether an alarm sounds at the end of the day: in all of its last periods the threshold is passed."""

    def text(value: Any) -> str:
        match value:
            case {"Ref": str(name)}:
                return OWN_NAMES.get(name, name)
            case {"Fn::GetAtt": [name, _]}:
                return str(name)
            case {"Fn::Sub": pattern}:
                return str(pattern).replace("${AWS::StackName}", STACK_NAME)
        return str(value)

    dimensions = frozenset((it["Name"], text(it["Value"])) for it in alarm.get("Dimensions", []))
    values = points.get((alarm["Namespace"], text(alarm["MetricName"]), dimensions), [])
    last = by_period(values, alarm["Statistic"], int(alarm["Period"]))[-int(alarm["EvaluationPeriods"]) :]
    passes, threshold = COMPARE[alarm["ComparisonOperator"]], float(alarm["Threshold"])
    missing = alarm["TreatMissingData"] == "breaching"
    return all(missing if value is None else passes(value, threshold) for value in last)
