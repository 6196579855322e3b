"""What doctor makes of subscriptions, alarms and queues that an emulator can't bring about."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from devtools.checks import Check, Result
from devtools.doctor import resources
from devtools.state import QUEUES
from devtools.target import Target
from hookswitch.destinations.record import Health
from hookswitch.destinations.requests import View
from hookswitch.reconcile.accounting.ledger import AccountingState, Compared
from tests.unit.devtools.destinations.stack import Functions, view
from tests.unit.devtools.destinations.stack import target as stack_with

COMPARED = Compared(since=1, until=9, on_dash=1204, here=1204)
EVENTS, OPERATIONS = "arn:aws:sns:us-east-1:123456789012:events", "arn:aws:sns:us-east-1:123456789012:operations"


def target(**clients: Any) -> Target:
    """Return a stack whose clients answer as given."""
    queues = {output: f"https://sqs.us-east-1.amazonaws.com/123456789012/{output}" for output in QUEUES.values()}
    outputs = {"EventsTopicArn": EVENTS, "OperationsTopicArn": OPERATIONS, **queues}
    made = SimpleNamespace(
        stack="phones",
        client=clients.__getitem__,
        outputs=outputs,
        output=outputs.__getitem__,
        resources={"ServerErrorsAlarm": "phones-ServerErrorsAlarm-1A2B", "ReconcileDisabled": f"{EVENTS}:own"},
    )
    return cast("Target", made)


def topics(**subscriptions: list[tuple[str, str]]) -> Any:
    """Return SNS with the subscriptions of two topics: endpoint and ARN."""

    def paginate(TopicArn: str) -> list[dict[str, Any]]:
        found = subscriptions["events" if TopicArn == EVENTS else "operations"]
        return [{"Subscriptions": [{"Endpoint": endpoint, "SubscriptionArn": arn} for endpoint, arn in found]}]

    return SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))


def test_subscription_that_is_not_confirmed() -> None:
    """It is a fault, since nothing is sent there, and the person who has to confirm is named."""
    sns = topics(
        events=[("office@example.com", f"{EVENTS}:1")], operations=[("ops@example.com", "PendingConfirmation")]
    )
    alerts, alarms = resources.check_subscriptions(target(sns=sns))
    assert alerts.result is Result.GOOD
    assert alarms.result is Result.BAD
    assert "ops@example.com is not confirmed" in alarms.found


def test_subscription_of_the_stack_itself() -> None:
    """A function of the stack that hears the topic is nobody who reads an alert."""
    operations = [("ops@example.com", f"{OPERATIONS}:1")]
    own = ("arn:aws:lambda:us-east-1:123456789012:function:reconcile", f"{EVENTS}:own")
    (alarms,) = resources.check_subscriptions(target(sns=topics(events=[own], operations=operations)))
    assert alarms.found == "1 confirmed subscription"
    found = resources.check_subscriptions(target(sns=topics(events=[own, ("x", "y")], operations=operations)))
    assert [check.found for check in found] == ["1 confirmed subscription"] * 2


def test_nobody_is_told_of_alarms() -> None:
    """No subscription to events is fine; none to alarms is worth a word."""
    (alarms,) = resources.check_subscriptions(target(sns=topics(events=[], operations=[])))
    assert (alarms.result, alarms.found) == (Result.NOTE, "nobody is told when an alarm starts")


def test_alarm_that_is_on() -> None:
    """Its description says what to check first, and where the runbook goes on."""
    alarm = {
        "AlarmName": "phones-ServerErrorsAlarm-1A2B",
        "StateValue": "ALARM",
        "AlarmDescription": "phones: The API answered Dash with a 5xx error. See docs/runbook.md#server-errors",
    }
    another = alarm | {"AlarmName": "phones-of-another-stack-ServerErrorsAlarm-3C4D"}
    asked: list[str] = []

    def paginate(AlarmNamePrefix: str) -> list[dict[str, Any]]:
        asked.append(AlarmNamePrefix)
        return [{"MetricAlarms": [alarm, another]}]

    cloudwatch = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))
    (check,) = resources.check_alarms(target(cloudwatch=cloudwatch))
    assert asked == ["phones-"]
    assert check == Check(
        "alarm: ServerErrors", Result.BAD, "The API answered Dash with a 5xx error.", "docs/runbook.md#server-errors"
    )


@pytest.mark.parametrize(
    ("queue", "seconds", "result", "found"),
    [
        ("RedriveQueueUrl", 120, Result.NOTE, "3 deliveries wait for DynamoDB, the oldest for 2 minutes"),
        ("RedriveQueueUrl", 3600, Result.BAD, "3 deliveries wait for DynamoDB, the oldest for 1 hour"),
        ("PublishDeadLetterQueueUrl", None, Result.NOTE, "3 events wait for SNS"),
        ("CallsQueueUrl", 3600, Result.BAD, "3 calls wait to be looked at again, the oldest for 1 hour"),
        ("DeadLetterQueueUrl", 120, Result.BAD, "3 messages need an operator, the oldest for 2 minutes"),
    ],
)
def test_queue_that_is_not_empty(queue: str, seconds: int | None, result: Result, found: str) -> None:
    """What has waited for a while is a fault, and so is every dead letter; the age is CloudWatch's, if it has one."""

    def get_queue_attributes(QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        del AttributeNames
        number = "1" if QueueUrl.endswith(f"/{queue}") else "0"
        kinds = ("", "NotVisible", "Delayed")
        return {"Attributes": {f"ApproximateNumberOfMessages{kind}": number for kind in kinds} | {"QueueArn": "arn"}}

    now = datetime.now(UTC)
    points = [
        {"Timestamp": now, "Maximum": seconds},
        {"Timestamp": now - timedelta(minutes=5), "Maximum": 1.0},
    ]
    cloudwatch = SimpleNamespace(get_metric_statistics=lambda **_: {"Datapoints": points if seconds else []})
    sqs = SimpleNamespace(get_queue_attributes=get_queue_attributes)
    (check,) = resources.check_queues(target(sqs=sqs, cloudwatch=cloudwatch))
    assert (check.result, check.found) == (result, found)
    assert check.next_step


def test_queue_that_is_in_use() -> None:
    """A call that has just ended waits in the calls queue, and that is no fault."""
    attributes = {"ApproximateNumberOfMessagesDelayed": "2", "QueueArn": "arn"}
    empty = {"QueueArn": "arn"}
    sqs = SimpleNamespace(
        get_queue_attributes=lambda QueueUrl, **_: {"Attributes": attributes if "Calls" in QueueUrl else empty}
    )
    cloudwatch = SimpleNamespace(get_metric_statistics=lambda **_: {"Datapoints": []})
    (check,) = resources.check_queues(target(sqs=sqs, cloudwatch=cloudwatch))
    assert (check.result, check.found) == (Result.GOOD, "nothing waits for DynamoDB, SNS or an operator")


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("CREATE_COMPLETE", Result.GOOD),
        ("UPDATE_IN_PROGRESS", Result.NOTE),
        ("UPDATE_ROLLBACK_COMPLETE", Result.NOTE),
        ("ROLLBACK_COMPLETE", Result.BAD),
        ("UPDATE_ROLLBACK_FAILED", Result.BAD),
    ],
)
def test_status_of_a_stack(status: str, result: Result) -> None:
    """A stack whose last update failed works; one that could not be created does not."""
    described = cast("Target", SimpleNamespace(stack="phones", described={"StackStatus": status}))
    assert resources.check_status(described).result is result


