"""Each alarm watches a metric that exists, says what to do, and has a section in the runbook."""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from devtools.local import ROOT
from devtools.template import ASKED, evaluated, parsed, resources, values_of
from hookswitch.calls.run import LONGEST_DELAY
from hookswitch.observability.metrics import CORE, METRICS
from hookswitch.observability.silence import WATCHED
from hookswitch.receiving.redrive import LONGEST_WAIT
from simulator.tests.each import for_each
from tests.documents.test_documents import anchor
from tests.template.operations.metrics import FILTER, OURS, fits

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## (.*?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = {anchor(title): text for title, text in SECTION.findall(RUNBOOK)}
REPORTS = [json.loads(it) for it in Path(__file__).with_name("platform_reports.jsonl").read_text().splitlines()]

type Properties = Mapping[str, Any]


def alarms(**given: str) -> dict[str, Properties]:
    """Return the properties of each alarm; with parameters, evaluated and only of those that the stack has."""
    found = resources(parsed(), **ASKED, **given) if given else parsed()["Resources"]
    return {name: it["Properties"] for name, it in found.items() if it["Type"] == "AWS::CloudWatch::Alarm"}


def written(value: Any) -> str:
    """Return a value of the template in the syntax of `Fn::Sub`."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": text}:
            return str(text)
    return str(value)


def dimensions(alarm: Properties) -> dict[str, str]:
    """Return an alarm's dimensions."""
    return {it["Name"]: written(it["Value"]) for it in alarm.get("Dimensions", [])}


ALL = sorted(alarms())


@for_each("name", ALL)
def test_alarm_leads_to_its_section(name: str) -> None:
    """Its description says what it means and ends with a link to its section, which is named after it."""
    words = re.findall("[A-Z][a-z]+", name.removesuffix("Alarm"))
    section = "-".join(words).lower()
    text, _, address = written(alarms()[name]["AlarmDescription"]).rpartition(" See ")
    assert text.startswith("${AWS::StackName}: "), "by which the notices of its end know it"
    assert address == f"docs/runbook.md#{section}"
    assert text.count(". ") >= 1, "what it means, and what to do first"
    longest_name = "s" * 128
    assert len(written(alarms()[name]["AlarmDescription"]).replace("${AWS::StackName}", longest_name)) <= 1024
    assert section in SECTIONS


def test_runbook_has_no_other_section() -> None:
    """The runbook describes only alarms that exist, in the order of the file."""
    assert list(SECTIONS) == [written(alarm["AlarmDescription"]).rpartition("#")[2] for alarm in alarms().values()]


@for_each("section", SECTIONS)
def test_section_says_what_to_do(section: str) -> None:
    """It says what the alarm means, what to check first, what to do, and how to tell that it is over."""
    said = re.findall(r"^\*\*(.*?)\*\*", SECTIONS[section], re.MULTILINE)
    heads = [word.strip(" .") for head in said for word in head.lower().split(",")]
    assert heads == ["meaning", "check first", "action", "over"]


def test_queries_find_the_log_lines() -> None:
    """What the runbook's queries search for is in a message that a function logs."""
    sources = [path.read_text() for folder in ("layers", "functions") for path in (ROOT / folder).rglob("*.py")]
    patterns = re.findall(r"message like /(.*?)/", RUNBOOK)
    assert patterns
    assert [pattern for pattern in patterns if not any(pattern in text for text in sources)] == []


@for_each("name", ALL)
def test_alarm_notifies_the_topic(name: str) -> None:
    """It notifies the topic when it starts, uses one plain metric, and says what missing data means.

    An alarm that is only created is OK too, so another resource notifies the topic of its end.
    """
    alarm = alarms()[name]
    assert alarm["AlarmActions"] == [{"Ref": "OperationsTopic"}]
    assert "OKActions" not in alarm
    assert "Metrics" not in alarm, "the emulator refuses metric math"
    assert alarm["TreatMissingData"] in {"notBreaching", "ignore", "missing"}, "breaching: a new stack's would sound"
    tells_of_no_data = alarm.get("InsufficientDataActions") == [{"Ref": "OperationsTopic"}]
    assert tells_of_no_data is (alarm["TreatMissingData"] == "missing")
    assert {"Namespace", "MetricName", "Statistic", "Period", "Threshold", "ComparisonOperator"} <= alarm.keys()


