"""An in-process DynamoDB, with the calls that hook functions, redrive and reconcile use."""

import operator
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

type Item = dict[str, dict[str, Any]]

_TERM = re.compile(r"(attribute_(?:not_)?exists)\((\w+)\)|(\w+) (=|<=|>=|<) (:\w+)")
_KEY_CONDITION = re.compile(r"(\w+) = (:\w+)(?: AND timeline_key BETWEEN (:\w+) AND (:\w+))?")
_IN_FEEDS = frozenset(
    ("event_id", "feed", "timeline_key", "hook", "account_id", "occurred_at", "received_at", "summary", "subject")
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
}
_PLAIN: Callable[[Any], Any] = TypeDeserializer().deserialize


class Table:
    """A table and its stream.

    Attributes:
        items: By key.
        inserted: The key of every inserted item of kind `event`, in order: what would be published.
        away: Whether DynamoDB is unavailable: every call fails.
        page_size: How many items a query reads at once.
        queries: How many pages were read.
    """

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.inserted: list[str] = []
        self.away = False
        self.page_size = 2
        self.queries = 0
        self._lock = threading.RLock()

    def plain(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return all items of a kind by key, as plain values."""
        return {
            key: {name: _PLAIN(value) for name, value in item.items()}
            for key, item in self.items.items()
            if item["kind"]["S"] == kind
        }

    def put_item(self, *, TableName: str, Item: Item, ConditionExpression: str) -> dict[str, Any]:
        """Write an item, like DynamoDB."""
        return self._write(TableName, "PutItem", Item["event_id"]["S"], ConditionExpression, {}, lambda _: Item)

    def update_item(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ExpressionAttributeValues: Item,
        ConditionExpression: str = "",
        ReturnValues: str = "NONE",
    ) -> dict[str, Any]:
        """Update an item, like DynamoDB."""
        assert ReturnValues in {"NONE", "ALL_NEW"}
        given = ExpressionAttributeValues
        changes = dict(part.split(" = ") for part in UpdateExpression.removeprefix("SET ").split(", "))
        new = {name: given[value] for name, value in changes.items()}
        key = Key["event_id"]["S"]
        self._write(TableName, "UpdateItem", key, ConditionExpression, given, lambda item: {**item, **Key, **new})
        return {"Attributes": dict(self.items[key])}

    def delete_item(self, *, TableName: str, Key: Item) -> dict[str, Any]:
        """Delete an item, like DynamoDB."""
        self._check(TableName, "DeleteItem")
        self.items.pop(Key["event_id"]["S"], None)
        return {}

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:
        """Read an item, like DynamoDB."""
        assert ConsistentRead
        self._check(TableName, "GetItem")
        item = self.items.get(Key["event_id"]["S"])
        return {"Item": dict(item)} if item else {}

    def query(
        self,
        *,
        TableName: str,
        IndexName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Item,
        FilterExpression: str = "",
        ProjectionExpression: str = "",
        ExclusiveStartKey: str = "",
    ) -> dict[str, Any]:
        """Return some items per page, like DynamoDB with a small page size."""
        self._check(TableName, "Query")
        assert FilterExpression in {"", "hook = :hook"}
        asked = {name: value["S"] for name, value in ExpressionAttributeValues.items()}
        matches = _KEY_CONDITION.fullmatch(KeyConditionExpression)
        assert matches, KeyConditionExpression
        attribute, key, since, until = matches.groups()
        assert attribute == {"feeds": "feed", "calls": "call_id", "subjects": "subject_key"}[IndexName]
        found = [
            item
            for item in sorted(self.items.values(), key=_position)
            if item.get(attribute, {}).get("S") == asked[key]
            and (not since or asked[since] <= item["timeline_key"]["S"] <= asked[until])
            and _position(item) > ExclusiveStartKey
        ]
        page = found[: self.page_size]
        more = {"LastEvaluatedKey": _position(page[-1])} if found[self.page_size :] else {}
        kept = [item for item in page if not FilterExpression or item["hook"]["S"] == asked[":hook"]]
        self.queries += 1
        return {"Items": [_projected(item, ProjectionExpression, IndexName) for item in kept], **more}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:
        """Handle a transaction of puts and condition checks, like DynamoDB."""
        parts = [next(iter(it.items())) for it in TransactItems]
        keyed = [(it[{"Put": "Item", "ConditionCheck": "Key"}[kind]]["event_id"]["S"], kind, it) for kind, it in parts]
        assert len({key for key, *_ in keyed}) == len(keyed), "DynamoDB refuses two parts on one item."
        with self._lock:
            for _, _, it in keyed:
                self._check(it["TableName"], "TransactWriteItems")
            reasons = [self._reason(key, it) for key, _, it in keyed]
            if any(reason["Code"] == _FAILED for reason in reasons):
                answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
                raise ClientError(answer, "TransactWriteItems")
            for key, kind, it in keyed:
                if kind == "Put":
                    self._put(key, it["Item"])
        return {}

    def _reason(self, key: str, part: Mapping[str, Any]) -> dict[str, Any]:
        if self._holds(key, part["ConditionExpression"], _values(part)):
            return {"Code": "None"}
        asked = part.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return {"Code": _FAILED, **({"Item": dict(self.items[key])} if asked and key in self.items else {})}

    def _write(
        self,
        table: str,
        operation: str,
        key: str,
        condition: str,
        values: Item,
        change: Callable[[Item], Item],
    ) -> dict[str, Any]:
        with self._lock:
            self._check(table, operation)
            if not self._holds(key, condition, values):
                raise ClientError({"Error": {"Code": f"{_FAILED}Exception"}}, operation)
            self._put(key, change(self.items.get(key, {})))
        return {}

    def _put(self, key: str, item: Item) -> None:
        if key not in self.items and item["kind"]["S"] == "event":
            self.inserted.append(key)
        self.items[key] = item

    def _check(self, table: str, operation: str) -> None:
        assert table == "events"
        if self.away:
            raise ClientError({"Error": {"Code": "InternalServerError"}}, operation)

    def _holds(self, key: str, condition: str, values: Item) -> bool:
        item = self.items.get(key, {})
        return not condition or any(
            all(_term(term, item, values) for term in terms.split(" AND ")) for terms in condition.split(" OR ")
        )


def _position(item: Item) -> str:
    return str(item.get("timeline_key", {}).get("S", "")) + str(item["event_id"]["S"])


def _projected(item: Item, expression: str, index: str) -> Item:
    """Return what a query shows of an item: the index `feeds` has few attributes."""
    known = {name: value for name, value in item.items() if index != "feeds" or name in _IN_FEEDS}
    if not expression:
        return known
    shown: Item = {}
    for path in expression.split(", "):
        name, _, inner = path.partition(".")
        if inner and inner in known.get(name, {}).get("M", {}):
            shown.setdefault(name, {"M": {}})["M"][inner] = known[name]["M"][inner]
        elif not inner and name in known:
            shown[name] = known[name]
    return shown


_FAILED = "ConditionalCheckFailed"


def _values(part: Mapping[str, Any]) -> Item:
    found: Item = part.get("ExpressionAttributeValues", {})
    return found


def _term(text: str, item: Item, values: Item) -> bool:
    match = _TERM.fullmatch(text)
    assert match, text
    function, attribute, name, comparison, value = match.groups()
    if function:
        return (attribute in item) == (function == "attribute_exists")
    if name not in item:
        return False
    return _COMPARE[comparison](_PLAIN(item[name]), _PLAIN(values[value]))
