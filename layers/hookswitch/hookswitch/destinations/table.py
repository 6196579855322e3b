"""What functions read from the table of destinations and write into it.

Every method raises ClientError or BotoCoreError if DynamoDB does not accept a call, besides what it names.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hookswitch.aws import clients
from hookswitch.destinations import rows
from hookswitch.destinations.leases import Standing
from hookswitch.destinations.partitions import Partitions
from hookswitch.destinations.record import Destination
from hookswitch.destinations.rows import DESTINATIONS, REMOVED, SENT_DAYS, VERSION, Attempt, Lane, Owed
from hookswitch.errors import ConflictingDestinationError
from hookswitch.events.attributes import attribute, item

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

PAGE = 100  # rows that a sender reads at once


class DestinationTable(Partitions):
    """The table of destinations, without the leases of those who send: `Leases` has them."""

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