@for_each("name", [name for name in ALL if alarms()[name]["Namespace"] != OURS])
def test_alarm_on_a_metric_of_aws(name: str) -> None:
    """AWS emits it, with these dimensions, for a resource of this stack."""
    alarm = alarms()[name]
    assert fits(alarm["Namespace"], alarm["MetricName"], dimensions(alarm))


@for_each("name", [name for name in ALL if alarms()[name]["Namespace"] == OURS])
def test_alarm_on_a_metric_of_ours(name: str) -> None:
    """The functions emit it with these dimensions, or the log's metric filter does.

    That what METRICS lists is really printed, tests/unit/observability/test_metrics.py proves on the handlers.
    """
    alarm = alarms()[name]
    metric, names = written(alarm["MetricName"]), dimensions(alarm)
    if metric == FILTER:
        assert names == {}
        return
    assert names == {"service": "${AWS::StackName}"}
    assert tuple(names) in METRICS[metric].dimensions
    assert metric in CORE, "with the default Metrics=core, CloudWatch would never get it"


def test_silence_check_needs_core_metrics_only() -> None:
    """The silence check works with the default metrics."""
    assert WATCHED in CORE


def test_periods_fit() -> None:
    """Periods are multiples of a minute, and an alarm evaluates at most a day, as CloudWatch requires."""
    for given in ({}, {"ReconcileRate": "rate(1 hour)", "BusinessHours": "9-16", "SilenceQuarters": "32"}):
        for alarm in alarms(**{"ReconcileRate": "rate(5 minutes)", "BusinessHours": "9-16"} | given).values():
            period, periods = int(alarm["Period"]), int(alarm["EvaluationPeriods"])
            assert period % 60 == 0
            assert period * periods <= 24 * 3600


