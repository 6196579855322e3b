"""The deployed alarms, topic, dashboard and silence check."""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from devtools import aws
from devtools.inbox import Inbox
from devtools.local import REGION
from devtools.sample_events import FOLDER
from devtools.stack import Stack
from devtools.template import parsed, resources
from devtools.waiting import wait_for
from tests.emf import samples_in

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient


@pytest.fixture(scope="module")
def cloudwatch(endpoint: str) -> Iterator[Any]:
    """A CloudWatch client."""
    client = aws.SESSION.client("cloudwatch", endpoint_url=endpoint, config=aws.CONFIG)
    yield client
    client.close()


@pytest.fixture(scope="module")
def scheduler(endpoint: str) -> Iterator[Any]:
    """An EventBridge Scheduler client."""
    client = aws.SESSION.client("scheduler", endpoint_url=endpoint, config=aws.CONFIG)
    yield client
    client.close()


@pytest.fixture(scope="module")
def expected(stack: Stack) -> dict[str, Any]:
    """The alarms of a stack with these parameters, by name."""
    made = resources(parsed(), **stack.parameters)
    alarms = {name: it["Properties"] for name, it in made.items() if it["Type"] == "AWS::CloudWatch::Alarm"}
    return {stack.resources[name]: properties for name, properties in alarms.items()}


def test_alarms_are_there(stack: Stack, cloudwatch: Any, expected: dict[str, Any]) -> None:
    """Each alarm that the parameters enable exists, watches the right metric, and notifies the topic."""
    found = {it["AlarmName"]: it for it in cloudwatch.describe_alarms(MaxRecords=100)["MetricAlarms"]}
    assert len(expected) > 10
    for name, properties in expected.items():
        alarm = found[name]
        assert alarm["AlarmDescription"] == description(properties, stack)
        assert (alarm["AlarmActions"], alarm["OKActions"]) == ([stack.outputs["OperationsTopicArn"]], [])
        assert alarm["TreatMissingData"] == properties["TreatMissingData"]
        assert alarm["EvaluationPeriods"] == int(properties["EvaluationPeriods"])
        dimensions = {it["Name"]: it["Value"] for it in alarm.get("Dimensions", [])}
        assert dimensions.keys() == {it["Name"] for it in properties.get("Dimensions", [])}
        console = stack.resources["ConsoleApi"]
        assert all(stack.name in value or value in {"v1", console} for value in dimensions.values())


def description(properties: Mapping[str, Any], stack: Stack) -> str:
    """Return an alarm's description, which begins with the stack's name."""
    text: str = properties["AlarmDescription"]["Fn::Sub"]
    return text.replace("${AWS::StackName}", stack.name)


def test_dashboard_is_there(stack: Stack, cloudwatch: Any, expected: dict[str, Any]) -> None:
    """CloudWatch has the dashboard, with the stack's own names and no placeholders left."""
    text = cloudwatch.get_dashboard(DashboardName=stack.outputs["DashboardName"])["DashboardBody"]
    assert "${" not in text.replace("${PROP(", "")
    widgets = json.loads(text)["widgets"]
    (shown,) = [widget["properties"]["alarms"] for widget in widgets if widget["type"] == "alarm"]
    assert {arn.rpartition(":")[2] for arn in shown} == expected.keys()
    assert stack.resources["RedriveQueue"].rpartition("/")[2] in text
    assert f'"{stack.resources["Publish"]}"' in text


def test_topic_is_told(
    stack: Stack, cloudwatch: Any, expected: dict[str, Any], sns: "SNSClient", sqs: "SQSClient"
) -> None:
    """Subscribers to the topic get each alarm, and what to do about it."""
    with Inbox(sns, sqs, stack.outputs["OperationsTopicArn"]) as inbox:
        for name in expected:
            for state in ("ALARM", "OK"):
                cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="A test.")
        wait_for(lambda: len(inbox.read()) == len(expected), "all alarms have arrived")
    heard = {
        (said["AlarmName"], said["NewStateValue"]): said["AlarmDescription"]
        for said in (message.event for message in inbox.messages)
    }
    assert heard == {(name, "ALARM"): description(properties, stack) for name, properties in expected.items()}


