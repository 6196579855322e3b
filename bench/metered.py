"""A table in memory that counts what DynamoDB would charge for.

How it charges: DynamoDB Developer Guide, "Capacity unit consumption" and "Item sizes and formats"; for writes to
indexes, "Using Global Secondary Indexes".
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from devtools.template import parsed

KEY, MOVED = "event_id", "key of the index"
OVERHEAD = 100  # bytes for an item, and for each copy of it in an index
WRITE_UNIT, READ_UNIT = 1024, 4096  # bytes

type Item = dict[str, Any]


class ConditionalCheckFailedError(ClientError):
    """What the client raises if a condition does not hold."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")


class Exceptions:
    """The errors that the client names."""

    ConditionalCheckFailedException = ConditionalCheckFailedError


class MeteredTable:
    """A client of DynamoDB with one table in memory, as far as calls use it.

    Attributes:
        items: The items by their keys.
        operations: How often each operation was called.
        writes: Write units of the table, by the kind of the item.
        index_writes: Write units of its indexes, by the kind of the item.
        reads: Read units.
    """

    exceptions = Exceptions

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.operations: Counter[str] = Counter()
        self.writes: Counter[str] = Counter()
        self.index_writes: Counter[str] = Counter()
        self.reads = 0
        self._projections = [*_projections()]

    @property
    def stored_bytes(self) -> int:
        """What DynamoDB charges storage for: each item, each copy in an index, and 100 bytes for either."""
        projections = [project(item) for item in self.items.values() for project in self._projections]
        return sum(size(found) + OVERHEAD for found in [*self.items.values(), *projections] if found)

    def update_item(self, **given: Any) -> dict[str, Any]:
        """Carry out assignments, if the item exists or an attribute has a value."""
        self.operations["UpdateItem"] += 1
        names, values = given["ExpressionAttributeNames"], given["ExpressionAttributeValues"]
        before = self.items.get(given["Key"][KEY]["S"])
        condition = given.get("ConditionExpression")
        if condition == "attribute_exists(event_id)":
            self._require(before is not None, before)
        elif condition:
            name, value = condition.split(" = ")
            self._require((before or {}).get(names[name]) == values[value], before)
        after = dict(before or given["Key"])
        for assignment in given["UpdateExpression"].removeprefix("SET ").split(", #"):
            name, value = assignment.removeprefix("#").split(" = ")
            if value.startswith("if_not_exists"):
                after.setdefault(names[f"#{name}"], values[f":{name}"])
            else:
                after[names[f"#{name}"]] = values[value]
        self._write(before, after)
        return {"Attributes": after}

    def put_item(self, **given: Any) -> None:
        """Write an item, if there is none, or one of a revision."""
        self.operations["PutItem"] += 1
        before = self.items.get(given["Item"][KEY]["S"])
        match given.get("ConditionExpression"):
            case "attribute_not_exists(event_id)":
                self._require(before is None, before)
            case "revision = :before":
                expected = given["ExpressionAttributeValues"][":before"]
                self._require(bool(before) and (before or {})["revision"] == expected, before)
            case _:
                pass
        self._write(before, dict(given["Item"]))

    def get_item(self, **given: Any) -> dict[str, Any]:
        """Return an item."""
        self.operations["GetItem"] += 1
        found = self._read(given["Key"][KEY]["S"])
        return {"Item": found} if found else {}

    def batch_get_item(self, **given: Any) -> dict[str, Any]:
        """Return items."""
        self.operations["BatchGetItem"] += 1
        ((table, wanted),) = given["RequestItems"].items()
        found = [self._read(key[KEY]["S"]) for key in wanted["Keys"]]
        return {"Responses": {table: [item for item in found if item]}}

    def _require(self, holds: bool, before: Item | None) -> None:  # noqa: FBT001 - what is required
        """Charge for a write that does not happen, and raise, unless a condition holds."""
        if not holds:
            self.writes[_kind(before)] += _units(before or {}, WRITE_UNIT)
            raise ConditionalCheckFailedError

    def _write(self, before: Item | None, after: Item) -> None:
        kind = _kind(after)
        self.writes[kind] += max(_units(before or {}, WRITE_UNIT), _units(after, WRITE_UNIT))
        self.index_writes[kind] += sum(
            _index_units(project(before or {}), project(after)) for project in self._projections
        )
        self.items[after[KEY]["S"]] = after

    def _read(self, key: str) -> Item | None:
        found = self.items.get(key)
        self.reads += _units(found or {}, READ_UNIT)
        return dict(found) if found else None


def _projections() -> Iterator[Callable[[Item], Item]]:
    """Yield what returns an item as it is in an index, for each index of the template's table; {} if it is not."""
    for index in parsed()["Resources"]["EventsTable"]["Properties"]["GlobalSecondaryIndexes"]:
        keys = [key["AttributeName"] for key in index["KeySchema"]]
        projected = index["Projection"].get("NonKeyAttributes")

        def project(item: Item, keys: list[str] = keys, projected: list[str] | None = projected) -> Item:
            if any(key not in item for key in keys):
                return {}
            found = {name: it for name, it in item.items() if projected is None or name in {KEY, *keys, *projected}}
            return found | {MOVED: {"L": [item[key] for key in keys]}}

        yield project


def _index_units(before: Item, after: Item) -> int:
    """Return what a change costs in an index: a move to another key is a deletion and a write."""
    if before == after:
        return 0
    sizes = [_units(item, WRITE_UNIT) for item in (before, after) if item]
    is_moved = len(sizes) > 1 and before[MOVED] != after[MOVED]
    return sum(sizes) if is_moved else max(sizes)


def _kind(item: Item | None) -> str:
    return str(item["kind"]["S"]) if item and "kind" in item else "none"


def _units(item: Item, unit: int) -> int:
    return max(1, math.ceil(size(item) / unit))


def size(item: Item) -> int:
    """Return the bytes of an item as DynamoDB counts them."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items() if name != MOVED)


def _size(value: Mapping[str, Any]) -> int:
    ((kind, inner),) = value.items()
    match kind:
        case "S":
            return len(inner.encode())
        case "N":
            return math.ceil(len(inner.strip("-").replace(".", "")) / 2) + 1
        case "M":
            return 3 + sum(len(name.encode()) + _size(each) + 1 for name, each in inner.items())
        case "L":
            return 3 + sum(_size(each) + 1 for each in inner)
        case _:
            return 1
