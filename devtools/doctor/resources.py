"""Checks of a stack's resources: subscriptions, alarms, queues."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from devtools.alarms import is_on
from devtools.checks import Check, bad, good, note
from devtools.feeds import Feeds
from devtools.target import Target

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricAlarmTypeDef
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

TOPICS = {"EventsTopicArn": "alerts", "OperationsTopicArn": "alarms"}
QUEUES: Mapping[str, tuple[str, str]] = {
    "RedriveQueue": ("deliveries wait for DynamoDB", "docs/runbook.md#redrive-queue-not-draining"),
    "PublishDeadLetterQueue": ("events wait for SNS", "docs/runbook.md#publish-queue-not-draining"),
    "DeadLetterQueue": ("messages need an operator", "docs/runbook.md#dead-letters"),
}
QUIET = timedelta(days=14)
OLD = timedelta(minutes=15)  # what has waited longer is not a passing fault
WORKING = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


def check_status(target: Target) -> Check:
    """Return whether CloudFormation calls the stack complete."""
    status = target.described["StackStatus"]
    found = f"{target.stack} is {status.lower().replace('_', ' ')}"
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return note("stack", f"{found}: its last update failed", "Read the stack's events, then `make deploy` again.")
    if status in WORKING:
        return good("stack", found)
    if status.endswith("_IN_PROGRESS"):
        return note("stack", found, "Wait until that is done, and examine it again.")
    return bad("stack", found, "Read the stack's events in the CloudFormation console.")


def check_subscriptions(target: Target) -> Iterator[Check]:
    """Yield which e-mail addresses hear the topics, and which are still to be confirmed."""
    topics: SNSClient = target.client("sns")
    for output, name in TOPICS.items():
        pages = topics.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=target.outputs[output])
        found = [subscription for page in pages for subscription in page["Subscriptions"]]
        pending = [it["Endpoint"] for it in found if it["SubscriptionArn"] == "PendingConfirmation"]
        if pending:
            yield bad(
                name,
                f"{', '.join(pending)} is not confirmed, so nothing is sent there",
                "Open the e-mail of AWS Notifications (look in the junk folder), and confirm.",
            )
        elif found:
            yield good(name, f"{len(found)} confirmed subscription{'s' if len(found) > 1 else ''}")
        elif output == "OperationsTopicArn":
            yield note(name, "nobody is told when an alarm starts", 'make deploy SET="OperationsEmail=you@example.com"')


def check_alarms(target: Target) -> Iterator[Check]:
    """Yield the alarms that are on, each with its own first step."""
    client: CloudWatchClient = target.client("cloudwatch")
    names = [physical for logical, physical in target.resources.items() if logical.endswith("Alarm") and physical]
    alarms: list[MetricAlarmTypeDef] = []
    for start in range(0, len(names), 100):
        alarms += client.describe_alarms(AlarmNames=names[start : start + 100])["MetricAlarms"]
    sounding = [alarm for alarm in alarms if is_on(alarm)]
    for alarm in sounding:
        said, _, page = alarm.get("AlarmDescription", "").removeprefix(f"{target.stack}: ").partition(" See ")
        yield bad(f"alarm: {alarm['AlarmName'].removeprefix(f'{target.stack}-')}", said, page)
    if not sounding:
        yield good("alarm states", f"none of {len(alarms)} alarms is on")


def check_queues(target: Target) -> Iterator[Check]:
    """Yield what waits in the stack's queues."""
    client: SQSClient = target.client("sqs")
    waiting = 0
    for name, (meaning, page) in QUEUES.items():
        url = target.resources[name]
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        count = count_messages(attributes)
        if not count:
            continue
        waiting += count
        age = _oldest(target, url)
        found = f"{count:,} {meaning}" + (f", the oldest for {_in_words(age)}" if age else "")
        if name == "DeadLetterQueue" or (age or timedelta()) > OLD:
            yield bad("queue", found, page)
        else:
            yield note("queue", found, "They are retried by themselves.")
    if not waiting:
        yield good("queues", "nothing waits for DynamoDB, SNS or an operator")


def count_messages(attributes: Mapping[Any, str]) -> int:
    """Return how many messages a queue holds, by its attributes: those in flight and those that are delayed, too."""
    return sum(int(value) for name, value in attributes.items() if name.startswith("ApproximateNumberOfMessages"))


def _oldest(target: Target, url: str) -> timedelta | None:
    """Return the age of a queue's oldest message; None where CloudWatch has not measured it yet."""
    client: CloudWatchClient = target.client("cloudwatch")
    now = datetime.now(UTC)
    try:
        points = client.get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Dimensions=[{"Name": "QueueName", "Value": url.rpartition("/")[2]}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
    except ClientError:
        return None
    latest = max(points, key=lambda point: point["Timestamp"], default=None)
    return timedelta(seconds=latest["Maximum"]) if latest else None


def _in_words(age: timedelta) -> str:
    minutes = int(max(age, timedelta()).total_seconds() // 60)
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def check_events(target: Target, hooks: Sequence[str]) -> Iterator[Check]:
    """Yield when each hook was last heard of, for the stack's own account; a quiet hook is no fault."""
    feeds, now = Feeds.of(target), datetime.now(UTC)
    heard: dict[str, datetime] = {}
    for hook in hooks:
        for item in feeds.newest([hook], now - QUIET, 1):
            heard[hook] = datetime.fromisoformat(str(item["occurred_at"]))
    if not heard:
        yield note("events", f"none in {QUIET.days} days", "Make a test call, then `make events`.")
        return
    latest = sorted(heard, key=lambda hook: heard[hook], reverse=True)
    yield good("events", ", ".join(f"{hook} {_in_words(now - heard[hook])} ago" for hook in latest))
    if quiet := [hook for hook in hooks if hook not in heard]:
        yield note("quiet hooks", f"nothing in {QUIET.days} days from {', '.join(quiet)}")
