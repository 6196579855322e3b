"""The dashboard is valid for CloudWatch, and shows only what exists."""

import json
from itertools import combinations
from typing import Any

import pytest

from devtools.template import ASKED, parsed, resources
from hookswitch.dash.hooks import HOOKS
from hookswitch.observability.metrics import METRICS, core_dimensions
from simulator.tests.each import for_each
from tests.template.operations.dashboard_definition import Line, Search, body, references, shown
from tests.template.operations.metrics import FILTER, OURS, fits

NAMES = {name: f"${{{name}}}" for name in references()}  # each reference stands for itself
EVERYTHING = ASKED | {"BusinessHours": "9-16", "Console": "on"}
DEFINITION = body(NAMES, **EVERYTHING)
WIDGETS = DEFINITION["widgets"]
METRIC_WIDGETS = [widget for widget in WIDGETS if widget["type"] == "metric"]
TITLES = [widget["properties"]["title"] for widget in METRIC_WIDGETS]
# "CloudWatch service quotas" (Amazon CloudWatch User Guide)
MOST_WIDGETS, MOST_METRICS_OF_A_WIDGET, MOST_METRICS, MOST_ALARMS_OF_A_WIDGET = 500, 500, 2500, 100
COLUMNS = 24


def area(widget: dict[str, Any]) -> set[tuple[int, int]]:
    """Return the cells of the grid that a widget covers."""
    columns = range(widget["x"], widget["x"] + widget["width"])
    return {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}


def test_limits() -> None:
    """It stays within CloudWatch's limits on widgets and metrics, and within the grid."""
    assert len(WIDGETS) <= MOST_WIDGETS
    counts = [len(list(shown(widget))) for widget in METRIC_WIDGETS]
    assert max(counts) <= MOST_METRICS_OF_A_WIDGET
    assert sum(counts) <= MOST_METRICS
    assert all(0 <= x < COLUMNS for widget in WIDGETS for x, _ in area(widget))


def test_widgets_do_not_overlap() -> None:
    """Each cell of the grid belongs to exactly one widget."""
    for one, other in combinations(WIDGETS, 2):
        assert not area(one) & area(other)
    covered = set().union(*map(area, WIDGETS))
    height = max(y for _, y in covered) + 1
    assert len(covered) == COLUMNS * height


def test_every_reference_leads_somewhere() -> None:
    """Every name in the text is a parameter, a resource or a pseudo parameter."""
    known = parsed()["Resources"].keys() | parsed()["Parameters"].keys() | {"AWS::StackName", "AWS::Region"}
    assert {name.partition(".")[0] for name in references()} <= known


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ReconcileRate": "off"},
        {"BusinessHours": "9-16"},
        {"AccountAlarms": "off"},
        {"SendToDestinations": "off"},
        {"Console": "on"},
    ],
)
def test_it_shows_the_alarms_that_there_are(given: dict[str, str]) -> None:
    """It shows exactly the stack's alarms, whatever the parameters: a missing one would fail the deployment."""
    made = resources(parsed(), **ASKED, **given)
    wanted = {f"${{{name}.Arn}}" for name, it in made.items() if it["Type"] == "AWS::CloudWatch::Alarm"}
    definition = body(NAMES, **ASKED, **given)
    (widget,) = [it for it in definition["widgets"] if it["type"] == "alarm"]
    assert len(widget["properties"]["alarms"]) <= MOST_ALARMS_OF_A_WIDGET
    assert set(widget["properties"]["alarms"]) == wanted


@for_each("widget", METRIC_WIDGETS)
def test_metrics_of_aws(widget: dict[str, Any]) -> None:
    """AWS emits the AWS metrics that are shown, for resources of this stack."""
    for line in shown(widget):
        if line.namespace != OURS:
            assert isinstance(line, Line)
            assert fits(line.namespace, line.name, line.dimensions)


@for_each("widget", METRIC_WIDGETS)
def test_metrics_of_ours(widget: dict[str, Any]) -> None:
    """The functions or the log's metric filter emit the custom metrics that are shown, with these dimensions."""
    for line in shown(widget):
        if line.namespace != OURS:
            continue
        if line.name == FILTER:
            assert line.dimensions == {}
            continue
        assert line.dimensions["service"] == "${AWS::StackName}"
        names = {*line.dimensions, *([line.opens] if isinstance(line, Search) else [])}
        assert names in map(set, METRICS[line.name].dimensions)


NEEDS_ALL = " (complete with Metrics=all)"


def needs_all(widget: dict[str, Any]) -> bool:
    """Tell whether a widget shows a metric that is not declared by default."""
    return any(
        not core_dimensions(line.name, line.dimensions.get("hook"))
        for line in shown(widget)
        if line.namespace == OURS and line.name != FILTER
    )


@for_each("widget", METRIC_WIDGETS)
def test_title_says_that_metrics_are_missing(widget: dict[str, Any]) -> None:
    """With the default metrics, exactly the widgets that are incomplete say so."""
    assert widget["properties"]["title"].endswith(NEEDS_ALL) is needs_all(widget)


def test_no_title_says_so_with_all_metrics() -> None:
    """With all metrics, no widget is incomplete."""
    widgets = body(NAMES, **EVERYTHING, Metrics="all")["widgets"]
    assert [it for it in widgets if NEEDS_ALL in it["properties"].get("title", "")] == []


def test_first_row_is_complete() -> None:
    """The row of numbers is the same with the default metrics and with all."""
    assert METRIC_WIDGETS[0]["properties"]["view"] == "singleValue"
    assert not needs_all(METRIC_WIDGETS[0])


def test_hooks_are_hooks() -> None:
    """Every hook whose events are shown is deployed."""
    hooks = {
        line.dimensions["hook"]
        for widget in METRIC_WIDGETS
        for line in shown(widget)
        if isinstance(line, Line) and "hook" in line.dimensions
    }
    assert hooks <= set(HOOKS)
    assert {"voicemail_new", "outbound_fax_error", "inbound_fax_error", "deregister"} <= hooks


def test_two_halves() -> None:
    """The phone system comes first, then hookswitch itself; every widget belongs to one of them."""
    heads = [(widget["y"], widget["properties"]["markdown"]) for widget in WIDGETS if widget["type"] == "text"]
    assert heads == [(0, "## Phone system"), (heads[1][0], "## Hookswitch")]
    for widget in METRIC_WIDGETS:
        ours = {line.name for line in shown(widget) if line.namespace == OURS}
        of_the_phones = bool(ours & {"calls", "answered", "talk_time", "hangups"}) or "hook" in json.dumps(widget)
        if widget["y"] < heads[1][0]:
            assert of_the_phones


def test_every_widget_can_be_read() -> None:
    """Each graph has a title, an axis that starts at zero and names its unit, and a label for each line."""
    for widget in METRIC_WIDGETS:
        properties = widget["properties"]
        assert properties["title"]
        assert properties["region"] == "${AWS::Region}"
        if properties["view"] == "timeSeries":
            for axis in properties["yAxis"].values():
                assert axis["label"]
                assert axis["min"] == 0
        for line in shown(widget):
            assert line.period % 60 == 0
            if isinstance(line, Line):
                assert line.options["label"]
