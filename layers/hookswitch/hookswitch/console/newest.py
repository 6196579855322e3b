"""Reads a feed that is not divided by days, newest first: the quarantine, and what people did."""

from collections.abc import Iterator
from datetime import datetime

from hookswitch.aws import clients
from hookswitch.calls.log import Item, rfc3339
from hookswitch.events.attributes import plain


def newest(table: str, feed: str, since: datetime, page: int = 1_000) -> Iterator[Item]:
    """Yield the entries of a feed since a time, newest first: what the index `feeds` has of each item.

    Args:
        table: The table of events.
        feed: The feed's key.
        since: The earliest time.
        page: How many are read at once: about as many as are needed.

    Raises:
        ClientError, BotoCoreError: DynamoDB does not answer.
    """
    pages = (
        clients.dynamodb()
        .get_paginator("query")
        .paginate(
            TableName=table,
            IndexName="feeds",
            KeyConditionExpression="feed = :key AND timeline_key BETWEEN :start AND :end",
            ExpressionAttributeValues={":key": {"S": feed}, ":start": {"S": rfc3339(since)}, ":end": {"S": "9"}},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": page},
        )
    )
    for found in pages:
        for item in found["Items"]:
            yield {name: plain(value) for name, value in item.items()}