def found(*views: View) -> list[tuple[Result, str]]:
    """Return what is found of destinations."""
    return [(check.result, check.name) for check in resources.check_destinations(stack_with(Functions(*views)))]


def test_destinations() -> None:
    """One that is off is a fault, one that fails is worth a word, and a stack without any is fine."""
    failing, off = view("crm", health=Health(failures=1)), view("old", state="off")
    assert found(view()) == [(Result.GOOD, "destinations")]
    assert found(failing, off) == [
        (Result.NOTE, "destination: crm"),
        (Result.BAD, "destination: old"),
        (Result.GOOD, "destinations"),
    ]
    assert found() == []


def test_destinations_that_are_not_shown() -> None:
    """Whoever may not manage them can still examine the rest."""
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "lambda:InvokeFunction"}}, "Invoke")
    made = stack_with(cast("Any", SimpleNamespace(invoke=Mock(side_effect=denied))))
    assert [*resources.check_destinations(made)] == []
    broken = ClientError({"Error": {"Code": "ServiceException", "Message": ""}}, "Invoke")
    made = stack_with(cast("Any", SimpleNamespace(invoke=Mock(side_effect=broken))))
    with pytest.raises(ClientError):
        [*resources.check_destinations(made)]


@pytest.mark.parametrize(
    ("state", "result", "found"),
    [
        (
            AccountingState(begins=0, read_until=9, compared=COMPARED),
            Result.GOOD,
            "1,204 legs on Dash, 1,204 here since",
        ),
        (
            AccountingState(begins=0, read_until=9, refused={"legs": 9}),
            Result.NOTE,
            "Dash does not open its call detail",
        ),
        (
            AccountingState(begins=0, read_until=9, compared=COMPARED, missing={"202611-a": 9}),
            Result.BAD,
            "1,204 legs on Dash, 1,204 here since",
        ),
        (AccountingState(begins=0, read_until=9), None, ""),
        (None, None, ""),
    ],
)
def test_legs_on_dash_and_here(state: AccountingState | None, result: Result | None, found: str) -> None:
    """Doctor says how many legs Dash has and how many of them are here, once they were compared."""
    item = {"Item": {"progress": {"S": state.to_json()}}} if state else {}
    dynamodb = SimpleNamespace(get_item=lambda **_: item)
    made = SimpleNamespace(client=lambda _: dynamodb, output=lambda _: "events", argument="")
    checks = list(resources.check_accounting(cast("Target", made)))
    assert [check.result for check in checks] == ([result] if result else [])
    assert all(check.found.startswith(found) for check in checks)
    if result is Result.BAD:
        assert "docs/runbook.md#missing-legs" in checks[0].next_step