@pytest.fixture(scope="module")
def events(endpoint: str) -> Iterator[Any]:
    """An EventBridge client."""
    client = aws.SESSION.client("events", endpoint_url=endpoint, config=aws.CONFIG)
    yield client
    client.close()


CREATED = {"value": "INSUFFICIENT_DATA", "reason": "Unchecked: Initial alarm creation"}
LASTED = {"value": "ALARM", "reason": "Threshold Crossed: 1 datapoint [1.0] was greater than the threshold (0.0)."}
NO_DATA = {"value": "INSUFFICIENT_DATA", "reason": "Insufficient Data: 3 datapoints were unknown."}


def change(stack_name: str, before: Mapping[str, str], state: str = "OK") -> dict[str, Any]:
    """Return the event of an alarm whose state changes, as AWS documents it ("Alarm events and EventBridge")."""
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "000000000000",
        "time": "2026-11-25T17:04:40Z",
        "region": REGION,
        "resources": [f"arn:aws:cloudwatch:{REGION}:000000000000:alarm:{stack_name}-StreamAgeAlarm-0"],
        "detail": {
            "alarmName": f"{stack_name}-StreamAgeAlarm-0",
            "configuration": {
                "description": f"{stack_name}: Stored events have waited. See the runbook.",
                "metrics": [],
            },
            "previousState": {**before, "timestamp": "2026-11-25T17:02:40.062+0000"},
            "state": {"value": state, "reason": "Below.", "timestamp": "2026-11-25T17:04:40.985+0000"},
        },
    }


@pytest.mark.parametrize(
    ("suffix", "before", "state", "told"),
    [
        pytest.param("", LASTED, "OK", True, id="the end of an alarm"),
        pytest.param("", NO_DATA, "OK", True, id="runs again"),
        pytest.param("", CREATED, "OK", False, id="a new alarm"),
        pytest.param("", LASTED, "INSUFFICIENT_DATA", False, id="no end"),
        pytest.param("", CREATED, "ALARM", False, id="a start, which CloudWatch itself reports"),
        pytest.param("-north", LASTED, "OK", False, id="another stack"),
    ],
)
def test_end_of_an_alarm(
    events: Any, stack: Stack, suffix: str, before: Mapping[str, str], state: str, *, told: bool
) -> None:
    """The topic is told of the end of this stack's alarms, and not of alarms that were only created."""
    rule = events.describe_rule(Name=stack.resources["RecoveryNotices"])
    event = json.dumps(change(f"{stack.name}{suffix}", before, state))
    assert events.test_event_pattern(EventPattern=rule["EventPattern"], Event=event)["Result"] is told
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert (rule["State"], target["Arn"]) == ("ENABLED", stack.outputs["OperationsTopicArn"])


def test_silence_is_noticed(stack: Stack, cloudwatch: Any, scheduler: Any, lambda_: "LambdaClient") -> None:
    """The scheduled function counts a silent quarter-hour while there is no delivery, and none once there is one."""
    schedule = scheduler.get_schedule(Name=stack.resources["SilenceSchedule"])
    assert schedule["ScheduleExpression"] == "cron(13/15 9-16 ? * MON-FRI *)"
    assert schedule["ScheduleExpressionTimezone"] == "UTC"

    def counted() -> tuple[float, ...]:
        sent = (FOLDER / "silence.json").read_bytes()
        answer = lambda_.invoke(FunctionName=schedule["Target"]["Arn"], Payload=sent, LogType="Tail")
        assert "FunctionError" not in answer
        (sample,) = samples_in(base64.b64decode(answer["LogResult"]).decode())
        assert (sample.namespace, sample.name) == ("Hookswitch", "silent")
        assert dict(sample.dimensions) == {"service": stack.name}
        return sample.values

    assert counted() == (1.0,)
    received = {
        "MetricName": "received",
        "Dimensions": [{"Name": "service", "Value": stack.name}],
        "Timestamp": datetime.now(UTC) - timedelta(minutes=8),
        "Unit": "Count",
        "Value": 1.0,
    }
    cloudwatch.put_metric_data(Namespace="Hookswitch", MetricData=[received])
    assert counted() == (0.0,)
