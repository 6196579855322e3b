"""The table, its stream, the topic and the queues."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bench.quotas import NEW_ACCOUNT_CONCURRENCY
from devtools.adoption import with_table_name
from devtools.template import ASKED, expanded, parsed, resources
from hookswitch.calls.update import STREAM_SECONDS
from hookswitch.destinations.refused import SECONDS
from hookswitch.destinations.rows import Attempt
from hookswitch.events.items import delivery_test_item, event_item, quarantine_item
from hookswitch.events.kinds import IMPORTED
from simulator.payloads import payload
from tests.receiving import SETTINGS, delivery, event
from tests.template.views import EVERYTHING, full, made, minimal, of_type


def all_within(value: Any) -> Iterator[Any]:
    """Yield a value and everything inside it."""
    yield value
    if isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from all_within(part)


def test_table_is_safe() -> None:
    """It has point-in-time recovery, deletion protection, and outlives the stack."""
    table = parsed()["Resources"]["EventsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Ref": "TableDeletionProtection"}
    assert parsed()["Parameters"]["TableDeletionProtection"]["Default"] == "true"


def test_table_has_a_name_only_if_one_is_given() -> None:
    """CloudFormation names the table unless a parameter does, and adopts one that the template names literally."""
    assert "TableName" not in resources(expanded(**ASKED), **ASKED)["EventsTable"]["Properties"]
    given = ASKED | {"EventsTableName": "phones"}
    assert resources(expanded(**given), **given)["EventsTable"]["Properties"]["TableName"] == "phones"
    adopting = with_table_name(expanded(**ASKED), "phones")["Resources"]["EventsTable"]
    assert adopting["Properties"]["TableName"] == "phones"
    assert adopting["DeletionPolicy"] == "Retain"  # "Import AWS resources into a CloudFormation stack automatically"


def test_table_costs_nothing_to_leave_idle() -> None:
    """Neither the table nor an index has provisioned capacity."""
    table = of_type("AWS::DynamoDB::Table")["EventsTable"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert not any("ProvisionedThroughput" in it for it in all_within(table) if isinstance(it, dict))


def test_table_has_the_attributes_that_are_stored() -> None:
    """The keys of the table and its indexes, the time to live and the projected attributes are attributes of items."""
    table = of_type("AWS::DynamoDB::Table")["EventsTable"]
    stored = event_item(event("missed_call", payload("missed_call")), SETTINGS).keys()
    keys = {key["AttributeName"] for it in [table, *table["GlobalSecondaryIndexes"]] for key in it["KeySchema"]}
    shown = {name for it in table["GlobalSecondaryIndexes"] for name in it["Projection"].get("NonKeyAttributes", [])}
    assert keys | shown <= stored
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert "expires_at" in stored


def test_stream_reaches_the_publish_function() -> None:
    """A failed batch is split, its good records are not sent again, and what fails for good is recorded."""
    assert of_type("AWS::DynamoDB::Table")["EventsTable"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    mapping = of_type("AWS::Lambda::EventSourceMapping", full())["PublishStream"]
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["EventsTable", "StreamArn"]}
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["ParallelizationFactor"] == 2
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # Tried for hours, not so many times: the queue may be away together with SNS. Half the day that a stream keeps its
    # records is left to read them again.
    assert "MaximumRetryAttempts" not in mapping
    assert 3_600 < mapping["MaximumRecordAgeInSeconds"] < 43_200
    queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0]
    assert queue in of_type("AWS::SQS::Queue")


def test_filter_of_the_stream() -> None:
    """Only new events and test deliveries are published: no changes or removals, nothing quarantined or imported."""
    mapping = of_type("AWS::Lambda::EventSourceMapping", full())["PublishStream"]
    (pattern,) = [json.loads(it["Pattern"]) for it in mapping["FilterCriteria"]["Filters"]]
    assert pattern.pop("eventName") == ["INSERT"]
    wanted = pattern["dynamodb"]["NewImage"]["kind"]["S"]
    assert event_item(event("parking", payload("parking")), SETTINGS)["kind"] in wanted
    assert delivery_test_item(delivery("parking", "{}"), "0" * 32, SETTINGS)["kind"] in wanted
    assert quarantine_item(delivery("parking", "{"), ("No JSON.",), SETTINGS)["kind"] not in wanted
    assert IMPORTED not in wanted


def test_stream_reaches_the_calls_function() -> None:
    """The stream's second reader gets new events about a call, and has failed batches again for as long as publish."""
    mappings = of_type("AWS::Lambda::EventSourceMapping", full())
    readers = [
        name for name, it in mappings.items() if it["EventSourceArn"]["Fn::GetAtt"] == ["EventsTable", "StreamArn"]
    ]
    assert len(readers) == 2, "DynamoDB throttles a shard with more than two readers"
    mapping, publishing = mappings["CallsStream"], mappings["PublishStream"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumRetryAttempts" not in mapping
    assert mapping["MaximumRecordAgeInSeconds"] == publishing["MaximumRecordAgeInSeconds"] < STREAM_SECONDS
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["CallsQueue", "Arn"]}
    (pattern,) = [json.loads(it["Pattern"]) for it in mapping["FilterCriteria"]["Filters"]]
    assert pattern["eventName"] == ["INSERT"]
    image, stored = pattern["dynamodb"]["NewImage"], event_item(event("missed_call", payload("missed_call")), SETTINGS)
    assert image["kind"]["S"] == [stored["kind"]]
    assert image["call_id"]["S"] == [{"exists": True}]
    assert stored["call_id"]


