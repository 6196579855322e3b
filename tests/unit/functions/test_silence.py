"""The silence check: what it asks CloudWatch for, and what it records."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from devtools.template import ASKED, parsed, resources
from functions.silence.handler import handler
from hookswitch.aws import clients
from tests.emf import Sample, samples_in

CONTEXT: Any = SimpleNamespace(
    function_name="silence", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="request"
)
EVENT: Mapping[str, Any] = {"source": "aws.scheduler"}


class Statistics:
    """CloudWatch's statistics: data points, or an error."""

    def __init__(self, sums: list[float], error: ClientError | None = None) -> None:
        self.sums, self.error = sums, error
        self.asked: dict[str, Any] = {}

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:
        """Answer as CloudWatch does: one data point for each period that has any, in no order."""
        self.asked = asked
        if self.error:
            raise self.error
        return {"Datapoints": [{"Sum": value, "Unit": "Count"} for value in self.sums]}


def given(monkeypatch: pytest.MonkeyPatch, sums: list[float], error: ClientError | None = None) -> Statistics:
    """Replace CloudWatch by these statistics."""
    statistics = Statistics(sums, error)
    monkeypatch.setattr(clients, "cloudwatch", lambda: statistics)
    return statistics


@pytest.mark.parametrize(("sums", "silent"), [([], 1.0), ([0.0, 0.0], 1.0), ([0.0, 1.0], 0.0), ([20.0, 4.0], 0.0)])
def test_silence(
    sums: list[float], silent: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A quarter without a delivery is silent, whether CloudWatch has no data or zeros; with one it is not."""
    given(monkeypatch, sums)
    assert handler(EVENT, CONTEXT)["received"] == sum(sums)
    (sample,) = samples_in(capsys.readouterr().out)
    assert sample == Sample("Hookswitch", "silent", "Count", (("service", "hookswitch"),), (silent,))


def test_it_looks_at_the_last_whole_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks for fifteen whole minutes, the last of which is old enough for its metrics to have arrived."""
    statistics = given(monkeypatch, [])
    before = datetime.now(UTC)
    handler(EVENT, CONTEXT)
    asked = statistics.asked
    assert asked["EndTime"] - asked["StartTime"] == timedelta(minutes=15)
    assert timedelta(minutes=2) <= datetime.now(UTC) - asked["EndTime"]
    assert before - asked["EndTime"] < timedelta(minutes=3)
    assert (asked["EndTime"].second, asked["EndTime"].microsecond) == (0, 0)
    assert (asked["Namespace"], asked["MetricName"]) == ("Hookswitch", "received")
    assert asked["Dimensions"] == [{"Name": "service", "Value": "hookswitch"}]
    assert asked["Statistics"] == ["Sum"]


def test_not_knowing_is_not_silence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """If CloudWatch refuses, nothing is recorded and the invocation fails."""
    given(monkeypatch, [], ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetMetricStatistics"))
    with pytest.raises(ClientError):
        handler(EVENT, CONTEXT)
    assert samples_in(capsys.readouterr().out) == []


def test_it_runs_within_the_business_hours() -> None:
    """It runs once in each quarter of the clock, in the given hours, days and time zone."""
    hours = {"BusinessHours": "8-11,13-17", "BusinessDays": "MON-THU", "BusinessTimeZone": "Europe/Zurich"}
    function = resources(parsed(), **ASKED, **hours)["Silence"]["Properties"]
    schedule = function["Events"]["Schedule"]["Properties"]
    minutes, _, rest = schedule["ScheduleExpression"]["Fn::Sub"].removeprefix("cron(").partition(" ")
    first, step = map(int, minutes.split("/"))
    looked_at = [(minute - 17, minute - 2) for minute in range(first, 60, step)]  # of the hour, from and until
    assert [until for _, until in looked_at] == [11, 26, 41, 56]
    assert rest == "${BusinessHours} ? * ${BusinessDays} *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Zurich"
    assert schedule["OmitName"] is True  # SAM's would be the same for every stack of the account


def test_without_business_hours_it_does_not_exist() -> None:
    """Without business hours there is no function, no schedule and no alarm."""
    assert not [name for name in resources(parsed(), **ASKED) if "Silence" in name]
    made = resources(parsed(), **ASKED, BusinessHours="9-16")
    assert {"Silence", "SilenceScheduleRole", "SilenceAlarm"} <= made.keys()


def test_log_says_what_was_looked_at(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log line has the minutes that were looked at, for whoever asks why there is an alarm."""
    given(monkeypatch, [3.0])
    found = handler(EVENT, CONTEXT)
    assert found.items() <= vars(caplog.records[-1]).items()
