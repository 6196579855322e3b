"""The picture of the dashboard shows what the functions print on a simulated day."""

import html
import random
from itertools import pairwise

import pytest

from tests.cloudformation import parsed as template
from tests.cloudformation import resources
from tools.dashboard.day import BEGIN, DAY, day
from tools.dashboard.picture import ASKED, PICTURE, by_period, drawings, sounds, statistic
from tools.dashboard.recorded import ANSWERED_500, Points, recorded
from tools.local import HOOKS

SERVICE = frozenset({("service", "hookswitch")})


@pytest.fixture(scope="module")
def points() -> Points:
    """The metrics of a quarter of an hour in which the API fails for some minutes."""
    begin = int(ANSWERED_500[0]) // 300 * 300
    return recorded(begin, begin + 900)


def test_day_has_events_of_all_hooks() -> None:
    """All hooks that are registered by default occur, but for parking; a seed repeats the day; times never go back."""
    happenings = day(random.Random("x"))
    assert {it.hook for it in happenings} == set(HOOKS) - {"notifications", "parking"}
    assert happenings == day(random.Random("x"))
    assert all(one.at <= other.at for one, other in pairwise(happenings))
    assert all(BEGIN <= it.at < BEGIN + DAY for it in happenings)


def test_what_aws_would_see_is_recorded(points: Points) -> None:
    """Answers of the API are counted, failed ones among them, and so is what waits in the queues."""
    failed = points["AWS/ApiGateway", "5XXError", frozenset({("ApiName", "hookswitch"), ("Stage", "v1")})]
    assert 0 < sum(value for _, value in failed) < len(failed)
    assert len(points["AWS/SQS", "ApproximateNumberOfMessagesVisible", frozenset({("QueueName", "DeadLetterQueue")})])


def test_what_the_functions_print_is_recorded(points: Points) -> None:
    """Deliveries are received, stored and published by the real handlers, and failed ones are brought in later."""
    for name in ("received", "stored", "published", "recovered", "calls", "reconciled", "handling_time"):
        assert sum(value for _, value in points["Hookswitch", name, SERVICE]), name


def test_every_widget_is_drawn(points: Points) -> None:
    """Each widget of the dashboard has its place in the picture, each line its values: one for each of its periods."""
    made = drawings(points)
    assert {drawing["kind"] for drawing in made} == {"text", "numbers", "alarms", "graph"}
    for drawing in made:
        for line in drawing.get("lines", []):
            assert len(line["values"]) == DAY / line["period"]


def test_picture_is_of_this_dashboard() -> None:
    """The picture in the documents has every title and label of the definition: `make dashboard` draws it anew."""
    text = html.unescape(PICTURE.read_text(encoding="utf-8"))
    for drawing in drawings({}):
        assert f">{drawing['title']}<" in text, "Run `make dashboard`."
        for part in [*drawing.get("lines", []), *drawing.get("numbers", [])]:
            assert f">{part['label']}<" in text, "Run `make dashboard`."


@pytest.mark.parametrize(
    ("stat", "value"), [("Sum", 10), ("Average", 2.5), ("Maximum", 4), ("Minimum", 1), ("p50", 2), ("p99", 4)]
)
def test_statistics(stat: str, value: float) -> None:
    """They are CloudWatch's."""
    assert statistic(stat, [4, 1, 3, 2]) == value


def test_periods() -> None:
    """A value belongs to the period that it is in; a period without one has none, which is not zero."""
    values = [(BEGIN, 1.0), (BEGIN + 3599, 2.0), (BEGIN + 7200, 4.0), (BEGIN - 1, 8.0), (BEGIN + DAY, 8.0)]
    assert by_period(values, "Sum", 3600) == [3.0, None, 4.0] + [None] * 21


def test_alarm_sounds_as_long_as_the_threshold_is_passed() -> None:
    """What passes its threshold in its last periods sounds; what has no data does as it says."""
    alarms = {name: it["Properties"] for name, it in resources(template(), **ASKED).items() if name.endswith("Alarm")}
    late = BEGIN + DAY - 1.0
    assert sounds(alarms["FailedDeliveriesAlarm"], {("Hookswitch", "failed", SERVICE): [(late, 1.0)]})
    assert not sounds(alarms["FailedDeliveriesAlarm"], {("Hookswitch", "failed", SERVICE): [(late - 60, 1.0)]})
    assert sounds(alarms["ReconcileFailingAlarm"], {})
    assert not sounds(alarms["ReconcileFailingAlarm"], {("Hookswitch", "reconciled", SERVICE): [(late - 900, 1.0)]})