def test_nobody_is_told_by_email_unless_asked() -> None:
    """Without AlertEmail there is no subscription; with it there is one for alerts only."""
    assert "AlertSubscription" not in resources(minimal(), **ASKED)
    subscription = resources(full(), **EVERYTHING)["AlertSubscription"]["Properties"]
    assert subscription["Endpoint"] == EVERYTHING["AlertEmail"]
    assert subscription["FilterPolicy"] == {"alert": ["true"]}


def test_queues_wait_for_their_function() -> None:
    """The visibility timeout is six times the timeout of the function that reads the queue, as AWS recommends.

    A queue that wakes senders has a minute more than the function: a message that comes again finds nothing to do, and
    the recommendation allows for throttling, but a mapping with a maximum of its own reads only what it can start.
    """
    queues, running = of_type("AWS::SQS::Queue"), of_type("AWS::Lambda::Function", full())
    sources = 0
    for mapping in of_type("AWS::Lambda::EventSourceMapping", full()).values():
        if (name := mapping["EventSourceArn"]["Fn::GetAtt"][0]) not in queues:
            continue
        sources += 1
        function = running[mapping["FunctionName"]["Ref"]]
        if mapping["FunctionName"]["Ref"] == "Send":
            assert queues[name]["VisibilityTimeout"] == function["Timeout"] + 60
            assert "MaximumConcurrency" in mapping["ScalingConfig"]
        else:
            assert queues[name]["VisibilityTimeout"] >= 6 * function["Timeout"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert sources == 6


def test_queues_lose_nothing() -> None:
    """Every queue has the maximum retention, and what fails for good ends in the dead-letter queue."""
    queues = of_type("AWS::SQS::Queue")
    for queue in queues.values():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    ends = [queue["RedrivePolicy"]["deadLetterTargetArn"] for queue in queues.values() if "RedrivePolicy" in queue]
    assert ends == [{"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}] * (len(queues) - 1)
    assert "RedrivePolicy" not in queues["DeadLetterQueue"]


def test_table_of_destinations() -> None:
    """It can be restored to any second, costs nothing to leave idle, and is not lost to a change that replaces it.

    It goes with the stack: it only says who is owed which event, and the events stay.
    """
    table = parsed()["Resources"]["DestinationsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Delete", "Retain")
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert [key["AttributeName"] for key in properties["KeySchema"]] == ["owner", "sort"]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    attempt = Attempt(1, "key", "event", 1, "taken", 200, "", 5).to_row("id")
    assert {"owner", "sort", "expires_at"} <= attempt.keys()


def test_events_reach_the_queue_of_destinations() -> None:
    """SNS hands the queue each event as it is, once it may; without destinations it gets none, and nobody polls it."""
    subscription = resources(minimal(), **ASKED)["DestinationEventsSubscription"]
    assert subscription["Properties"] == {
        "TopicArn": {"Ref": "EventsTopic"},
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": ["DestinationEventsQueue", "Arn"]},
        "RawMessageDelivery": True,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["RefusedEventsQueue", "Arn"]}},
    }
    assert subscription["DependsOn"] == ["DestinationEventsQueuePolicy", "RefusedEventsQueuePolicy"]
    without = resources(full(), **EVERYTHING, SendToDestinations="off")
    assert "DestinationEventsSubscription" not in without
    polled = {name for name, it in without.items() if it["Type"] == "AWS::Lambda::EventSourceMapping"}
    off = {name for name in polled if without[name]["Properties"].get("Enabled") is False}
    assert off == {"RouteEvents", "SendWake", "SendRetry"}
    assert without["DestinationsSweep"]["Properties"]["State"] == "DISABLED"


def test_queue_of_refused_events_refuses_nothing() -> None:
    """It never has the key that SNS may not use for the other; what a sweep has read is hidden until the next one."""
    for guarded in (False, True):
        queue = made(guarded=guarded)["RefusedEventsQueue"]["Properties"]
        assert queue["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in queue
    sweeping = parsed()["Resources"]["Destinations"]["Properties"]
    assert SECONDS < sweeping["Timeout"] < queue["VisibilityTimeout"] < 300
    assert sweeping["Events"]["Sweep"]["Properties"]["Schedule"] == "rate(5 minutes)"


def test_one_destination_for_each_sender() -> None:
    """A message wakes the sender for one destination; those that fail or are slow take no sender from the others."""
    mappings = of_type("AWS::Lambda::EventSourceMapping", full())
    assert mappings["SendWake"]["BatchSize"] == mappings["SendRetry"]["BatchSize"] == 1
    for name in ("SendWake", "SendRetry"):
        assert mappings[name]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "DestinationConcurrency"}}
    assert mappings["SendWake"]["FunctionName"] == mappings["SendRetry"]["FunctionName"] == {"Ref": "Send"}


def test_destinations_leave_executions_for_deliveries() -> None:
    """By default, destinations can't take all executions of a new account, even if all of them hang."""
    served = int(parsed()["Parameters"]["DestinationConcurrency"]["Default"])
    routing = of_type("AWS::Lambda::EventSourceMapping", full())["RouteEvents"]["ScalingConfig"]["MaximumConcurrency"]
    assert 2 * served + routing < NEW_ACCOUNT_CONCURRENCY
