"""Reads an index of the table of events, newest first. Never a scan."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from hookswitch.events.attributes import plain

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

type Index = Literal["feeds", "subjects"]

_KEYS: Mapping[Index, str] = {"feeds": "feed", "subjects": "subject_key"}


def entries(  # noqa: PLR0913 - the parts of a query
    client: "DynamoDBClient", table: str, index: Index, key: str, *, start: str, end: str, page: int
) -> Iterator[dict[str, Any]]:
    """Yield what an index has of the items of one key, newest first.

    Args:
        client: Of DynamoDB.
        table: The table of events.
        index: Which index.
        key: Its partition key.
        start: The first timeline key; a time is one, since a timeline key begins with its time and is longer.
        end: The last timeline key.
        page: How many entries are read at once: about as many as are needed.

    Raises:
        ClientError, BotoCoreError: DynamoDB does not answer.
    """
    if end < start:  # DynamoDB refuses that
        return
    pages = client.get_paginator("query").paginate(
        TableName=table,
        IndexName=index,
        KeyConditionExpression=f"{_KEYS[index]} = :key AND timeline_key BETWEEN :start AND :end",
        ExpressionAttributeValues={":key": {"S": key}, ":start": {"S": start}, ":end": {"S": end}},
        ScanIndexForward=False,
        PaginationConfig={"PageSize": page},
    )
    for found in pages:
        for item in found["Items"]:
            yield {name: plain(value) for name, value in item.items()}
