"""Checks of what a stack has on AWS: its account, subscriptions, alarms, queues and events."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from devtools.accounting import CLOSED, advice, is_closed, read_accounting, said
from devtools.checks import Check, bad, good, note
from devtools.destinations.screens import moment, problems
from devtools.feeds import Feeds
from devtools.since import age, counted
from devtools.state import AT_REST, BUSY, QUEUES, SECTIONS, alarms_on, count_messages, list_destinations
from devtools.target import Target

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_sns import SNSClient

TOPICS = {"EventsTopicArn": "alerts", "OperationsTopicArn": "alarms"}
OWN_SUBSCRIPTIONS = ("DestinationEventsSubscription", "ReconcileDisabled")
WAITING = {
    "redrive queue": "deliveries wait for DynamoDB",
    "publish dead-letter queue": "events wait for SNS",
    "calls queue": "calls wait to be looked at again",
    "dead-letter queue": "messages need an operator",
}
QUIET = timedelta(days=14)
OLD = timedelta(minutes=15)  # what has waited longer is not a passing fault


def check_identity(target: Target) -> Check:
    """Return whose AWS account is used."""
    identity = target.client("sts").get_caller_identity()
    return good("AWS", f"account {identity['Account']}, Region {target.session.region_name}")


def check_status(target: Target) -> Check:
    """Return whether CloudFormation calls the stack complete."""
    status = target.described["StackStatus"]
    found = f"{target.stack} is {status.lower().replace('_', ' ')}"
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return note("stack", f"{found}: its last update failed", "Read the stack's events, then `make deploy` again.")
    if status in AT_REST:
        return good("stack", found)
    if status.endswith("_IN_PROGRESS"):
        return note("stack", found, "Wait until that is done, and examine it again.")
    return bad("stack", found, "Read the stack's events in the CloudFormation console.")


def check_subscriptions(target: Target) -> Iterator[Check]:
    """Yield how many subscribers hear the topics, besides the stack itself, and which are still to be confirmed."""
    topics: SNSClient = target.client("sns")
    own = {target.resources.get(name) for name in OWN_SUBSCRIPTIONS}
    for output, name in TOPICS.items():
        pages = topics.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=target.outputs[output])
        found = [it for page in pages for it in page["Subscriptions"] if it["SubscriptionArn"] not in own]
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
    sounding = alarms_on(target)
    for name, description in sounding.items():
        said, _, page = description.removeprefix(f"{target.stack}: ").partition(" See ")
        yield bad(f"alarm: {name.removesuffix('Alarm')}", said, page)
    if not sounding:
        count = sum(name.endswith("Alarm") for name in target.resources)
        yield good("alarm states", f"none of {count} alarms is on")


def check_queues(target: Target) -> Iterator[Check]:
    """Yield what waits in the stack's queues."""
    waiting = 0
    for name, meaning in WAITING.items():
        url = target.output(QUEUES[name])
        count = count_messages(target, url)
        if not count:
            continue
        oldest = _oldest(target, url)
        if name in BUSY and (oldest or timedelta()) <= OLD:
            continue
        waiting += count
        found = f"{count:,} {meaning}" + (f", the oldest for {age(oldest)}" if oldest else "")
        if name == "dead-letter queue" or (oldest or timedelta()) > OLD:
            yield bad("queue", found, f"docs/runbook.md#{SECTIONS[name]}")
        else:
            yield note("queue", found, "They are retried by themselves.")
    if not waiting:
        yield good("queues", "nothing waits for DynamoDB, SNS or an operator")


def check_destinations(target: Target) -> Iterator[Check]:
    """Yield which destinations fail or are off, and how much waits for them."""
    views, now = list_destinations(target), datetime.now(UTC)
    if views is None:
        return
    for view in views:
        for found, next_step in problems(view, now):
            make = bad if view.state == "off" else note
            yield make(f"destination: {view.name}", found, f"{next_step}{target.argument}")
    well = [view for view in views if view.state == "on" and not view.health.failures]
    if views:
        waiting = sum(view.backlog for view in views)
        latest = max(view.health.last_success for view in views)
        sent = f", the last delivery {age(now - moment(latest))} ago" if latest else ""
        waits = counted(waiting, "delivery waits", "deliveries wait")
        yield good("destinations", f"{len(well)} of {len(views)} are on and do not fail{sent}; {waits}")


def check_accounting(target: Target) -> Iterator[Check]:
    """Yield how many legs of calls Dash has and how many of them are here, once that was compared."""
    state = read_accounting(target)
    if state is None or not (found := said(state)):
        return
    name = "legs of calls"
    if state.missing:
        yield bad(name, found, advice(state, target.argument))
    elif is_closed(state):
        yield note(name, CLOSED, "What happens while a webhook is off is lost: docs/healing.md#what-cant-be-recovered")
    else:
        yield good(name, found)


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
    yield good("events", ", ".join(f"{hook} {age(now - heard[hook])} ago" for hook in latest))
    if quiet := [hook for hook in hooks if hook not in heard]:
        yield note("quiet hooks", f"nothing in {QUIET.days} days from {', '.join(quiet)}")