@pytest.mark.parametrize(
    ("rate", "minutes"), [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(15 minutes)", 15), ("rate(1 hour)", 60)]
)
def test_reconcile_may_be_late(rate: str, minutes: int) -> None:
    """Whatever the interval, two runs may fail or end late before the alarm fires; so does no run after the first."""
    alarm = alarms(ReconcileRate=rate)["ReconcileFailingAlarm"]
    assert int(alarm["Period"]) * int(alarm["EvaluationPeriods"]) >= 3 * minutes * 60
    assert (alarm["TreatMissingData"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "missing",
        "LessThanThreshold",
        1,
    )


@pytest.mark.parametrize(("rate", "minutes"), [("rate(15 minutes)", 15), ("rate(1 hour)", 60)])
def test_watermark_may_wait_for_some_runs(rate: str, minutes: int) -> None:
    """What one run defers, two more may recover before the alarm fires; between runs, the last age holds."""
    alarm = alarms(ReconcileRate=rate)["WatermarkAgeAlarm"]
    assert int(alarm["Threshold"]) >= 3 * minutes * 60
    assert (alarm["TreatMissingData"], alarm["Statistic"]) == ("ignore", "Maximum")


@pytest.mark.parametrize(("rate", "minutes"), [("rate(15 minutes)", 15), ("rate(1 hour)", 60)])
def test_one_run_may_miss_legs(rate: str, minutes: int) -> None:
    """Only legs that two runs in a row could not store are an alarm, and as many as the best run could not."""
    alarm = alarms(ReconcileRate=rate)["MissingLegsAlarm"]
    assert int(alarm["Period"]) >= minutes * 60
    assert (alarm["EvaluationPeriods"], alarm["Statistic"], alarm["TreatMissingData"]) == (2, "Minimum", "ignore")


def test_no_alarms_of_what_is_off() -> None:
    """Without Reconcile, destinations, the console or the silence check, there are no alarms that only they could end.

    The alarm about the whole account can be left to another stack.
    """
    everything = alarms(BusinessHours="9-16", Console="on").keys()
    least = alarms(ReconcileRate="off", AccountAlarms="off", SendToDestinations="off").keys()
    assert everything == set(ALL)
    assert everything - least == {
        "ThrottledFunctionsAlarm",
        "WebhookDisabledAlarm",
        "WebhookMissingAlarm",
        "ReconcileFailingAlarm",
        "WatermarkAgeAlarm",
        "OverflowedAttemptLogAlarm",
        "MissingLegsAlarm",
        "DestinationEventsUnreadAlarm",
        "DestinationEventsRefusedAlarm",
        "DestinationBacklogAlarm",
        "DestinationDeadLettersAlarm",
        "DestinationOffAlarm",
        "ConsoleErrorsAlarm",
        "SilenceAlarm",
    }


def test_queue_that_is_unread_is_not_one_that_waits() -> None:
    """A message that waits for its next attempt never reaches the threshold, so the alarm means that nothing reads."""
    for name in ("RedriveQueueUnreadAlarm", "PublishQueueUnreadAlarm"):
        assert alarms()[name]["Threshold"] >= LONGEST_WAIT
    twice = 2 * parsed()["Resources"]["CallsQueue"]["Properties"]["VisibilityTimeout"]
    assert alarms()["CallsQueueUnreadAlarm"]["Threshold"] >= LONGEST_DELAY + twice
    twice = 2 * parsed()["Resources"]["DestinationEventsQueue"]["Properties"]["VisibilityTimeout"]
    assert alarms()["DestinationEventsUnreadAlarm"]["Threshold"] >= twice


def test_sweep_is_never_between_two_periods() -> None:
    """The alarms on what a sweep measures look at two periods as long as its interval, so one always has a value."""
    (sweep,) = (it for it in parsed()["Resources"]["Destinations"]["Properties"]["Events"].values())
    assert sweep["Properties"]["Schedule"] == "rate(5 minutes)"
    for name in ("DestinationBacklogAlarm", "DestinationOffAlarm"):
        alarm = alarms()[name]
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (300, 2, 1)
        assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Maximum", "notBreaching")


def test_failures_of_the_console_are_noticed() -> None:
    """What its function fails on becomes a 5xx error of its API, whose only route leads to it; its log is counted, too.

    A page that somebody has open asks oftener within a period than the threshold, however long it waits after failures.
    """
    made = parsed()["Resources"]
    alarm = alarms()["ConsoleErrorsAlarm"]
    assert dimensions(alarm) == {"ApiId": "${ConsoleApi}"}
    routes = [it["Properties"] for it in made.values() if it["Type"].endswith("V2::Route")]
    assert [it["ApiId"] for it in routes] == [{"Ref": "ConsoleApi"}]
    assert made["ConsoleIntegration"]["Properties"]["IntegrationUri"] == {"Fn::GetAtt": ["ConsoleFunction", "Arn"]}
    assert "LoggingConfig" not in made["ConsoleFunction"]["Properties"], "it logs where FunctionErrors counts"
    source = (ROOT / "functions" / "console" / "static" / "calls.js").read_text()
    (longest,) = re.findall(r"^const PATIENT = ([\d_]+);", source, re.MULTILINE)
    assert alarm["Period"] * 1_000 / int(longest) > alarm["Threshold"] + 1


def test_who_may_publish() -> None:
    """Only CloudWatch for alarms of this account, and the rule that tells of their end."""
    statement, rule = parsed()["Resources"]["OperationsTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", {"Ref": "OperationsTopic"})
    account, source = statement["Condition"]["StringEquals"], statement["Condition"]["ArnLike"]
    assert account == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert source["aws:SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:alarm:*")
    assert rule == {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "OperationsTopic"},
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["RecoveryNotices", "Arn"]}}},
    }


