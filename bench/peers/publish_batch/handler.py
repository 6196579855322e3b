"""The minimum for publishing: a loop that only calls `publish_batch`, with prepared entries."""

import os
from typing import Any

import boto3

sns = boto3.client("sns")


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Publish prepared batches."""
    del context
    topic, published = os.environ["EVENTS_TOPIC_ARN"], 0
    for batch in event["batches"]:
        published += len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=batch)["Successful"])
    return {"published": published}
