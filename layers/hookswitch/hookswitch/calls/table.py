"""What calls read from the table and write into it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code
from hookswitch.calls.facts import Fact
from hookswitch.calls.items import FACT, INTENTION, LEG, MENTION, CallItem, LegItem, call_id, leg_id
from hookswitch.errors import StorageUnavailableError, UnstorableError
from hookswitch.events.attributes import attribute, item, plain
from hookswitch.events.event import event_key

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from hookswitch.events.attributes import Image

MAX_KEYS = 100  # of one call of BatchGetItem
BATCH_TRIES = 5


class CallTable:
    """The table of events, as far as calls use it.

    Every method raises ClientError or BotoCoreError if DynamoDB does not accept a call. Those that write items raise
    UnstorableError if it never will.
    """

    def __init__(self, name: str) -> None:
        """Use the table of a name."""
        self.name = name

    def add_facts(
        self, account_id: str, leg: str, facts: Sequence[Fact], expires_at: int | None, call: str = ""
    ) -> LegItem:
        """Add facts to a leg's item, which is created if need be, and return it; also claim it for a call."""
        values = {FACT + fact.event_id: attribute(fact.to_attributes()) for fact in facts}
        return self._extend(account_id, leg, values, expires_at, call)

    def add_mentions(self, account_id: str, node: str, by: Iterable[str], expires_at: int | None) -> LegItem:
        """Note on a leg's item, which is created if need be, that other legs name it, and return it."""
        values = {MENTION + event_key(LEG, other): attribute(other) for other in by}
        return self._extend(account_id, node, values, expires_at)

    def claim(self, account_id: str, leg: str, call: str) -> LegItem:
        """Note on a leg's item which call it belongs to, unless it says so already, and return it."""
        return self._extend(account_id, leg, {}, None, call)

    def intend(self, account_id: str, leg: str, call: str) -> LegItem:
        """Note on the item of a leg that belongs to another call that a call is about to be made of it; return it."""
        return self._extend(account_id, leg, {INTENTION + call: attribute(call)}, None)

    def move(self, account_id: str, leg: str, old: str, new: str) -> None:
        """Note on a leg's item that it belongs to another call than before, if nobody else did."""
        self._set_if(leg_id(account_id, leg), ("call", new), expected=("call", old))

    def legs(self, account_id: str, nodes: Iterable[str]) -> dict[str, LegItem]:
        """Return the items of legs, by their nodes; those that do not exist are left out.

        Raises:
            StorageUnavailableError: DynamoDB did not return all of them.
        """
        images = self.images([leg_id(account_id, node) for node in nodes])
        found = (LegItem.from_item(_plain(image)) for image in images)
        return {leg.node: leg for leg in found}

    def call(self, call: str) -> CallItem | None:
        """Return a call's item."""
        image = clients.dynamodb().get_item(
            TableName=self.name, Key={"event_id": {"S": call_id(call)}}, ConsistentRead=True
        )
        return CallItem.from_item(_plain(image["Item"])) if "Item" in image else None

    def calls_in(self, feed: str) -> Iterator[CallItem]:
        """Yield the calls of a feed, in the order of their beginnings."""
        pages = (
            clients.dynamodb()
            .get_paginator("query")
            .paginate(
                TableName=self.name,
                IndexName="feeds",
                KeyConditionExpression="feed = :feed",
                ExpressionAttributeValues={":feed": {"S": feed}},
                ProjectionExpression="event_id",
            )
        )
        for page in pages:
            for image in self.images([found["event_id"]["S"] for found in page["Items"]]):
                yield CallItem.from_item(_plain(image))

    def put_call(self, values: Mapping[str, object], before: int) -> bool:
        """Write a call's item if the table has the revision before; return whether it was written.

        Args:
            values: The item's attributes.
            before: The revision that is to be replaced; 0 for none.
        """
        condition = (
            {
                "ConditionExpression": "revision = :before",
                "ExpressionAttributeValues": {":before": attribute(before)},
            }
            if before
            else {"ConditionExpression": "attribute_not_exists(event_id)"}
        )
        client = clients.dynamodb()
        try:
            with _storing():
                client.put_item(TableName=self.name, Item=item(values), **condition)
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def set_alerted(self, call: str) -> None:
        """Note on a call's item that people were alerted to it, unless it expired."""
        self._set_if(call_id(call), ("alerted", True), expected=("event_id", call_id(call)))

    def check_earlier(self, call: str, revision: int, check_at: int) -> bool:
        """Note on a call's item when to look at it again; return False if it is not of this revision any more."""
        return self._set_if(call_id(call), ("check_at", check_at), expected=("revision", revision))

    def put(self, values: Mapping[str, object]) -> None:
        """Write an item that is the same whenever it is written."""
        with _storing():
            clients.dynamodb().put_item(TableName=self.name, Item=item(values))

    def _set_if(self, key: str, change: tuple[str, object], expected: tuple[str, object]) -> bool:
        """Set an attribute of an item if one has the expected value; return whether it was set."""
        client = clients.dynamodb()
        try:
            client.update_item(
                TableName=self.name,
                Key={"event_id": {"S": key}},
                UpdateExpression="SET #name = :value",
                ConditionExpression="#expected = :expected",
                ExpressionAttributeNames={"#name": change[0], "#expected": expected[0]},
                ExpressionAttributeValues={":value": attribute(change[1]), ":expected": attribute(expected[1])},
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _extend(
        self,
        account_id: str,
        node: str,
        values: "Mapping[str, AttributeValueTypeDef]",
        expires_at: int | None,
        call: str = "",
    ) -> LegItem:
        own: dict[str, object] = {"kind": LEG, "leg": node, "account_id": account_id}
        if expires_at is not None:
            own["expires_at"] = expires_at
        named = [*item(own).items(), *values.items()]
        assignments = [f"#{number} = :{number}" for number in range(len(named))]
        if call:
            named.append(("call", {"S": call}))
            last = len(named) - 1
            assignments.append(f"#{last} = if_not_exists(#{last}, :{last})")
        with _storing():
            answer = clients.dynamodb().update_item(
                TableName=self.name,
                Key={"event_id": {"S": leg_id(account_id, node)}},
                UpdateExpression=f"SET {', '.join(assignments)}",
                ExpressionAttributeNames={f"#{number}": name for number, (name, _) in enumerate(named)},
                ExpressionAttributeValues={f":{number}": value for number, (_, value) in enumerate(named)},
                ReturnValues="ALL_NEW",
            )
        return LegItem.from_item(_plain(answer["Attributes"]))

    def images(self, keys: Sequence[str]) -> "list[Image]":
        """Return the attributes of the items that exist of these keys.

        Raises:
            StorageUnavailableError: DynamoDB did not return all of them.
        """
        found: list[Image] = []
        for start in range(0, len(keys), MAX_KEYS):
            wanted: Any = {
                self.name: {
                    "Keys": [{"event_id": {"S": key}} for key in keys[start : start + MAX_KEYS]],
                    "ConsistentRead": True,
                }
            }
            for _ in range(BATCH_TRIES):
                answer = clients.dynamodb().batch_get_item(RequestItems=wanted)
                found += answer["Responses"].get(self.name, [])
                wanted = answer.get("UnprocessedKeys")
                if not wanted:
                    break
            else:
                raise StorageUnavailableError("DynamoDB did not return all items.")
        return found


@contextmanager
def _storing() -> Iterator[None]:
    """Tell a write that no retry helps by an error of its own (DynamoDB, "Item size", 400 KB with all names)."""
    try:
        yield
    except CALL_ERRORS as error:
        if error_code(error) == "ValidationException":
            raise UnstorableError(
                "DynamoDB can't store an item of a call: it is too large, or its key too long."
            ) from error
        raise


def _plain(image: "Mapping[str, AttributeValueTypeDef]") -> dict[str, Any]:
    return {name: plain(value) for name, value in image.items()}
