"""A stretch of the table's stream, which keeps its records for a day."""

from typing import TYPE_CHECKING, cast

from hookswitch.aws import clients
from hookswitch.receiving.requests import FailedStreamBatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hookswitch.events.attributes import Image


def new_items(batch: FailedStreamBatch) -> "Iterator[Image]":
    """Yield the attributes of every new item in a stretch of the stream.

    Raises:
        ClientError, BotoCoreError: The stream can't be read.
    """
    streams = clients.dynamodb_streams()
    iterator: str | None = streams.get_shard_iterator(
        StreamArn=batch.stream,
        ShardId=batch.shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch.start,
    )["ShardIterator"]
    while iterator:
        response = streams.get_records(ShardIterator=iterator)
        for record in response["Records"]:
            change = record["dynamodb"]
            if record["eventName"] == "INSERT":
                yield cast("Image", change["NewImage"])  # attributes of the stream are those of the table
            if change["SequenceNumber"] == batch.end:
                return
        iterator = response.get("NextShardIterator")
