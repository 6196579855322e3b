"""What functions read from the table of destinations and write into it.

Every method raises ClientError or BotoCoreError if DynamoDB does not accept a call, besides what it names.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hookswitch.aws import clients
from hookswitch.aws.backoff import jittered
from hookswitch.destinations import rows
from hookswitch.destinations.record import Destination, Health
from hookswitch.destinations.rows import DESTINATIONS, REMOVED, SENT_DAYS, VERSION, Attempt, Lane, Owed
from hookswitch.errors import ConflictingDestinationError, StorageUnavailableError
from hookswitch.events.attributes import attribute, item, plain

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

LEASE_SECONDS = 75  # more than the timeout of the function that sends
MOST_ROWS = 25  # of one call of BatchWriteItem
WRITE_TRIES = 6
PAGE = 100  # rows that a sender reads at once


@dataclass(frozen=True, slots=True)
class Standing:
    """A destination and who sends to it at the moment. Times are Unix milliseconds, 0 for none.

    Attributes:
        destination: The destination.
        lease_until: Until when somebody may send to it.
        queried_at: When the last one began to look what it is owed.
        woken_by: The id of the message that the last one has the right from; it stays in its queue until then.
        kept: The id of the message that waits in the queue until its next attempt is due; empty if none does.
        kept_until: Until when that message waits.
        changed_at: When somebody last asked for a new beginning, such as by RESUME.
    """

    destination: Destination
    lease_until: int = 0
    queried_at: int = 0
    woken_by: str = ""
    kept: str = ""
    kept_until: int = 0
    changed_at: int = 0

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Standing":
        """Return what a destination's row says."""
        return cls(
            rows.destination_from_row(row),
            int(row.get("lease_until", 0)),
            int(row.get("queried_at", 0)),
            row.get("woken_by", ""),
            row.get("kept", ""),
            int(row.get("kept_until", 0)),
            int(row.get("changed_at", 0)),
        )


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send to a destination.

    Attributes:
        name: The destination's name.
        destination_id: Its id.
        owner: Whose right it is.
        standing: What the destination's row said when the lease began.
    """

    name: str
    destination_id: str
    owner: str
    standing: Standing


class DestinationTable:
    """The table of destinations."""

    def __init__(self, name: str) -> None:
        """Use the table of a name."""
        self.name = name

    def standings(self) -> Iterator[Standing]:
        """Yield all destinations, in the order of their names."""
        for row in self._query(DESTINATIONS):
            yield Standing.from_row(row)

    def find(self, name: str) -> Standing | None:
        """Return the destination of a name."""
        row = self._get(DESTINATIONS, name)
        return Standing.from_row(row) if row else None

    def version(self) -> int:
        """Return a number that differs whenever a destination was added, changed or removed."""
        row = self._get(VERSION, VERSION)
        return int(row["number"]) if row else 0

    def add(self, destination: Destination) -> None:
        """Add a destination.

        Raises:
            ConflictingDestinationError: There is one of that name.
        """
        put: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self.name,
                "Item": item(rows.destination_row(destination)),
                "ConditionExpression": "attribute_not_exists(sort)",
            }
        }
        if not self._transact([put, self._new_version()]):
            raise ConflictingDestinationError(
                f"There is a destination named {destination.name}. Remove it first, or choose another name."
            )

    def change(self, name: str, destination_id: str, changes: Mapping[str, object]) -> bool:
        """Set attributes of a destination's row; return whether the destination is still there."""
        names = {f"#{number}": key for number, key in enumerate(changes)}
        values = {f":{number}": attribute(value) for number, value in enumerate(changes.values())}
        update: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self.name,
                "Key": item({"owner": DESTINATIONS, "sort": name}),
                "UpdateExpression": "SET " + ", ".join(f"#{number} = :{number}" for number in range(len(changes))),
                "ConditionExpression": "id = :id",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {**values, ":id": attribute(destination_id)},
            }
        }
        return self._transact([update, self._new_version()])

    def remove(self, name: str, destination_id: str) -> bool:
        """Remove a destination, whose other rows a sweep deletes; return whether it was there."""
        delete: TransactWriteItemTypeDef = {
            "Delete": {
                "TableName": self.name,
                "Key": item({"owner": DESTINATIONS, "sort": name}),
                "ConditionExpression": "id = :id",
                "ExpressionAttributeValues": {":id": attribute(destination_id)},
            }
        }
        note: TransactWriteItemTypeDef = {
            "Put": {"TableName": self.name, "Item": item({"owner": REMOVED, "sort": destination_id})}
        }
        return self._transact([delete, note, self._new_version()])

    def removed(self) -> list[str]:
        """Return the ids of removed destinations that still have rows."""
        return [row["sort"] for row in self._query(REMOVED)]

    def delete_rows(self, destination_id: str, most: int) -> bool:
        """Delete up to so many rows of a removed destination; return whether that were all."""
        left = most
        for partition in (rows.owed, rows.dead, rows.sent, rows.attempts):
            owner = partition(destination_id)
            keys = [row["sort"] for row in self._query(owner, limit=left)]
            self._write([{"DeleteRequest": {"Key": item({"owner": owner, "sort": key})}} for key in keys])
            left -= len(keys)
            if left <= 0:
                return False
        self._delete(REMOVED, destination_id)
        return True

    def owe(self, wanted: Mapping[str, Iterable[Owed]]) -> None:
        """Write deliveries that destinations, by their ids, have yet to get.

        Raises:
            StorageUnavailableError: DynamoDB did not take all of them.
        """
        unique = {(destination_id, each.sort): each for destination_id, several in wanted.items() for each in several}
        self._write([{"PutRequest": {"Item": item(each.to_row(owner))}} for (owner, _), each in unique.items()])

    def owed(self, destination_id: str, lane: Lane) -> Iterator[Owed]:
        """Yield the deliveries of a lane that a destination has yet to get, oldest first."""
        for row in self._query(rows.owed(destination_id), prefix=f"{lane}#", page=PAGE):
            yield Owed.from_row(row)

    def first_owed(self, destination_id: str) -> Owed | None:
        """Return the first delivery that a destination has yet to get."""
        return next((Owed.from_row(row) for row in self._query(rows.owed(destination_id), limit=1)), None)

    def count_owed(self, destination_id: str, most: int) -> int:
        """Return how many deliveries a destination has yet to get, but not more than this."""
        return self._count(rows.owed(destination_id), most)

    def count_dead(self, destination_id: str, most: int) -> int:
        """Return how many deliveries a destination refused to the end, but not more than this."""
        return self._count(rows.dead(destination_id), most)

    def settle(self, destination_id: str, delivery: Owed) -> None:
        """Delete a delivery that is done, unless it was written again in the meantime: then it is owed again."""
        self._if_unchanged(
            lambda client, guard: client.delete_item(
                TableName=self.name, Key=item({"owner": rows.owed(destination_id), "sort": delivery.sort}), **guard
            ),
            delivery,
        )

    def postpone(self, destination_id: str, delivery: Owed, attempts: int, next_at: int) -> None:
        """Note how often a delivery failed and when it is attempted again, unless it was written again."""
        self._if_unchanged(
            lambda client, guard: client.update_item(
                TableName=self.name,
                Key=item({"owner": rows.owed(destination_id), "sort": delivery.sort}),
                UpdateExpression="SET attempts = :attempts, next_at = :next",
                **{
                    **guard,
                    "ExpressionAttributeValues": {
                        **guard["ExpressionAttributeValues"],
                        ":attempts": attribute(attempts),
                        ":next": attribute(next_at),
                    },
                },
            ),
            delivery,
        )

    def bury(self, destination_id: str, delivery: Owed, at: int, answer: str) -> None:
        """Make a delivery a dead letter."""
        row = delivery.to_row(destination_id) | {
            "owner": rows.dead(destination_id),
            "sort": f"{at:013}#{delivery.key}",
            "owed": delivery.sort,
            "answer": answer,
        }
        clients.dynamodb().put_item(TableName=self.name, Item=item(row))
        self.settle(destination_id, delivery)

    def dead(self, destination_id: str, limit: int) -> list[tuple[str, str]]:
        """Return the dead letters of a destination, oldest first: their places, and the keys of their items."""
        found = self._query(rows.dead(destination_id), limit=limit)
        return [(row["sort"], row["owed"].rpartition("#")[2]) for row in found]

    def delete_dead(self, destination_id: str, places: Iterable[str]) -> None:
        """Delete dead letters."""
        owner = rows.dead(destination_id)
        self._write([{"DeleteRequest": {"Key": item({"owner": owner, "sort": place})}} for place in places])

    def note_attempt(self, destination_id: str, attempt: Attempt) -> None:
        """Keep what an attempt met."""
        clients.dynamodb().put_item(TableName=self.name, Item=item(attempt.to_row(destination_id)))

    def attempts(self, destination_id: str, limit: int) -> list[Attempt]:
        """Return the last attempts, newest first."""
        return [
            Attempt.from_row(row)
            for row in self._query(rows.attempts(destination_id), limit=limit, is_newest_first=True)
        ]

    def note_sent(self, destination_id: str, key: str, at: int) -> None:
        """Note that a destination got a call that it must not get again."""
        row = {"owner": rows.sent(destination_id), "sort": key, "expires_at": at // 1000 + SENT_DAYS * 86_400}
        clients.dynamodb().put_item(TableName=self.name, Item=item(row))

    def was_sent(self, destination_id: str, key: str) -> bool:
        """Tell whether a destination got a call."""
        return self._get(rows.sent(destination_id), key) is not None

    def take_lease(self, name: str, destination_id: str, message: str, owner: str, now: int) -> Lease | Standing | None:
        """Take the right to send to a destination that is on, that nobody sends to, and whose attempt is due.

        Args:
            name: The destination's name.
            destination_id: Its id.
            message: The id of the message that asks for it: one that waited for the attempt gets the lease early, too.
            owner: Whose lease it is to be.
            now: The present, in Unix milliseconds.

        Returns:
            The lease; where there is none to have, how the destination stands; None if it is no longer there.
        """
        client = clients.dynamodb()
        try:
            answer = client.update_item(
                TableName=self.name,
                Key=item({"owner": DESTINATIONS, "sort": name}),
                UpdateExpression=(
                    "SET lease_until = :until, lease_owner = :owner, queried_at = :now, woken_by = :message"
                ),
                ConditionExpression=(
                    "id = :id AND #state = :on AND (attribute_not_exists(lease_until) OR lease_until < :now) "
                    "AND (next_attempt <= :now OR kept = :message)"
                ),
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":id": attribute(destination_id),
                    ":on": attribute("on"),
                    ":now": attribute(now),
                    ":until": attribute(now + LEASE_SECONDS * 1000),
                    ":owner": attribute(owner),
                    ":message": attribute(message),
                },
                ReturnValues="ALL_NEW",
            )
        except client.exceptions.ConditionalCheckFailedException:
            standing = self.find(name)
            return standing if standing and standing.destination.id == destination_id else None
        return Lease(name, destination_id, owner, Standing.from_row(_plain(answer["Attributes"])))

    def renew_lease(self, lease: Lease, now: int) -> Destination | None:
        """Extend a lease, and return the destination as it is now; None if it was removed, paused or switched off."""
        values = {":now": attribute(now), ":until": attribute(now + LEASE_SECONDS * 1000)}
        expression = "SET lease_until = :until, queried_at = :now"
        values[":on"] = attribute("on")
        row = self._update_leased(lease, expression, {"#state": "state"}, values, " AND #state = :on")
        return rows.destination_from_row(row) if row else None

    def finish(
        self, lease: Lease, health: Health, *, kept: str, kept_until: int, state: Mapping[str, object] | None = None
    ) -> bool:
        """End a lease, and note how the destination is doing; return False if the lease was somebody else's by then.

        If somebody asked for a new beginning meanwhile, what was before that is not noted: a message about it waits.

        Args:
            lease: The lease.
            health: How the destination is doing.
            kept: The message that waits until something is due; empty for none.
            kept_until: Until when, in Unix milliseconds.
            state: Attributes of a new state.
        """
        changes = {**asdict(health), "kept": kept, "kept_until": kept_until, **(state or {})}
        if self._end_lease(lease, changes, unless_changed=True):
            return True
        return self._end_lease(lease, {"kept": "", "kept_until": 0}, unless_changed=False)

    def _end_lease(self, lease: Lease, changes: Mapping[str, object], *, unless_changed: bool) -> bool:
        values = {f":v{number}": attribute(value) for number, value in enumerate(changes.values())}
        assigned = ", ".join(f"#n{number} = :v{number}" for number in range(len(changes)))
        names = {f"#n{number}": key for number, key in enumerate(changes)}
        expression = f"SET {assigned} REMOVE lease_until, lease_owner"
        condition = ""
        if unless_changed:
            condition = " AND (attribute_not_exists(changed_at) OR changed_at = :changed)"
            values[":changed"] = attribute(lease.standing.changed_at)
        return bool(self._update_leased(lease, expression, names, values, condition))

    def keep(self, name: str, destination_id: str, message: str, until: int, before: str) -> bool:
        """Note which message waits until an attempt is due; return False if somebody noted another in the meantime."""
        client = clients.dynamodb()
        try:
            client.update_item(
                TableName=self.name,
                Key=item({"owner": DESTINATIONS, "sort": name}),
                UpdateExpression="SET kept = :message, kept_until = :until",
                ConditionExpression="id = :id AND (attribute_not_exists(kept) OR kept = :before)",
                ExpressionAttributeValues={
                    ":id": attribute(destination_id),
                    ":message": attribute(message),
                    ":until": attribute(until),
                    ":before": attribute(before),
                },
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _update_leased(
        self, lease: Lease, expression: str, names: Mapping[str, str], values: Mapping[str, Any], condition: str
    ) -> dict[str, Any] | None:
        """Update a destination's row if the lease is still its owner's; return its attributes, or None."""
        client = clients.dynamodb()
        mine = {":id": attribute(lease.destination_id), ":owner": attribute(lease.owner)}
        try:
            answer = client.update_item(
                TableName=self.name,
                Key=item({"owner": DESTINATIONS, "sort": lease.name}),
                UpdateExpression=expression,
                ConditionExpression=f"id = :id AND lease_owner = :owner{condition}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={**mine, **values},
                ReturnValues="ALL_NEW",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return None
        return _plain(answer["Attributes"])

    def _if_unchanged(self, call: Any, delivery: Owed) -> None:
        client = clients.dynamodb()
        guard = {
            "ConditionExpression": "stamp = :stamp",
            "ExpressionAttributeValues": {":stamp": attribute(delivery.stamp)},
        }
        try:
            call(client, guard)
        except client.exceptions.ConditionalCheckFailedException:
            return

    def _new_version(self) -> "TransactWriteItemTypeDef":
        return {
            "Update": {
                "TableName": self.name,
                "Key": item({"owner": VERSION, "sort": VERSION}),
                "UpdateExpression": "ADD #number :one",
                "ExpressionAttributeNames": {"#number": "number"},
                "ExpressionAttributeValues": {":one": attribute(1)},
            }
        }

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
        return _plain(answer["Item"]) if "Item" in answer else None

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
                yield _plain(row)
                found += 1
                if found == limit:
                    return
            if not answer.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _count(self, owner: str, most: int) -> int:
        return sum(1 for _ in self._query(owner, limit=most))


def _plain(image: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in image.items()}
