"""DynamoDB in memory, as far as the console uses it: keys, batches, and queries of the table's indexes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from hookswitch.calls.items import CallItem, leg_id, parties, party_item
from hookswitch.calls.record import Call
from hookswitch.events.attributes import item

type Attributes = dict[str, Any]

INDEXES: Mapping[str, str] = {"feeds": "feed", "subjects": "subject_key"}
IN_FEEDS = (
    "event_id",
    "feed",
    "timeline_key",
    "hook",
    "account_id",
    "occurred_at",
    "received_at",
    "summary",
    "subject",
)
MOST_KEYS = 100  # of BatchGetItem


class ConditionalCheckFailedError(ClientError):
    """The condition of a write does not hold."""

    def __init__(self) -> None:
        """Look like the error of DynamoDB."""
        super().__init__({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")


class _Exceptions:
    ConditionalCheckFailedException = ConditionalCheckFailedError


class MemoryTables:
    """All tables of a stack, as one client serves them.

    Attributes:
        tables: The items of each table by their keys.
        asked: The name of every operation that was asked for, in order.
    """

    exceptions = _Exceptions

    def __init__(self) -> None:
        """Begin with empty tables."""
        self.tables: dict[str, dict[tuple[str, ...], Attributes]] = {}
        self.asked: list[str] = []

    def put(self, table: str, values: Mapping[str, object], *keys: str) -> None:
        """Write plain values under keys: the names of the attributes that are the table's keys."""
        stored = item({name: value for name, value in values.items() if value is not None})
        place = tuple(str(values[key]) for key in keys or ("event_id",))
        self.tables.setdefault(table, {})[place] = stored

    def put_call(self, table: str, call: Call) -> None:
        """Write the items that there are of a call."""
        stored = CallItem(call, evidence="", caused_by=frozenset())
        at = call.get("ended_at", call["started_at"])
        self.put(table, stored.to_item(at=at, received_at=at, expires_at=None))
        for leg in call["legs"]:
            self.put(table, {"event_id": leg_id(call["account_id"], leg["leg"]), "kind": "leg", "call": call["call"]})
        for key in parties(call) if call["state"] == "ended" else ():
            self.put(table, party_item(key, call, None))

    def put_item(self, *, TableName: str, Item: Attributes) -> None:  # noqa: N803 - as DynamoDB's API has it
        """Do as DynamoDB does."""
        self.asked.append("PutItem")
        key = Item["event_id"] if "event_id" in Item else Item["session"]
        self.tables.setdefault(TableName, {})[(key["S"],)] = dict(Item)

    def get_item(self, *, TableName: str, Key: Attributes, ConsistentRead: bool) -> Attributes:  # noqa: N803
        """Do as DynamoDB does."""
        del ConsistentRead
        self.asked.append("GetItem")
        found = self.tables.get(TableName, {}).get(_place(Key))
        return {"Item": dict(found)} if found else {}

    def delete_item(self, *, TableName: str, Key: Attributes) -> None:  # noqa: N803
        """Do as DynamoDB does."""
        self.asked.append("DeleteItem")
        self.tables.get(TableName, {}).pop(_place(Key), None)

    def update_item(self, *, TableName: str, Key: Attributes, UpdateExpression: str, **more: Any) -> None:  # noqa: N803
        """Do as DynamoDB does, for assignments to an item that has to exist."""
        self.asked.append("UpdateItem")
        names, values = more.get("ExpressionAttributeNames", {}), more["ExpressionAttributeValues"]
        if (found := self.tables.get(TableName, {}).get(_place(Key))) is None:
            raise ConditionalCheckFailedError
        for assignment in UpdateExpression.removeprefix("SET ").split(", "):
            name, value = assignment.split(" = ")
            found[names.get(name, name)] = values[value]

    def batch_get_item(self, *, RequestItems: Attributes) -> Attributes:  # noqa: N803
        """Do as DynamoDB does, with whole items or some paths of them."""
        self.asked.append("BatchGetItem")
        ((table, asked),) = RequestItems.items()
        keys = [_place(key) for key in asked["Keys"]]
        if not 0 < len(keys) == len(set(keys)) <= MOST_KEYS:
            raise ValueError("DynamoDB refuses this batch.")
        stored = self.tables.get(table, {})
        found = [stored[key] for key in keys if key in stored]
        if "ProjectionExpression" in asked:
            names = asked["ExpressionAttributeNames"]
            paths = [[names[part] for part in path.split(".")] for path in asked["ProjectionExpression"].split(", ")]
            found = [_projected(each, paths) for each in found]
        return {"Responses": {table: found}}

    def query(self, **asked: Any) -> Attributes:
        """Do as DynamoDB does for a partition, or a part of it."""
        self.asked.append("Query")
        found = self._found(asked)
        start = next((at + 1 for at, it in enumerate(found) if it == asked.get("ExclusiveStartKey")), 0)
        page = found[start : start + asked.get("Limit", len(found) + 1)]
        is_last = start + len(page) >= len(found)
        return {"Items": page} | ({} if is_last or not page else {"LastEvaluatedKey": page[-1]})

    def get_paginator(self, operation: str) -> "MemoryTables":
        """Return what pages through a query."""
        if operation != "query":
            raise ValueError("Only queries have pages here.")
        return self

    def paginate(self, **asked: Any) -> Iterator[Attributes]:
        """Yield the pages of a query."""
        size = asked.pop("PaginationConfig", {}).get("PageSize", 1000)
        while True:
            page = self.query(**asked, Limit=size)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _found(self, asked: Mapping[str, Any]) -> list[Attributes]:
        values = asked["ExpressionAttributeValues"]
        items: Iterable[Attributes] = self.tables.get(asked["TableName"], {}).values()
        if index := asked.get("IndexName"):
            partition, place = INDEXES[index], "timeline_key"
            start, end = values[":start"]["S"], values[":end"]["S"]
            if start > end:
                raise ValueError("DynamoDB refuses this condition.")
            found = [it for it in items if it.get(partition) == values[":key"] and start <= it[place]["S"] <= end]
            if index == "feeds":
                found = [{name: it[name] for name in IN_FEEDS if name in it} for it in found]
        else:
            place = "sort"
            found = [it for it in items if it["owner"] == values[":owner"]]
        return sorted(found, key=lambda it: str(it[place]["S"]), reverse=not asked.get("ScanIndexForward", True))


def _place(key: Attributes) -> tuple[str, ...]:
    return tuple(value["S"] for value in key.values())


def _projected(stored: Attributes, paths: Iterable[list[str]]) -> Attributes:
    found: Attributes = {}
    for first, *rest in paths:
        if first not in stored:
            continue
        if not rest:
            found[first] = stored[first]
        elif rest[0] in stored[first].get("M", {}):
            found.setdefault(first, {"M": {}})["M"][rest[0]] = stored[first]["M"][rest[0]]
    return found
