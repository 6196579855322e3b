"""Rows of the table of destinations, by their partitions: what all its uses have in common."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hookswitch.aws import clients
from hookswitch.aws.backoff import jittered
from hookswitch.errors import StorageUnavailableError
from hookswitch.events.attributes import attribute, item, plain

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

MOST_ROWS = 25  # of one call of BatchWriteItem
WRITE_TRIES = 6


class Partitions:
    """A table whose rows have the keys `owner` and `sort`."""

    def __init__(self, name: str) -> None:
        """Use the table of a name."""
        self.name = name

    def _transact(self, items: "Sequence[TransactWriteItemTypeDef]") -> bool:
        """Carry out writes together; return False if the condition of one does not hold."""
        client = clients.dynamodb()
        for attempt in range(1, WRITE_TRIES + 1):
            try:
                client.transact_write_items(TransactItems=items)
            except client.exceptions.TransactionCanceledException as error:
                codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in codes:
                    return False
                if attempt == WRITE_TRIES:
                    raise
                time.sleep(jittered(0.05 * attempt))
            else:
                return True
        return False

    def _write(self, requests: Sequence[Any]) -> None:
        for start in range(0, len(requests), MOST_ROWS):
            left: Any = {self.name: [*requests[start : start + MOST_ROWS]]}
            for attempt in range(1, WRITE_TRIES + 1):
                left = clients.dynamodb().batch_write_item(RequestItems=left).get("UnprocessedItems")
                if not left:
                    break
                time.sleep(jittered(0.05 * 2**attempt))
            else:
                raise StorageUnavailableError("DynamoDB did not take all rows of the table of destinations.")

    def _get(self, owner: str, sort: str) -> dict[str, Any] | None:
        answer = clients.dynamodb().get_item(
            TableName=self.name, Key=item({"owner": owner, "sort": sort}), ConsistentRead=True
        )
        return plain_row(answer["Item"]) if "Item" in answer else None

    def _delete(self, owner: str, sort: str) -> None:
        clients.dynamodb().delete_item(TableName=self.name, Key=item({"owner": owner, "sort": sort}))

    def _query(
        self, owner: str, *, prefix: str = "", page: int = 0, limit: int = 0, is_newest_first: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a partition; not more than a limit, if there is one."""
        condition, values = "#owner = :owner", {":owner": attribute(owner)}
        names = {"#owner": "owner"}
        if prefix:
            condition += " AND begins_with(sort, :prefix)"
            values[":prefix"] = attribute(prefix)
        asked: Any = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "ScanIndexForward": not is_newest_first,
        }
        if limit or page:
            asked["Limit"] = limit or page
        found = 0
        while True:
            answer = clients.dynamodb().query(**asked)
            for row in answer["Items"]:
                yield plain_row(row)
                found += 1
                if found == limit:
                    return
            if not answer.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _count(self, owner: str, most: int) -> int:
        return sum(1 for _ in self._query(owner, limit=most))


def plain_row(image: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's attributes as plain values."""
    return {name: plain(value) for name, value in image.items()}