def test_notices_of_the_end() -> None:
    """They go to the topic, in JSON with the fields that CloudWatch itself sends, about alarms of this stack only."""
    properties = parsed()["Resources"]["RecoveryNotices"]["Properties"]
    (target,) = properties["Targets"]
    assert target["Arn"] == {"Ref": "OperationsTopic"}
    assert "RoleArn" not in target
    told, paths = target["InputTransformer"]["InputTemplate"], target["InputTransformer"]["InputPathsMap"]
    fields = json.loads(re.sub(r"<(\w+)>", r'"\1"', told))
    assert set(fields.values()) == paths.keys()
    assert fields.keys() >= {"AlarmName", "AlarmDescription", "NewStateValue", "NewStateReason", "StateChangeTime"}
    (prefix,) = properties["EventPattern"]["detail"]["configuration"]["description"]
    assert written(prefix["prefix"]) == "${AWS::StackName}: "


def test_no_operations_email_by_default() -> None:
    """The topic always exists; an e-mail address is subscribed if one is given, and receives every alarm."""
    assert "OperationsSubscription" not in resources(parsed(), **ASKED)
    made = resources(parsed(), **ASKED, OperationsEmail="ops@example.com")
    assert made["OperationsSubscription"]["Properties"] == {
        "TopicArn": {"Ref": "OperationsTopic"},
        "Protocol": "email",
        "Endpoint": "ops@example.com",
    }


def matches(pattern: str, line: Mapping[str, Any]) -> bool:
    """Tell whether a JSON filter pattern of CloudWatch Logs matches a line; supports the syntax used here.

    Source: "Filter pattern syntax" (CloudWatch Logs User Guide): `=` and `!=` compare a text, in which `*` stands for
    anything; `&&` and `||` join. What lacks the field is not matched.
    """
    return any(
        all(_holds(condition, line) for condition in alternative.strip("() ").split(" && "))
        for alternative in pattern.strip("{} ").split(" || ")
    )


def _holds(condition: str, line: Mapping[str, Any]) -> bool:
    selector, operator, quoted = condition.split(" ")
    found: Any = line
    for key in selector.removeprefix("$.").split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found is not None and fnmatchcase(str(found), json.loads(quoted)) is (operator == "=")


@pytest.mark.parametrize("report", [pytest.param(report, id=report["what"]) for report in REPORTS])
def test_failed_invocations_are_counted(report: Mapping[str, Any]) -> None:
    """The filter matches exactly the log lines that report a failed invocation.

    Lambda's report says `success` after an exception, since the runtime has reported that itself: its own line counts.
    """
    properties = parsed()["Resources"]["FunctionErrors"]["Properties"]
    assert matches(properties["FilterPattern"], report["line"]) is report["counts"]


def test_the_filter_feeds_the_alarm() -> None:
    """The filter on the log of all functions feeds the metric that the alarm watches."""
    properties = parsed()["Resources"]["FunctionErrors"]["Properties"]
    (made,) = properties["MetricTransformations"]
    assert (made["MetricNamespace"], written(made["MetricName"])) == (OURS, FILTER)
    assert (made["MetricValue"], made["DefaultValue"]) == ("1", 0)
    assert properties["LogGroupName"] == {"Ref": "LogGroup"}
    logging = parsed()["Globals"]["Function"]["LoggingConfig"]
    assert logging["LogFormat"] == "JSON", "else there are no such lines"
    # Before 4.0.4 the runtime's line has no `level`, so a level above INFO would drop it.
    assert "ApplicationLogLevel" not in logging


def test_alarms_are_the_templates_own() -> None:
    """All of operations/alarms.yaml is included in the template, without a clash of names."""
    values = values_of(parsed(), **ASKED)
    assert evaluated(alarms()["SilenceAlarm"]["EvaluationPeriods"], parsed(), values) == "4"
    assert len(ALL) == (ROOT / "operations" / "alarms.yaml").read_text().count("Type: AWS::CloudWatch::Alarm")
