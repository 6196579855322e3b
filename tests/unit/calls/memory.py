"""DynamoDB in memory, as far as calls use it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from hookswitch.events.attributes import plain

type Item = dict[str, Any]


class _ConditionalCheckFailedError(ClientError):
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")


class Exceptions:
    """The errors that the client names."""

    ConditionalCheckFailedException = _ConditionalCheckFailedError


class MemoryDynamoDB:
    """A table whose operations happen one after the other.

    Attributes:
        items: The items by their keys.
        full: Keys of items that have the size that DynamoDB allows.
        writes: How many items were written.
        before_call: Called with the name of each operation before it happens; tests switch to another writer there.
    """

    exceptions = Exceptions

    def __init__(self, before_call: Callable[[str], None] = lambda _: None) -> None:
        self.items: dict[str, Item] = {}
        self.full: set[str] = set()
        self.writes = 0
        self.before_call = before_call

    def plain(self, kind: str) -> list[dict[str, Any]]:
        """Return the items of a kind as plain values."""
        found = ({name: plain(value) for name, value in item.items()} for item in self.items.values())
        return [item for item in found if item["kind"] == kind]

    def update_item(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ExpressionAttributeNames: dict[str, str],
        ExpressionAttributeValues: Item,
        ConditionExpression: str = "",
        ReturnValues: str = "",
    ) -> dict[str, Any]:
        """Do as DynamoDB does, for assignments, if the item exists or an attribute has a value."""
        assert TableName == "the-table"
        self.before_call("UpdateItem")
        self._require_room(Key["event_id"]["S"], "UpdateItem")
        before = self.items.get(Key["event_id"]["S"], {})
        if ConditionExpression == "attribute_exists(event_id)":
            holds = bool(before)
        elif ConditionExpression:
            name, value = ConditionExpression.split(" = ")
            holds = before.get(ExpressionAttributeNames[name]) == ExpressionAttributeValues[value]
        else:
            holds = True
        if not holds:
            raise _ConditionalCheckFailedError
        item = self.items.setdefault(Key["event_id"]["S"], dict(Key))
        for found in re.finditer(r"(#\w+) = (?:(if_not_exists)\(#\w+, )?(:\w+)", UpdateExpression):
            name, keeps, value = ExpressionAttributeNames[found[1]], found[2], ExpressionAttributeValues[found[3]]
            if not keeps or name not in item:
                item[name] = value
        assert bool(ReturnValues) != bool(ConditionExpression)
        self.writes += 1
        return {"Attributes": dict(item)}

    def put_item(
        self,
        *,
        TableName: str,
        Item: Item,
        ConditionExpression: str = "",
        ExpressionAttributeValues: Item | None = None,
    ) -> None:
        """Do as DynamoDB does, for the two conditions that are used."""
        assert TableName == "the-table"
        self.before_call("PutItem")
        self._require_room(Item["event_id"]["S"], "PutItem")
        key = Item["event_id"]["S"]
        before = self.items.get(key)
        if ConditionExpression == "attribute_not_exists(event_id)":
            holds = before is None
        elif ConditionExpression == "revision = :before":
            holds = before is not None and before["revision"] == (ExpressionAttributeValues or {})[":before"]
        else:
            holds = not ConditionExpression
        if not holds:
            raise _ConditionalCheckFailedError
        self.items[key] = dict(Item)
        self.writes += 1

    def _require_room(self, key: str, operation: str) -> None:
        if key in self.full:
            raise ClientError({"Error": {"Code": "ValidationException"}}, operation)

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:
        """Do as DynamoDB does."""
        assert (TableName, ConsistentRead) == ("the-table", True)
        self.before_call("GetItem")
        found = self.items.get(Key["event_id"]["S"])
        return {"Item": dict(found)} if found else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        """Do as DynamoDB does."""
        ((table, wanted),) = RequestItems.items()
        assert wanted["ConsistentRead"]
        keys = [key["event_id"]["S"] for key in wanted["Keys"]]
        assert 0 < len(keys) == len(set(keys)) <= 100
        self.before_call("BatchGetItem")
        return {"Responses": {table: [dict(self.items[key]) for key in keys if key in self.items]}}

    def get_paginator(self, operation: str) -> "MemoryDynamoDB":
        """Return what answers a query in pages."""
        assert operation == "query"
        return self

    def paginate(self, *, ExpressionAttributeValues: Item, **_: object) -> Iterator[dict[str, Any]]:
        """Yield the items of a feed in one page."""
        feed = ExpressionAttributeValues[":feed"]
        found = [item for item in self.items.values() if item.get("feed") == feed]
        yield {"Items": sorted(found, key=lambda item: item["timeline_key"]["S"])}
