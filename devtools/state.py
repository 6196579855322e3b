"""What a stack's table, queues and alarms say about how it is doing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from devtools.accounting import read_accounting
from devtools.destinations.managing import Manager, has_destinations
from devtools.feeds import NAMES, Feeds, Item
from devtools.target import Target
from hookswitch.console.alarms import is_on
from hookswitch.destinations.requests import View
from hookswitch.reconcile.accounting.ledger import AccountingState
from hookswitch.reconcile.ledger import KEY as RECONCILE
from hookswitch.reconcile.state import State as RunState

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
QUEUES = {  # the output with a queue's address
    "redrive queue": "RedriveQueueUrl",
    "publish dead-letter queue": "PublishDeadLetterQueueUrl",
    "calls queue": "CallsQueueUrl",
    "dead-letter queue": "DeadLetterQueueUrl",
}
BUSY = {"calls queue"}  # holds messages for half a minute after each call; only one that stays is a fault
SECTIONS = {  # of the runbook
    "redrive queue": "redrive-queue-not-draining",
    "publish dead-letter queue": "publish-queue-not-draining",
    "calls queue": "calls-queue-unread",
    "dead-letter queue": "dead-letters",
}
AT_REST = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
IN_QUEUE = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class State:
    """What there is to know of a stack.

    Attributes:
        target: The stack.
        looked_at: When this was looked up.
        last_hour: Events of the stack's own Dash account in the last hour, by hook.
        last_day: The same in the last 24 hours.
        newest: The account's newest event of the last seven days.
        queues: How many messages are in each queue.
        quarantined: Deliveries quarantined in the last seven days, by hook.
        alarms: The description of each alarm that is in ALARM, by its logical id.
        watermark: Up to when reconcile has recovered everything; None before its first run.
        held_back: Until when each webhook stays off that Dash disables again and again, by its hook.
        accounting: What reconcile compared with Dash's records; None before its first run.
        destinations: Where events are sent; None if the stack has no destinations, or does not show them to whoever
            asks: to manage them is a permission of its own.
    """

    target: Target
    looked_at: datetime
    last_hour: Counter[str]
    last_day: Counter[str]
    newest: Item | None
    queues: Mapping[str, int]
    quarantined: Counter[str]
    alarms: Mapping[str, str]
    watermark: datetime | None
    accounting: AccountingState | None = None
    destinations: Sequence[View] | None = None
    held_back: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, target: Target) -> "State":
        """Look it up.

        Raises:
            LaptopError: There is no such stack.
            ClientError, BotoCoreError: AWS can't be asked.
        """
        now, feeds = datetime.now(UTC), Feeds.of(target)
        last_day = feeds.count(NAMES, now - DAY)
        newest = feeds.newest(NAMES, now - (DAY if last_day else WEEK), 1)
        run = read_run(target)
        return cls(
            target=target,
            looked_at=now,
            last_hour=feeds.count(NAMES, now - HOUR),
            last_day=last_day,
            newest=newest[0] if newest else None,
            queues={name: count_messages(target, target.output(output)) for name, output in QUEUES.items()},
            quarantined=feeds.quarantined(now - WEEK),
            alarms=alarms_on(target),
            watermark=datetime.fromtimestamp(run.watermark, UTC) if run else None,
            held_back=held_back(run),
            accounting=read_accounting(target),
            destinations=list_destinations(target),
        )

    @property
    def reconcile_rate(self) -> str:
        """How often reconcile runs, as the parameter says."""
        return self.target.parameters.get("ReconcileRate", "off")

    @property
    def changed_at(self) -> datetime:
        """When the stack was created or last updated."""
        return self.target.described.get("LastUpdatedTime") or self.target.described["CreationTime"]

    @property
    def hooks(self) -> list[str]:
        """The hooks that the stack registers on Dash."""
        return self.target.parameters.get("Hooks", "").split(",")

    def is_young(self, age: timedelta) -> bool:
        """Tell whether the stack was created so recently that what is missing may still come."""
        return self.looked_at - self.target.described["CreationTime"] < age


def list_destinations(target: Target) -> list[View] | None:
    """Return where a stack sends its events; None if it has no destinations, or does not show them.

    Raises:
        FunctionError: The function failed.
        ClientError, BotoCoreError: It can't be asked, for another reason than a lack of permission.
    """
    if not has_destinations(target):
        return None
    try:
        return Manager.of(target).list()
    except ClientError as error:
        if error.response["Error"].get("Code") in {"AccessDenied", "AccessDeniedException"}:
            return None
        raise


def count_messages(target: Target, queue_url: str) -> int:
    """Return about how many messages a queue holds, those in flight and those that are delayed included."""
    client: SQSClient = target.client("sqs")
    attributes = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    return sum(int(number) for name, number in attributes.items() if name in IN_QUEUE)


def alarms_on(target: Target) -> dict[str, str]:
    """Return what the stack's alarms that sound say. CloudFormation names alarms after the stack."""
    client: Any = target.client("cloudwatch")
    logical = {physical: name for name, physical in target.resources.items()}
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{target.stack}-")
    alarms = [
        alarm for page in pages for alarm in page["MetricAlarms"] if alarm["AlarmName"] in logical and is_on(alarm)
    ]
    return {logical[alarm["AlarmName"]]: alarm.get("AlarmDescription", "") for alarm in alarms}


def read_run(target: Target) -> RunState | None:
    """Return what reconcile remembers of its last run; None before the first."""
    client: DynamoDBClient = target.client("dynamodb")
    key = {"event_id": {"S": RECONCILE}}
    item = client.get_item(TableName=target.output("EventsTableName"), Key=key, ConsistentRead=True).get("Item", {})
    return RunState.from_json(item["progress"]["S"]) if "progress" in item else None


def held_back(run: RunState | None) -> dict[str, datetime]:
    """Return until when each webhook stays off that Dash disables again and again, by its hook."""
    return {hook: datetime.fromtimestamp(due, UTC) for hook, due in run.held_back.items()} if run else {}
