"""DynamoDB in memory: the table of destinations, and that of events."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.unit.destinations.expressions import Expressions, Item

TABLE, EVENTS = "the-destinations-table", "the-events-table"


class _ConditionalCheckFailedError(ClientError):
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ConditionalCheckFailedException"}}, "AnyOperation")


class _TransactionCanceledError(ClientError):
    def __init__(self) -> None:
        reasons = [{"Code": "ConditionalCheckFailed"}]
        answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        super().__init__(answer, "TransactWriteItems")


class Exceptions:
    """The errors that the client names."""

    ConditionalCheckFailedException = _ConditionalCheckFailedError
    TransactionCanceledException = _TransactionCanceledError


class Tables:
    """Both tables."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Item] = {}
        self.events: dict[str, Item] = {}

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:
        """Do as DynamoDB does."""
        assert ConsistentRead
        found = self.events.get(Key["event_id"]["S"]) if TableName == EVENTS else self.rows.get(_key(Key))
        return {"Item": dict(found)} if found else {}

    def put_item(self, *, TableName: str, Item: Item, **guard: Any) -> None:
        """Do as DynamoDB does."""
        assert TableName == TABLE
        self._require(guard, self.rows.get(_key(Item), {}))
        self.rows[_key(Item)] = dict(Item)

    def delete_item(self, *, TableName: str, Key: Item, **guard: Any) -> None:
        """Do as DynamoDB does."""
        assert TableName == TABLE
        self._require(guard, self.rows.get(_key(Key), {}))
        self.rows.pop(_key(Key), None)

    def update_item(
        self, *, TableName: str, Key: Item, UpdateExpression: str, ReturnValues: str = "", **guard: Any
    ) -> dict[str, Any]:
        """Do as DynamoDB does."""
        assert TableName == TABLE
        expressions = self._require(guard, self.rows.get(_key(Key), {}))
        row = self.rows.setdefault(_key(Key), dict(Key))
        expressions.apply(UpdateExpression, row)
        return {"Attributes": dict(row)} if ReturnValues else {}

    def query(self, *, ExpressionAttributeValues: Item, ScanIndexForward: bool, **asked: Any) -> dict[str, Any]:
        """Do as DynamoDB does, for the rows of a partition, from a place in it."""
        owner, prefix = (
            ExpressionAttributeValues[":owner"]["S"],
            ExpressionAttributeValues.get(":prefix", {"S": ""})["S"],
        )
        after = asked.get("ExclusiveStartKey", {}).get("sort", {}).get("S", "")
        keys = sorted(key for key in self.rows if key[0] == owner and key[1].startswith(prefix))
        keys = keys if ScanIndexForward else keys[::-1]
        if after:
            keys = [key for key in keys if (key[1] > after) == ScanIndexForward and key[1] != after]
        page = keys[: asked.get("Limit", 1000)]
        answer: dict[str, Any] = {"Items": [dict(self.rows[key]) for key in page]}
        if len(page) < len(keys):
            answer["LastEvaluatedKey"] = {"owner": {"S": page[-1][0]}, "sort": {"S": page[-1][1]}}
        return answer

    def batch_write_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        """Do as DynamoDB does."""
        ((name, requests),) = RequestItems.items()
        assert name == TABLE
        assert 0 < len(requests) <= 25
        keys = [_key(each.get("PutRequest", {}).get("Item") or each["DeleteRequest"]["Key"]) for each in requests]
        assert len(keys) == len(set(keys))
        for key, each in zip(keys, requests, strict=True):
            if "PutRequest" in each:
                self.rows[key] = dict(each["PutRequest"]["Item"])
            else:
                self.rows.pop(key, None)
        return {}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:
        """Do as DynamoDB does."""
        before = {key: dict(row) for key, row in self.rows.items()}
        try:
            for each in TransactItems:
                ((verb, given),) = each.items()
                carry_out: Callable[..., object] = getattr(self, f"{verb.lower()}_item")
                carry_out(**given)
        except _ConditionalCheckFailedError as error:
            self.rows = before
            raise _TransactionCanceledError from error

    def owed(self, destination_id: str) -> list[str]:
        """Return the places of what a destination has yet to get."""
        return sorted(sort for owner, sort in self.rows if owner == f"owed/{destination_id}")

    @staticmethod
    def _require(guard: Mapping[str, Any], row: Item) -> Expressions:
        names, values = guard.get("ExpressionAttributeNames", {}), guard.get("ExpressionAttributeValues", {})
        expressions = Expressions(names, values)
        if not expressions.holds(guard.get("ConditionExpression", "attribute_not_exists(nothing)"), row):
            raise _ConditionalCheckFailedError
        return expressions


def _key(item: Item) -> tuple[str, str]:
    return item["owner"]["S"], item["sort"]["S"]
